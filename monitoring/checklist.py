"""The list of first steps on the pages, and who has had enough of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitoring.diagnosis.base import Check
from monitoring.diagnosis.firstrun import first_steps
from positions.models import Switch


@dataclass(frozen=True, slots=True)
class Steps:
    """What is left to do, and what is done."""

    open: list[Check]
    done: list[Check]

    @property
    def left(self) -> int:
        return len(self.open)


def steps(now: datetime) -> Steps:
    """The steps as they stand now. Raises DatabaseError."""
    rows = first_steps(now)
    return Steps(
        [row for row in rows if row.status != "ok"], [row for row in rows if row.status == "ok"]
    )


def steps_for(user_id: int | None, now: datetime) -> Steps | None:
    """What this user's first page shows: None when all is done, or when the user has hidden it."""
    if user_id is None or Switch.objects.filter(name=_name(user_id), on=True).exists():
        return None
    found = steps(now)
    return found if found.left else None


def hide(user_id: int | None, *, now: datetime) -> None:
    """Remember that this user has seen it."""
    Switch.objects.update_or_create(name=_name(user_id), defaults={"on": True, "at": now})


def show(user_id: int | None) -> None:
    """Forget that."""
    Switch.objects.filter(name=_name(user_id)).delete()


def _name(user_id: int | None) -> str:
    return f"steps_hidden:{user_id}"
