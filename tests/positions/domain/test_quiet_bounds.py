"""Where the band's edges lie, rule by rule; that they hide nothing is test_quiet's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from positions.domain.judge import judge
from positions.domain.policy import parse
from positions.domain.quiet import Band, quiet_band
from positions.domain.quotes import Tick
from positions.domain.state import EMPTY, WatchState
from positions.domain.views import Held
from positions.domain.window import Run

NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
HELD = Held(
    Decimal("0.50"),
    Decimal(100),
    Decimal(100),
    NOON - timedelta(minutes=5),
    tick=Decimal("0.01"),
    min_size=Decimal(5),
    ends_at=NOON + timedelta(hours=2),
)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def band(
    policy: dict[str, Any], *, held: Held = HELD, bid: str = "0.50", runs: tuple[Run, ...] = ()
) -> Band | None:
    """The band after a first reading at noon (watching began with `runs`)."""
    tick = Tick(NOON, Decimal(bid), None)
    state = WatchState(runs[0].since) if runs else EMPTY
    judgement = judge(held, parse(policy), state, tick, runs=runs)
    return quiet_band(held, parse(policy), judgement.state, tick, runs)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, Band()),
        ({"stop_loss_pct": "10"}, Band(0.46, None)),
        ({"stop_loss_pct": "10", "soft_stop_pct": "5"}, Band(0.485, None)),
        ({"take_profit": [{"pct": "20"}]}, Band(None, 0.59)),
        ({"take_profit_price": "0.7"}, Band(None, 0.69)),
        ({"fair_value": "0.65"}, Band(None, 0.64)),
        ({"take_profit": [{"pct": "10", "sell_pct": "50"}, {"pct": "20"}]}, Band(None, 0.54)),
        # Two crumbs below the minimum order of 5 are sold together at the second level.
        (
            {"take_profit": [{"pct": "10", "sell_pct": "3"}, {"pct": "16", "sell_pct": "4"}]},
            Band(None, 0.57),
        ),
        (
            {"take_profit": [{"pct": "20"}, {"after_minutes": 60, "pct": "4"}]},
            Band(None, 0.59, at(55)),
        ),
        ({"max_hold_minutes": 30}, Band(until=at(25))),
        ({"exit_before_end_minutes": 30}, Band(until=at(90))),
        # Half way to the level of 45 cents, and as far up as that keeps the level out of reach.
        ({"adverse_move": {"window_minutes": 15, "pct": "10"}}, Band(0.485, 0.475 / 0.9 - 0.01)),
    ],
)
def test_band_ends_one_tick_before_the_first_rule(policy: dict[str, Any], expected: Band) -> None:
    assert same(band(policy), expected)


def same(found: Band | None, expected: Band) -> bool:
    """Equal to the digits that floats have."""
    assert found is not None
    pairs = (
        (found.low, expected.low),
        (found.high, expected.high),
        (found.drop, expected.drop),
    )
    return found.until == expected.until and all(
        one == other or (one is not None and one == pytest.approx(other)) for one, other in pairs
    )


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ([("10", "0")], Band(drop=0.04)),
        ([("10", "0"), ("5", "12")], Band(high=0.55, drop=0.04)),
        ([("5", "12")], Band(high=0.55)),
    ],
)
def test_trailing_band_moves_with_the_best_bid(
    stages: list[tuple[str, str]], expected: Band
) -> None:
    """So far below the best one; a best that arms a tighter stage is judged."""
    rows = [{"distance_pct": distance, "activation_pct": start} for distance, start in stages]
    assert same(band({"trailing_stop": rows}), expected)


def test_margin_is_a_millionth_where_no_tick_is_known() -> None:
    found = band({"stop_loss_pct": "10"}, held=replace(HELD, tick=None))
    assert found is not None
    assert found.low == pytest.approx(0.45 * 1.000001, abs=1e-12)


RISE = {"window_minutes": 60, "rise_pct": "20", "fade_pct": "5", "sell_pct": "50"}


def run(minutes: float, bid: str) -> Run:
    return Run(at(minutes), at(minutes), Decimal(bid))


@pytest.mark.parametrize(
    ("bid", "runs", "expected"),
    [
        # No rise in sight: a path between these cannot rise by 20 %.
        ("0.50", (), Band(11 / 24 + 0.01, 0.55 - 0.01)),
        # A fall from 80: while that high stands, nothing before it can be a rise.
        ("0.50", (run(-30, "0.80"),), Band(None, 0.79, at(30))),
        # Risen to 70 from 50: it fades at 66.5.
        ("0.68", (run(-40, "0.50"), run(-30, "0.70")), Band(0.675, 0.69, at(30))),
        # Faded, but below the entry: it would sell above 50.
        ("0.45", (run(-40, "0.40"), run(-30, "0.55")), Band(None, 0.49, at(30))),
        # The faded level lies below the entry: it cannot sell before a new high.
        ("0.49", (run(-40, "0.40"), run(-30, "0.52")), Band(None, 0.51, at(30))),
    ],
)
def test_momentum_band(bid: str, runs: tuple[Run, ...], expected: Band) -> None:
    assert same(band({"momentum_exit": RISE}, bid=bid, runs=runs), expected)


def test_momentum_that_has_sold_waits_for_a_new_high() -> None:
    state = WatchState(at(-60), Decimal("0.70"), momentum_high=Decimal("0.70"))
    tick, runs = Tick(NOON, Decimal("0.60"), None), (run(-40, "0.50"), run(-30, "0.70"))
    found = quiet_band(HELD, parse({"momentum_exit": RISE}), state, tick, runs)
    assert found is not None
    assert same(found, Band(None, 0.69))


def test_momentum_part_too_small_to_sell_bounds_nothing() -> None:
    small = replace(HELD, shares=Decimal(8))
    assert band({"momentum_exit": RISE}, held=small) == Band()


@pytest.mark.parametrize(
    "change",
    [
        {"watched_since": None},
        {"stop_since": NOON},
        {"trail_since": NOON},
        {"soft_since": NOON},
        {"soft_asked": True},
        {"adverse_asked": True},
        {"unarmed": frozenset({"stop_loss"})},
        {"blocked": True},
        {"paused": "stop_loss"},
        {"unpriced_since": NOON},
    ],
)
def test_no_band_while_anything_stands(change: dict[str, Any]) -> None:
    calm = WatchState(NOON, Decimal("0.50"), last_bid=Decimal("0.50"))
    tick = Tick(NOON, Decimal("0.50"), None)
    assert quiet_band(HELD, parse({}), calm, tick) == Band()
    assert quiet_band(HELD, parse({}), replace(calm, **change), tick) is None


def test_no_band_without_a_price_or_with_too_little_to_sell() -> None:
    calm = WatchState(NOON, Decimal("0.50"), last_bid=Decimal("0.50"))
    assert quiet_band(HELD, parse({}), calm, Tick(NOON, None)) is None
    tick = Tick(NOON, Decimal("0.50"), None)
    assert quiet_band(replace(HELD, shares=Decimal("4.99")), parse({}), calm, tick) is None
    assert (
        quiet_band(replace(HELD, shares=Decimal(0), min_size=None), parse({}), calm, tick) is None
    )


@pytest.mark.parametrize(
    "policy",
    [
        {"stop_loss_price": "0.49"},
        {"take_profit_price": "0.51"},
        {"max_hold_minutes": 5},
    ],
)
def test_no_band_when_the_present_reading_is_within_a_tick_of_a_rule(
    policy: dict[str, Any],
) -> None:
    assert band(policy) is None
