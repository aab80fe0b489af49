"""Quiet and brakes: mute a position's alerts, pause all exits, ask for a pass now."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django_q.models import Schedule

from positions import journal
from positions.models import Position, Switch
from positions.services.base import ServiceError, facts, take

EXITS_PAUSED = "exits_paused"
RESTORED = "restored"


def position_mute(*, position_id: int, until: datetime, actor: str, now: datetime) -> None:
    """No alerts of this position until then but critical stops; its exits go on. Raises ServiceError."""
    with transaction.atomic():
        position = take(position_id, None)
        if until <= now:
            raise ServiceError(_("The mute would already be over. Choose a later time."))
        _mute(position, until)
        text = _("muted until %(until)s") % {"until": f"{until:%Y-%m-%d %H:%M} UTC"}
        journal.append(
            journal.entry(
                "muted",
                text,
                at=now,
                position=position,
                actor=actor,
                data=facts(position) | {"until": until.isoformat()},
            )
        )


def position_unmute(*, position_id: int, actor: str, now: datetime) -> None:
    """Alerts again. Raises ServiceError."""
    with transaction.atomic():
        position = take(position_id, None)
        _mute(position, None)
        journal.append(
            journal.entry(
                "unmuted",
                _("alerts are on again"),
                at=now,
                position=position,
                actor=actor,
                data=facts(position),
            )
        )


def _mute(position: Position, until: datetime | None) -> None:
    position.muted_until = until
    position.save(update_fields=["muted_until"])


def exits_are_paused() -> bool:
    """Whether the loud switch is on."""
    return Switch.objects.filter(name=EXITS_PAUSED, on=True).exists()


def exits_pause(*, actor: str, now: datetime) -> None:
    """No exit is sent until `exits_resume`; rules are judged and told all the same."""
    _switch(actor, now, on=True, kind="exits_paused", text=_("ALL EXITS PAUSED: no stop will sell"))


def exits_resume(*, actor: str, now: datetime, compared: bool = False) -> None:
    """Exits are sent again; every rule is judged anew.

    `compared`: a person has compared the open positions with the wallet, which a restored database
    needs first. Raises ServiceError without it.
    """
    text = _("exits are on again")
    with transaction.atomic():
        made_at = restored_from()
        if made_at is not None:
            if not compared:
                raise ServiceError(
                    _("Restored from a backup: compare the positions with your wallet first.")
                )
            Switch.objects.filter(name=RESTORED).update(on=False)
            text = _("the restored positions are confirmed; exits are on again")
        _switch(actor, now, on=False, kind="exits_resumed", text=text)


def exits_hold_restored(*, made_at: datetime, now: datetime) -> None:
    """Pauses exits until a person confirms the positions of the backup of `made_at`; the caller
    writes the journal.
    """
    for name, by in ((EXITS_PAUSED, RESTORED), (RESTORED, made_at.isoformat())):
        Switch.objects.update_or_create(name=name, defaults={"on": True, "by": by, "at": now})


def restored_from() -> datetime | None:
    """When the backup was made whose positions nobody has confirmed yet; None otherwise."""
    row = Switch.objects.filter(name=RESTORED, on=True).values_list("by", flat=True).first()
    return datetime.fromisoformat(row) if row else None


def _switch(actor: str, now: datetime, *, on: bool, kind: str, text: str) -> None:
    with transaction.atomic():
        Switch.objects.update_or_create(
            name=EXITS_PAUSED, defaults={"on": on, "by": actor, "at": now}
        )
        journal.append(journal.entry(kind, text, at=now, urgency="critical", actor=actor))


def check_request(*, now: datetime) -> None:
    """Asks the worker for a pass now rather than at the next interval."""
    Schedule.objects.filter(name="monitor").update(next_run=now)
