"""What a judgement says beside its trigger: when to look again, which parts, what is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from positions.domain.judge import Judgement, judge
from positions.domain.policy import parse
from positions.domain.quotes import Tick
from positions.domain.state import EMPTY, WatchState
from positions.domain.views import Held
from tests.positions.domain.casebook import number

NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
HELD = Held(Decimal("0.50"), Decimal(100), Decimal(100), NOON)
CALM = WatchState(NOON, Decimal("0.50"), last_bid=Decimal("0.50"))


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def tick(seconds: float, bid: str | None, ask: str | None = None) -> Tick:
    return Tick(at(seconds), number(bid), number(ask), "" if bid else "no bid")


def look(
    document: dict[str, Any],
    reading: Tick,
    state: WatchState = CALM,
    held: Held = HELD,
    **options: Any,
) -> Judgement:
    return judge(held, parse(document), state, reading, **options)


def test_calm_reading_returns_the_same_memory() -> None:
    judgement = look({"stop_loss_pct": "10"}, tick(60, "0.50"))
    assert judgement == Judgement(CALM)
    assert judgement.state is CALM


def test_unconfirmed_breach_asks_for_another_reading() -> None:
    judgement = look({"stop_loss_pct": "10"}, tick(60, "0.44"))
    assert judgement.trigger is None
    assert judgement.confirming
    assert judgement.wake_at == at(63)
    assert judgement.state.stop_since == at(60)


def test_guarded_breach_wakes_when_the_guard_ends_but_needs_no_second_reading_now() -> None:
    judgement = look({"stop_loss_pct": "10"}, tick(60, "0.44", "0.80"))
    assert not judgement.confirming
    assert judgement.wake_at == at(120)
    assert judgement.state.blocked
    assert str(judgement.notices[0].sentence) == (
        "44.0¢ has breached the 45.0¢ stop, held back: the ask is 80.0¢"
    )
    assert (judgement.notices[0].urgency, judgement.notices[0].level) == (
        "critical",
        Decimal("0.450"),
    )


def test_soft_stop_waits_like_a_stop() -> None:
    judgement = look({"soft_stop_pct": "5"}, tick(60, "0.47"))
    assert judgement.confirming
    assert judgement.wake_at == at(63)
    asked = replace(CALM, soft_asked=True, soft_since=at(0))
    again = look({"soft_stop_pct": "5"}, tick(60, "0.47"), asked)
    assert (again.confirming, again.wake_at) == (False, None)


def test_question_does_not_end_the_confirmation_of_a_stop() -> None:
    policy = {"stop_loss_pct": "10", "adverse_move": {"window_minutes": 15, "pct": "3"}}
    judgement = look(policy, tick(60, "0.44"), runs=(), held=HELD)
    assert judgement.confirming
    asked = look(
        policy | {"soft_stop_pct": "5"}, tick(63, "0.44"), replace(CALM, soft_since=at(60))
    )
    assert asked.trigger is not None
    assert (asked.trigger.rule, asked.trigger.decision) == ("soft_stop", "ask")
    assert asked.confirming
    assert asked.wake_at == at(66)


def test_part_sold_does_not_end_the_confirmation_of_a_stop() -> None:
    policy = {
        "trailing_stop": [{"distance_pct": "10"}],
        "take_profit": [{"after_minutes": 1, "pct": "4", "sell_pct": "50"}],
    }
    state = WatchState(NOON, Decimal("0.60"), Decimal("0.54"), last_bid=Decimal("0.60"))
    judgement = look(policy, tick(60, "0.53"), state)
    assert judgement.trigger is not None
    assert judgement.trigger.shares == 50
    assert judgement.confirming
    assert judgement.wake_at == at(63)


def test_sale_of_everything_leaves_nothing_to_confirm() -> None:
    policy = {"stop_loss_pct": "10", "max_hold_minutes": 1}
    judgement = look(policy, tick(60, "0.44", "0.80"))
    assert judgement.trigger is not None
    assert judgement.trigger.rule == "time_exit"
    assert (judgement.confirming, judgement.wake_at, judgement.notices) == (False, None, ())


def test_earliest_of_two_waits_is_when_to_look_again() -> None:
    policy = {"stop_loss_pct": "10", "trailing_stop": [{"distance_pct": "9"}]}
    state = WatchState(
        NOON, Decimal("0.50"), Decimal("0.455"), trail_since=at(58), last_bid=Decimal("0.47")
    )
    assert look(policy, tick(60, "0.449"), state).wake_at == at(61)


def test_trigger_carries_what_an_exit_needs() -> None:
    policy = {"take_profit": [{"pct": "10", "sell_pct": "30"}, {"pct": "20", "sell_pct": "20"}]}
    trigger = look(policy, tick(60, "0.61")).trigger
    assert trigger is not None
    assert trigger.parts == (("0:10", Decimal(30)), ("0:20", Decimal(20)))
    assert (trigger.urgency, trigger.price, trigger.high) == ("high", Decimal("0.61"), None)
    assert not trigger.latched


@pytest.mark.parametrize(
    ("policy", "bid", "rule", "urgency", "latched"),
    [
        ({"stop_loss_pct": "10"}, "0.30", "stop_loss", "critical", True),
        ({"trailing_stop": [{"distance_pct": "10"}]}, "0.30", "trailing_stop", "critical", True),
        ({"take_profit": [{"pct": "10"}]}, "0.60", "take_profit", "high", False),
        ({"max_hold_minutes": 1}, "0.50", "time_exit", "medium", True),
        ({"fair_value": "0.55"}, "0.60", "fair_value", "medium", False),
        ({"soft_stop_pct": "5"}, "0.30", "soft_stop", "high", False),
    ],
)
def test_urgency_and_latch_of_each_rule(
    policy: dict[str, Any], bid: str, rule: str, urgency: str, latched: bool
) -> None:
    trigger = look(policy, tick(60, bid)).trigger
    assert trigger is not None
    assert (trigger.rule, trigger.urgency, trigger.latched) == (rule, urgency, latched)


def test_unpriced_reading_names_when_silence_is_told() -> None:
    judgement = look({}, tick(60, None))
    assert judgement.wake_at == at(150)
    assert judgement.state.problem == "no bid"
    told = look({}, tick(150, None), judgement.state)
    assert [str(notice.sentence) for notice in told.notices] == ["no usable price: no bid"]
    assert [notice.urgency for notice in told.notices] == ["high"]
    assert told.wake_at is None


def test_longer_silence_keeps_its_beginning_and_its_newest_reason() -> None:
    first = look({}, tick(60, None)).state
    second = look({}, Tick(at(70), None, None, "crossed book"), first).state
    assert (second.unpriced_since, second.problem) == (at(60), "crossed book")


def test_price_after_a_told_silence_says_so() -> None:
    silent = replace(CALM, unpriced_since=at(0), problem="no bid", unpriced_told=True)
    judgement = look({}, tick(60, "0.51"), silent)
    assert [str(notice.sentence) for notice in judgement.notices] == ["usable price again: 51.0¢"]
    assert judgement.state == replace(CALM, best=Decimal("0.51"), last_bid=Decimal("0.51"))


def test_unarmed_notice_says_why_and_names_the_level() -> None:
    old = replace(HELD, opened_at=at(-601))
    notice = look({"stop_loss_pct": "10"}, tick(0, "0.44"), EMPTY, old).notices[0]
    assert str(notice.sentence) == (
        "was already breached when watching began and is not armed:"
        " 44.0¢ is at or below the 45.0¢ stop"
    )
    assert (notice.urgency, notice.level) == ("critical", Decimal("0.45"))


def test_armed_notice_is_low() -> None:
    state = replace(CALM, unarmed=frozenset({"stop_loss"}))
    judgement = look({"stop_loss_pct": "10"}, tick(60, "0.46"), state)
    assert [(notice.kind, notice.urgency) for notice in judgement.notices] == [("armed", "low")]
    assert judgement.state.unarmed == frozenset()


def test_memory_of_a_rule_goes_with_the_rule() -> None:
    """A rule taken out of the policy leaves no breach, question or level behind."""
    state = replace(
        CALM,
        trail_level=Decimal("0.45"),
        trail_since=at(0),
        soft_since=at(0),
        soft_asked=True,
        adverse_asked=True,
        unarmed=frozenset({"take_profit"}),
    )
    assert look({"stop_loss_pct": "50"}, tick(60, "0.50"), state).state == CALM


def test_best_bid_counts_since_the_first_usable_reading() -> None:
    state = EMPTY
    for second, bid in enumerate(["0.52", "0.55", "0.51"]):
        state = look({}, tick(second, bid), state).state
    assert (state.watched_since, state.best, state.last_bid) == (
        at(0),
        Decimal("0.55"),
        Decimal("0.51"),
    )
