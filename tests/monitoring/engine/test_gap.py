"""After nobody has watched: one honest line, one pass, stops first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from monitoring.gap import Gap, Move, gap_of, moves, sentence
from monitoring.models import MonitorRun
from positions import journal
from positions.models import Exit, JournalEntry
from positions.services import exits_pause
from positions.venues.base import TransientError
from tests.monitoring.engine.house import House, demo, kinds, last

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}
db = [pytest.mark.django_db, pytest.mark.both_dbs]


@pytest.mark.parametrize(
    ("after", "interval", "set_by", "expected"),
    [
        (60, 5, 0, None),
        (60.1, 5, 0, 60.1),
        (60.1, 60, 0, None),
        (120.1, 60, 0, 120.1),
        (3660.1, 30, 3600, 60.1),  # an hour of it was never there
        (3650, 30, 3600, None),
        (-3600, 30, 0, None),
    ],
)
def test_gap_is_longer_than_two_intervals_and_a_minute(
    after: float, interval: float, set_by: float, expected: float | None
) -> None:
    gap = gap_of(NOON, NOON + timedelta(seconds=after), interval, set_by)
    assert (gap and round(gap.seconds, 1)) == expected


def test_very_first_pass_has_no_gap() -> None:
    assert gap_of(None, NOON, 30) is None


def test_moves_are_those_that_moved_largest_first() -> None:
    d = Decimal
    found = moves(
        {
            1: (d("0.50"), d("0.55")),
            2: (d("0.61"), d("0.48")),
            3: (d("0.40"), d("0.40")),
            4: (None, d("0.40")),
            5: (d("0.40"), None),
            6: (d("0.02"), d("0.04")),
        }
    )
    assert [move.market for move in found] == [6, 2, 1]


@pytest.mark.parametrize(
    ("minutes", "span"), [(1.5, "90 s"), (45, "45 min"), (145, "2 h 25 min"), (3000, "2 d 2 h")]
)
def test_sentence_names_the_span(minutes: float, span: str) -> None:
    gap = Gap(NOON, NOON + timedelta(minutes=minutes))
    assert f"({span})" in sentence(gap, [], 0)


def test_sentence_names_three_moves_and_counts_the_rest() -> None:
    gap = Gap(datetime(2026, 11, 22, 2, 10, tzinfo=UTC), datetime(2026, 11, 22, 4, 35, tzinfo=UTC))
    texts = ["Yes moved 61.0¢ → 48.0¢", "No moved 1¢ → 2¢", "C", "D"]
    assert sentence(gap, texts, 9) == (
        "unguarded 02:10–04:35 UTC (2 h 25 min), Yes moved 61.0¢ → 48.0¢, No moved 1¢ → 2¢, C,"
        " and 6 more"
    )
    assert sentence(gap, [], 0) == (
        "unguarded 02:10–04:35 UTC (2 h 25 min); no price moved meanwhile"
    )


def test_size_of_a_move_is_a_share_of_the_bid_before() -> None:
    assert Move(1, Decimal("0.50"), Decimal("0.25")).size == Decimal("0.5")


class TestPass:
    pytestmark = db

    def test_first_pass_after_a_gap_says_so_once(self, house: House) -> None:
        position = house.position(policy=STOP)
        house.runs("0.61")  # ends at noon, then half a minute
        house.clock.later(8670)
        house.runs("0.48", "0.47")
        assert kinds() == ["unguarded"]
        entry = last("unguarded")
        assert entry.urgency == "high"
        assert entry.text == (
            "unguarded 12:00–14:25 UTC (2 h 25 min), Yes moved 61.0¢ → 48.0¢ (Will A?)"
        )
        assert (entry.data["moved"], entry.data["seconds"]) == (1, 8700)
        (move,) = entry.data["moves"]
        assert (move["positions"], move["before"], move["after"]) == ([position.pk], "0.61", "0.48")

    def test_demo_alone_says_that_it_is_one(self, house: House) -> None:
        demo(house.position(policy=STOP))
        house.runs("0.61")
        house.clock.later(8670)
        house.runs("0.48")
        assert last("unguarded").data["demo"] is True

    def test_demo_is_not_named_beside_one_s_own(self, house: House) -> None:
        house.position("A", policy=STOP)
        demo(house.position("B", policy=STOP))
        house.says("B", "0.61")
        house.runs("0.61")
        house.clock.later(8670)
        house.says("B", "0.48")
        house.runs("0.47")
        data = last("unguarded").data
        assert ("demo" in data, [move["after"] for move in data["moves"]]) == (False, ["0.47"])

    def test_very_first_pass_says_nothing(self, house: House) -> None:
        house.position(policy=STOP)
        house.runs("0.61")
        assert kinds() == []

    def test_passes_in_time_say_nothing(self, house: House) -> None:
        house.position(policy=STOP)
        house.runs("0.61", "0.60", "0.59", every=60)
        assert kinds() == []

    def test_pass_that_reads_nothing_does_not_end_the_gap(self, house: House) -> None:
        house.position(policy={"take_profit_price": "0.9"})
        house.runs("0.61")
        house.sources["polymarket"].failure = TransientError("503")
        house.clock.later(3600)
        house.run()
        house.clock.later(3600)
        house.sources["polymarket"].failure = None
        house.runs("0.48")
        (entry,) = JournalEntry.objects.filter(kind="unguarded")
        assert entry.data["seconds"] == 7230

    def test_pass_that_died_was_no_watch(self, house: House) -> None:
        house.position(policy=STOP)
        house.runs("0.61")
        house.clock.later(3600)
        MonitorRun.objects.create(
            state="failed", started_at=house.clock.at, finished_at=house.clock.at, checked=1
        )
        house.runs("0.60")
        assert kinds() == ["unguarded"]

    def test_watch_that_only_lacked_its_alerts_was_a_watch(self, house: House) -> None:
        house.position(policy=STOP)
        house.runs("0.61")
        MonitorRun.objects.update(state="incomplete", problem="2 alerts are overdue")
        house.runs("0.60")
        assert kinds() == []

    def test_clock_set_forward_is_no_gap(self, house: House) -> None:
        house.position(policy=STOP)
        house.runs("0.61")
        house.clock.later(3600)
        with transaction.atomic():
            journal.append(
                journal.entry("clock_stepped", "", at=house.clock.at, data={"seconds": 3600.0})
            )
        house.runs("0.60")
        assert kinds(told="unguarded") == []

    def test_stop_passed_meanwhile_is_sold_at_once_and_its_alert_says_so(
        self, house: House
    ) -> None:
        house.position(policy=STOP)
        house.runs("0.61")
        house.clock.later(3600)
        assert [exit_["rule"] for exit_ in house.runs("0.40")[0].exits] == ["stop_loss"]
        assert kinds() == ["exit_decided", "fill", "exit_done", "position_closed", "unguarded"]
        assert "; nobody watched since 12:00 UTC; sold 100 shares" in last("exit_done").text

    def test_stops_leave_first(self, house: House) -> None:
        house.position("A", policy={"take_profit_price": "0.55"})
        house.position("B", policy=STOP)
        house.says("A", "0.50")
        house.says("B", "0.50")
        house.run()
        house.clock.later(3600)
        house.says("A", "0.60")
        house.says("B", "0.40")
        house.run()
        assert [order.instrument.key for order in house.exchange.sent] == ["B", "A"]

    def test_exits_that_never_leave_make_a_pass_incomplete(self, house: House) -> None:
        position = house.position(policy=STOP)
        house.runs("0.61")
        Exit.objects.create(  # too small to be sent, which nobody noticed when it was made
            position=position, rule="manual", shares="0.004", created_at=house.clock.at
        )
        results = house.runs("0.61", "0.61", "0.61", "0.61")
        assert [one.complete for one in results] == [True, True, True, False]
        assert results[-1].problem == "1 exit was decided and is not sent"
        exits_pause(actor="ann", now=house.clock.at)
        assert house.run().complete
