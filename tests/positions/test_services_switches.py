"""Mutes and the pause switch, by themselves (what a pass makes of them: tests/monitoring/engine)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django_q.models import Schedule

from positions.models import JournalEntry, Position, Switch
from positions.services import (
    ServiceError,
    check_request,
    exits_are_paused,
    exits_pause,
    exits_resume,
    position_mute,
    position_unmute,
)
from tests.positions.holdings import NOON, holding

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
WHO: dict[str, Any] = {"actor": "ann", "now": NOON}


def kinds() -> list[str]:
    rows = JournalEntry.objects.exclude(kind="position_opened").order_by("pk")
    return list(rows.values_list("kind", flat=True))


def test_mute_and_unmute_are_in_the_journal() -> None:
    position = holding()
    until = NOON + timedelta(hours=2)
    position_mute(position_id=position.pk, until=until, **WHO)
    position.refresh_from_db()
    assert position.muted_until == until
    assert JournalEntry.objects.latest("pk").text == "muted until 2026-11-22 14:00 UTC"
    position_unmute(position_id=position.pk, **WHO)
    assert kinds() == ["muted", "unmuted"]
    assert not Position.objects.exclude(muted_until=None).exists()


@pytest.mark.parametrize("hours", [0, -1])
def test_mute_that_is_over_is_refused(hours: int) -> None:
    position = holding()
    with pytest.raises(ServiceError, match="already be over"):
        position_mute(position_id=position.pk, until=NOON + timedelta(hours=hours), **WHO)
    position.refresh_from_db()
    assert (position.muted_until, position.version, kinds()) == (None, 1, [])


def test_switch_remembers_who_turned_it() -> None:
    assert not exits_are_paused()
    exits_pause(**WHO)
    row = Switch.objects.get()
    assert (exits_are_paused(), row.by, row.at) == (True, "ann", NOON)
    exits_resume(actor="bob", now=NOON)
    assert (exits_are_paused(), Switch.objects.get().by, kinds()) == (
        False,
        "bob",
        ["exits_paused", "exits_resumed"],
    )


def test_check_asks_for_the_pass_only() -> None:
    later = NOON + timedelta(hours=1)
    for name in ("monitor", "deliver"):
        Schedule.objects.create(name=name, func="f", next_run=later)
    check_request(now=NOON)
    found = dict(Schedule.objects.values_list("name", "next_run"))
    assert found == {"monitor": NOON, "deliver": later}
