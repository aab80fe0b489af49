"""The watch's memory survives as text; what is sold is booked to its rungs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from positions.domain.state import EMPTY, WatchState, changed, dump, load, not_ahead, sold_rungs

NOON = datetime(2026, 2, 1, 12, 0, 0, 5, tzinfo=UTC)
FULL = WatchState(
    watched_since=NOON,
    best=Decimal("0.5100"),
    trail_level=Decimal("0.48450"),
    stop_since=NOON,
    trail_since=NOON,
    soft_since=NOON,
    rungs={"0:10": Decimal("16.66")},
    momentum_high=Decimal("0.6"),
    soft_asked=True,
    adverse_asked=True,
    unarmed=frozenset({"stop_loss", "soft_stop"}),
    blocked=True,
    paused="stop_loss",
    unpriced_since=NOON,
    problem="no bid",
    unpriced_told=True,
    last_bid=Decimal("1E+2"),
)


def test_memory_comes_back_to_the_digit() -> None:
    back = load(dump(FULL))
    assert back == FULL
    assert str(back.best) == "0.5100"


def test_empty_memory_is_empty_text() -> None:
    assert dump(EMPTY) == "{}"
    assert load("{}") is EMPTY
    assert load("") is EMPTY


def test_text_holds_only_what_differs_in_plain_notation() -> None:
    text = dump(WatchState(last_bid=Decimal("1E+2"), unarmed=frozenset({"b", "a"})))
    assert text == '{"unarmed":["a","b"],"last_bid":"100"}'


def test_fields_kept_elsewhere_can_be_left_out() -> None:
    state = WatchState(best=Decimal(1), last_bid=Decimal(1), blocked=True)
    assert dump(state, without=("best", "last_bid")) == '{"blocked":true}'


def test_sold_shares_go_to_the_lowest_rung_first() -> None:
    parts = {"0:10": Decimal(30), "0:20": Decimal(20)}
    state = sold_rungs(EMPTY, parts, Decimal(35))
    assert state.rungs == {"0:10": Decimal(30), "0:20": Decimal(5)}
    again = sold_rungs(state, {"0:20": Decimal(15)}, Decimal(15))
    assert again.rungs == {"0:10": Decimal(30), "0:20": Decimal(20)}


def test_nothing_sold_books_nothing() -> None:
    assert sold_rungs(EMPTY, {"0:10": Decimal(30)}, Decimal(0)).rungs == {}


def test_sold_knows_each_rung() -> None:
    assert FULL.sold("0:10") == Decimal("16.66")
    assert FULL.sold("0:20") == 0
    assert EMPTY.sold("0:10") == 0


def test_unchanged_memory_is_the_same_object() -> None:
    assert changed(FULL, blocked=True, problem="no bid") is FULL
    assert changed(FULL, blocked=False).blocked is False


def test_seen_keeps_everything_but_prices_and_silence() -> None:
    seen = FULL.seen(NOON, Decimal("0.52"), Decimal("0.53"), Decimal("0.50"))
    assert seen == changed(
        FULL,
        last_bid=Decimal("0.52"),
        best=Decimal("0.53"),
        trail_level=Decimal("0.50"),
        unpriced_since=None,
        problem="",
        unpriced_told=False,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"stop_since": NOON},
        {"trail_since": NOON},
        {"soft_since": NOON},
        {"soft_asked": True},
        {"adverse_asked": True},
        {"unarmed": frozenset({"stop_loss"})},
        {"blocked": True},
    ],
)
def test_calm_means_that_nothing_stands(change: dict[str, object]) -> None:
    assert EMPTY.calm
    assert not changed(EMPTY, **change).calm


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [(None, 0), (-30, -30), (0, 0), (60, 60), (60.1, 0), (3600, 0)],
)
def test_what_began_after_now_begins_now(ahead: float | None, expected: float) -> None:
    """The clock was set back: a breach must not wait for its second reading until it catches up."""
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    since = None if ahead is None else at + timedelta(seconds=ahead)
    assert not_ahead(since, at) == at + timedelta(seconds=expected)
