from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from positions.domain.book import Level
from positions.venues.polymarket.freshness import Freshness
from positions.venues.polymarket.parse import Snapshot

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def book(stamp: datetime, price: str = "0.45") -> Snapshot:
    level = Level(Decimal(price), Decimal(10))
    return Snapshot("1", (level,), (), int(stamp.timestamp() * 1000))


def ages(readings: Sequence[tuple[float, Snapshot]]) -> list[float]:
    """Seconds by which each reading is older than its fetch."""
    freshness = Freshness()
    return [
        (at(when) - freshness.told_at(snapshot, at(when))).total_seconds()
        for when, snapshot in readings
    ]


def test_quiet_market_is_not_stale() -> None:
    """Nothing has changed for hours, and its time says so: it is told anew by each answer."""
    assert ages([(30 * n, book(at(-7200))) for n in range(10)]) == [0] * 10


def test_recorded_times_of_long_ago_are_not_stale() -> None:
    readings = [(5 * n, book(at(5 * n - 4_000_000), f"0.{40 + n}")) for n in range(6)]
    assert ages(readings) == [0] * 6


def test_frozen_book_ages_once_it_was_seen_alive() -> None:
    alive = [(30 * n, book(at(30 * n))) for n in range(4)]
    frozen = [(30 * n, book(at(90))) for n in range(4, 7)]
    assert ages(alive + frozen) == [0, 0, 0, 0, 30, 60, 90]


def test_frozen_book_comes_back() -> None:
    readings = [(30 * n, book(at(30 * n))) for n in range(4)]
    readings += [(120, book(at(90))), (150, book(at(150))), (180, book(at(180)))]
    assert ages(readings) == [0, 0, 0, 0, 30, 0, 0]


def test_book_that_only_moves_with_its_prices_proves_nothing() -> None:
    moving = [(30 * n, book(at(30 * n), f"0.{40 + n}")) for n in range(6)]
    quiet = [(30 * n, book(at(150), "0.45")) for n in range(6, 9)]
    assert ages(moving + quiet) == [0] * 9


def test_one_unmoved_time_takes_the_proof_back() -> None:
    readings = [(30 * n, book(at(30 * n))) for n in range(3)]
    readings += [(90, book(at(60)))]
    readings += [(30 * n, book(at(30 * n))) for n in range(4, 6)]
    readings += [(180, book(at(150)))]
    assert ages(readings) == [0] * 7


def test_older_copy_is_as_old_as_it_says() -> None:
    readings = [(0, book(at(0))), (30, book(at(30))), (60, book(at(-30))), (90, book(at(90)))]
    assert ages(readings) == [0, 0, 90, 0]


def test_clock_that_was_set_back_is_believed_in_the_end() -> None:
    readings = [(30 * n, book(at(30 * n))) for n in range(2)]
    readings += [(30 * n, book(at(30 * n - 3600))) for n in range(2, 6)]
    assert ages(readings) == [0, 0, 3600, 3600, 0, 0]


def test_tokens_are_judged_apart() -> None:
    freshness = Freshness()
    other = Snapshot("2", (), (), 5)
    for n in range(4):
        freshness.told_at(book(at(30 * n)), at(30 * n))
    assert freshness.told_at(other, at(120)) == at(120)
    assert freshness.told_at(book(at(90)), at(120)) == at(90)
