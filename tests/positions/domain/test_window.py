"""Runs of equal bids, and what a window over them holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from positions.domain.window import Run, extend, forget, swing, window

NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def run(begin: float, end: float, bid: str) -> Run:
    return Run(at(begin), at(end), Decimal(bid))


def test_extend_lengthens_a_run_of_equal_bids() -> None:
    runs: list[Run] = []
    for minute, bid in enumerate(["0.50", "0.50", "0.51", "0.50"]):
        extend(runs, at(minute), Decimal(bid))
    assert runs == [run(0, 1, "0.50"), run(2, 2, "0.51"), run(3, 3, "0.50")]


def test_window_holds_what_reaches_into_it_and_the_present_reading() -> None:
    runs = [run(0, 4, "0.40"), run(5, 10, "0.50"), run(11, 12, "0.60"), run(40, 41, "0.99")]
    assert window(runs, Decimal("0.55"), at(20), Decimal(10), at(0)) == [
        run(5, 10, "0.50"),
        run(11, 12, "0.60"),
        run(20, 20, "0.55"),
    ]


def test_window_begins_with_the_watch() -> None:
    runs = [run(0, 4, "0.40"), run(5, 6, "0.50")]
    assert window(runs, Decimal("0.55"), at(8), Decimal(60), at(5)) == [
        run(5, 6, "0.50"),
        run(8, 8, "0.55"),
    ]


def test_swing_takes_the_latest_high_and_the_lowest_bid_before_it() -> None:
    runs = [run(i, i, bid) for i, bid in enumerate(["0.6", "0.4", "0.5", "0.6", "0.3"])]
    seen = swing(runs)
    assert (seen.high, seen.low, seen.low_all, seen.high_until) == (
        Decimal("0.6"),
        Decimal("0.4"),
        Decimal("0.3"),
        at(3),
    )


def test_swing_without_a_bid_before_its_high_has_no_low() -> None:
    assert swing([run(0, 0, "0.6"), run(1, 1, "0.5")]).low is None


def test_forget_drops_what_no_window_needs() -> None:
    runs = [run(0, 4, "0.4"), run(5, 10, "0.5"), run(11, 12, "0.6")]
    forget(runs, at(10))
    assert runs == [run(5, 10, "0.5"), run(11, 12, "0.6")]
    forget(runs, at(60))
    assert runs == []
