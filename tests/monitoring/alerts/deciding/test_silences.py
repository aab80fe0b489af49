from __future__ import annotations

from datetime import timedelta

import pytest

from monitoring.alerts.deciding.silences import Subject, covers, end_silence, expire, silence
from monitoring.alerts.deciding.upkeep import upkeep
from monitoring.alerts.dispatch import dispatch
from monitoring.models import Channel, Notification, Silence
from positions.models import JournalEntry, Position, Strategy
from positions.services.base import ServiceError
from tests.monitoring.alerts.book import NOON, position, write

HOUR = timedelta(hours=1)
SOON = NOON + timedelta(seconds=10)


def make(**values: object) -> Silence:
    row = {"until": NOON + HOUR, "created_at": NOON} | values
    return Silence(**row)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, True),
        ({"position_id": 1}, True),
        ({"position_id": 2}, False),
        ({"strategy_id": 5}, True),
        ({"strategy_id": 6}, False),
        ({"rule": "stop_loss"}, True),
        ({"rule": "take_profit"}, False),
        ({"kind": "unpriced"}, True),
        ({"kind": "dust"}, False),
        ({"position_id": 1, "kind": "dust"}, False),
        ({"until": NOON}, False),
        ({"created_at": NOON + timedelta(seconds=1)}, False),
        ({"ended_at": NOON}, False),
        ({"ended_at": NOON + timedelta(seconds=1)}, True),
    ],
)
def test_silence_covers_what_agrees_with_all_that_it_names(
    values: dict[str, object], expected: bool
) -> None:
    subject = Subject(NOON, "unpriced", "stop_loss", position=1, strategy=5)
    assert covers(make(**values), subject) is expected


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestServices:
    def one(self, **values: object) -> Silence:
        given: dict[str, object] = {"until": NOON + HOUR, "actor": "ann", "now": NOON}
        return silence(**(given | values))  # type: ignore[arg-type]

    def told(self) -> list[tuple[str, str, str]]:
        rows = JournalEntry.objects.filter(kind__in=("silenced", "silence_ended"))
        return list(rows.order_by("pk").values_list("kind", "actor", "text"))

    def test_silence_and_its_end_stand_in_the_journal(self) -> None:
        made = self.one(reason="maintenance")
        end_silence(silence_id=made.pk, actor="bob", now=NOON + HOUR / 2)
        made.refresh_from_db()
        assert (made.ended_at, made.ended_by) == (NOON + HOUR / 2, "bob")
        assert self.told() == [
            ("silenced", "ann", "alerts of everything silenced until 2026-11-22 13:00 UTC"),
            ("silence_ended", "bob", "alerts of everything are on again"),
        ]

    def test_entry_names_position_strategy_rule_and_kind(self) -> None:
        held, plan = position(), Strategy.objects.create(name="news")
        self.one(position_id=held.pk, strategy_id=plan.pk, rule="stop_loss", kind="unpriced")
        assert self.told()[0][2] == (
            "alerts of Fed cuts? · Yes — strategy news — No usable price · Stop loss"
            " silenced until 2026-11-22 13:00 UTC"
        )

    def test_time_ends_it_in_the_journal_too_and_once(self) -> None:
        made = self.one()
        assert [expire(now=NOON + at * HOUR) for at in (0.5, 1, 2)] == [0, 1, 0]
        made.refresh_from_db()
        assert (made.ended_at, made.ended_by) == (NOON + HOUR, "")
        assert [(kind, actor) for kind, actor, _ in self.told()] == [
            ("silenced", "ann"),
            ("silence_ended", "watch"),
        ]

    def test_ending_again_changes_nothing(self) -> None:
        made = self.one()
        for _ in range(2):
            end_silence(silence_id=made.pk, actor="bob", now=NOON)
        assert len(self.told()) == 2

    def test_what_cannot_be_is_refused(self) -> None:
        for wrong in ({"until": NOON}, {"position_id": 99}, {"strategy_id": 99}):
            with pytest.raises(ServiceError):
                self.one(**wrong)
        with pytest.raises(ServiceError):
            end_silence(silence_id=99, actor="ann", now=NOON)
        assert self.told() == []


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestAlerts:
    def states(self) -> list[tuple[str, str, str]]:
        rows = Notification.objects.order_by("pk").values_list("entry__kind", "state", "reason")
        return list(rows)

    def held(self) -> Position:
        Channel.objects.create(name="a", url="https://discord.com/api/webhooks/1/token")
        return position(strategy=Strategy.objects.create(name="news"))

    def test_silenced_strategy_s_alerts_are_kept_and_shown(self) -> None:
        held = self.held()
        silence(strategy_id=held.strategy_id, until=NOON + HOUR, actor="ann", now=NOON)
        write("unpriced", urgency="high", position=held)
        write("exit_done", urgency="high", rule="take_profit", position=held)
        write("exits_paused", urgency="critical")
        dispatch(now=NOON)
        assert self.states() == [
            ("unpriced", "suppressed", "silenced"),
            ("exit_done", "suppressed", "silenced"),
            ("exits_paused", "pending", "first"),
        ]

    def test_critical_stop_is_told_in_spite_of_a_silence_of_all_and_says_so(self) -> None:
        held = self.held()
        silence(until=NOON + HOUR, actor="ann", now=NOON)
        write("exit_done", urgency="critical", rule="stop_loss", position=held)
        dispatch(now=NOON)
        row = Notification.objects.get()
        assert (row.state, row.reason, row.body.splitlines()[-1]) == (
            "pending",
            "despite_silence",
            "Silenced until 2026-11-22 13:00 UTC, but a critical stop is always told.",
        )

    def test_what_still_stands_is_told_as_soon_as_a_person_ends_the_silence(self) -> None:
        held = self.held()
        made = silence(position_id=held.pk, until=NOON + HOUR, actor="ann", now=NOON)
        write("unpriced", urgency="high", position=held)
        dispatch(now=NOON)
        end_silence(silence_id=made.pk, actor="ann", now=SOON)
        upkeep(now=SOON)
        dispatch(now=SOON)
        assert self.states() == [
            ("unpriced", "suppressed", "silenced"),
            ("reminder", "pending", "still"),
        ]
        assert Notification.objects.last().title.startswith("PAPER · STILL · PRICE ERROR · ")  # type: ignore[union-attr]
