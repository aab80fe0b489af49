"""What a person reads of each rule: its level, its distance, its sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from positions.domain.momentum import momentum_exit
from positions.domain.policy import parse
from positions.domain.rules import ASKING, MECHANICAL
from positions.domain.state import EMPTY, WatchState
from positions.domain.stops import adverse_move, soft_stop, stop_loss, trail_level, trailing_stop
from positions.domain.targets import fair_value, take_profit
from positions.domain.timing import time_exit
from positions.domain.views import Held, Moment, View
from positions.domain.window import Run

NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
HELD = Held(Decimal("0.50"), Decimal(100), Decimal(100), NOON - timedelta(hours=1))
FULL = parse(
    {
        "stop_loss_pct": "10",
        "trailing_stop": [{"distance_pct": "5", "activation_pct": "10"}],
        "take_profit": [{"pct": "10", "sell_pct": "30"}, {"pct": "40"}],
        "fair_value": "0.62",
        "soft_stop_pct": "5",
        "adverse_move": {"window_minutes": 15, "pct": "6"},
        "momentum_exit": {"window_minutes": 60, "rise_pct": "15", "fade_pct": "4"},
        "max_hold_minutes": 90,
    }
)
SEEN = WatchState(NOON - timedelta(hours=1), Decimal("0.58"), Decimal("0.551"))


def moment(bid: str | None, *, runs: tuple[Run, ...] = (), **changes: Any) -> Moment:
    price = None if bid is None else Decimal(bid)
    facts: dict[str, Any] = {"held": HELD, "policy": FULL, "state": SEEN, "at": NOON} | changes
    return Moment(**facts, bid=price, runs=runs)


def run(minutes: int, bid: str) -> Run:
    at = NOON - timedelta(minutes=minutes)
    return Run(at, at, Decimal(bid))


Rule = Callable[[Moment], View | None]


def seen(rule: Rule, at: Moment) -> tuple[bool, str | None, str | None, str]:
    """Hit, level, distance, sentence."""
    view = rule(at)
    assert view is not None
    numbers = [None if n is None else f"{n.normalize():f}" for n in (view.level, view.distance)]
    return view.hit, numbers[0], numbers[1], str(view.sentence)


@pytest.mark.parametrize(
    ("rule", "bid", "expected"),
    [
        (stop_loss, "0.441", (True, "0.45", "-0.009", "44.1¢ is at or below the 45.0¢ stop")),
        (stop_loss, "0.462", (False, "0.45", "0.012", "46.2¢ is 1.2¢ above the 45.0¢ stop")),
        (
            trailing_stop,
            "0.55",
            (True, "0.551", "-0.001", "55.0¢ is at or below the 55.1¢ trailing stop"),
        ),
        (
            trailing_stop,
            "0.56",
            (False, "0.551", "0.009", "56.0¢ is 0.9¢ above the 55.1¢ trailing stop"),
        ),
        (soft_stop, "0.47", (True, "0.475", "-0.005", "47.0¢ is at or below the 47.5¢ soft stop")),
        (
            adverse_move,
            "0.50",
            (False, "0.47", "0.03", "50.0¢ is 3.0¢ above the 47.0¢ adverse-move level"),
        ),
        (take_profit, "0.56", (True, "0.55", "-0.01", "56.0¢ has reached the 55.0¢ target")),
        (take_profit, "0.538", (False, "0.55", "0.012", "53.8¢ is 1.2¢ below the 55.0¢ target")),
        (take_profit, "0.70", (True, "0.7", "0", "70.0¢ has reached the 70.0¢ target")),
        (fair_value, "0.63", (True, "0.62", "-0.01", "63.0¢ has reached the 62.0¢ fair value")),
        (fair_value, "0.60", (False, "0.62", "0.02", "60.0¢ is 2.0¢ below the 62.0¢ fair value")),
        (time_exit, "0.50", (False, None, None, "30 minutes left of 90")),
        (momentum_exit, "0.50", (False, None, None, "no rise of 15.0 % within 60 minutes")),
    ],
)
def test_rule_says_how_it_stands(rule: Rule, bid: str, expected: tuple[Any, ...]) -> None:
    assert seen(rule, moment(bid)) == expected


UNPRICED = [
    (stop_loss, (False, "0.45", None, "waits for a usable price; level 45.0¢")),
    (take_profit, (False, "0.7", None, "waits for a usable price; level 70.0¢")),
    (trailing_stop, (False, "0.551", None, "waits for a usable price; level 55.1¢")),
    (momentum_exit, (False, None, None, "waits for a usable price")),
]


@pytest.mark.parametrize(("rule", "expected"), UNPRICED)
def test_rule_without_a_price_says_so(rule: Rule, expected: tuple[Any, ...]) -> None:
    sold = replace(SEEN, rungs={"0:10": Decimal(30)})
    assert seen(rule, moment(None, state=sold)) == expected


def test_adverse_move_has_no_level_without_a_price() -> None:
    assert adverse_move(moment(None)) is None


def test_rule_that_is_not_set_has_no_view() -> None:
    bare = moment("0.50", policy=parse({}))
    assert [rule(bare) for rule in MECHANICAL + ASKING] == [None] * 8


def test_target_shown_is_the_nearest_that_would_sell() -> None:
    """The next rung while it is nearer, the 100 % row once the rung is sold."""
    assert seen(take_profit, moment("0.50"))[1] == "0.55"
    sold = replace(SEEN, rungs={"0:10": Decimal(30)})
    assert seen(take_profit, moment("0.50", state=sold))[1] == "0.7"
    above = parse({"take_profit": [{"pct": "60", "sell_pct": "30"}], "take_profit_price": "0.7"})
    assert seen(take_profit, moment("0.50", policy=above))[1] == "0.7"


def test_lowest_open_rung_is_shown_first() -> None:
    rows = [{"pct": pct, "sell_pct": "20"} for pct in ("30", "10", "20")]
    policy = parse({"take_profit": rows})
    assert seen(take_profit, moment("0.50", policy=policy))[1] == "0.55"
    sold = replace(SEEN, rungs={"0:10": Decimal(20)})
    assert seen(take_profit, moment("0.56", policy=policy, state=sold))[1] == "0.6"


def test_sold_out_ladder_has_no_view() -> None:
    policy = parse({"take_profit": [{"pct": "10", "sell_pct": "30"}]})
    sold = replace(SEEN, rungs={"0:10": Decimal(30)})
    assert take_profit(moment("0.60", policy=policy, state=sold)) is None


def test_trailing_stop_counts_only_above_the_static_stop() -> None:
    assert trailing_stop(moment("0.50", state=replace(SEEN, trail_level=Decimal("0.45")))) is None
    assert (
        trailing_stop(moment("0.50", state=replace(SEEN, trail_level=Decimal("0.4501"))))
        is not None
    )


def test_trailing_stop_is_shown_as_soon_as_its_rule_is_changed() -> None:
    """An edit forgets the old level; the new one follows from the best bid until the next pass."""
    edited = replace(SEEN, trail_level=None)
    assert seen(trailing_stop, moment("0.56", state=edited))[1] == "0.551"


def test_trailing_stop_that_has_not_begun_has_no_view() -> None:
    fresh = WatchState(NOON, Decimal("0.55"))
    assert trailing_stop(moment("0.55", state=fresh)) is None
    assert trail_level(FULL, HELD.entry, EMPTY) is None


def test_momentum_says_what_it_waits_for() -> None:
    rise = (run(30, "0.50"), run(20, "0.60"))
    assert seen(momentum_exit, moment("0.59", runs=rise)) == (
        False,
        "0.576",
        "0.014",
        "rose to 60.0¢; books a part at or below 57.6¢",
    )
    low = moment("0.49", runs=rise)
    assert seen(momentum_exit, low) == (
        False,
        "0.576",
        None,
        "faded, and not above the entry of 50.0¢",
    )
    done = replace(SEEN, momentum_high=Decimal("0.61"))
    assert seen(momentum_exit, moment("0.57", runs=rise, state=done)) == (
        False,
        None,
        None,
        "waits for a new high above 61.0¢",
    )


def test_momentum_says_why_it_sells() -> None:
    rise = (run(30, "0.50"), run(20, "0.60"))
    assert seen(momentum_exit, moment("0.57", runs=rise)) == (
        True,
        "0.576",
        "-0.006",
        "rose 20.0 % from 50.0¢ to 60.0¢ within 60 minutes and gave back 5.0 %",
    )


@pytest.mark.parametrize(
    ("shares", "minimum", "sold"), [("10", "5", "5"), ("9.99", "5", None), ("0.01", None, None)]
)
def test_momentum_sells_no_part_below_the_minimum(
    shares: str, minimum: str | None, sold: str | None
) -> None:
    rise = {"window_minutes": 60, "rise_pct": "15", "fade_pct": "4", "sell_pct": "50"}
    held = replace(
        HELD, shares=Decimal(shares), min_size=None if minimum is None else Decimal(minimum)
    )
    at = moment(
        "0.57",
        runs=(run(30, "0.50"), run(20, "0.60")),
        policy=parse({"momentum_exit": rise}),
        held=held,
    )
    view = momentum_exit(at)
    assert view is not None
    assert view.hit == (sold is not None)
    assert view.shares == Decimal(sold or 0)
    if sold is None:
        assert str(view.sentence) == "its part is below the market's minimum order"


@pytest.mark.parametrize(
    ("policy", "minutes", "sentence"),
    [
        ({"max_hold_minutes": 60}, 60, "held for 60 minutes, the most is 60"),
        ({"max_hold_minutes": 90}, 60, "30 minutes left of 90"),
        (
            {"exit_before_end_minutes": 30},
            20,
            "the market ends in 20 minutes, exit 30 before the end",
        ),
        (
            {"exit_before_end_minutes": 10},
            45,
            "the market ends in 45 minutes, exit 10 before the end",
        ),
        ({"exit_before_end_minutes": 10}, None, "no end date: cannot fire"),
        ({"exit_before_end_minutes": 10, "max_hold_minutes": 90}, None, "30 minutes left of 90"),
    ],
)
def test_time_rules_say_how_long(
    policy: dict[str, Any], minutes: int | None, sentence: str
) -> None:
    end = None if minutes is None else NOON + timedelta(minutes=minutes)
    at = moment("0.50", policy=parse(policy), held=replace(HELD, ends_at=end))
    assert seen(time_exit, at)[3] == sentence


def test_sentences_are_translated_when_they_are_read() -> None:
    view = stop_loss(moment("0.44"))
    assert view is not None
    german = {
        "%(bid)s is at or below the %(level)s %(name)s": "%(bid)s erreicht den %(name)s %(level)s",
        "stop": "Stopp",
    }
    assert (
        view.sentence.render(lambda text: german.get(text, text))
        == "44.0¢ erreicht den Stopp 45.0¢"
    )
