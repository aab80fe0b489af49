"""Nobody answered: each cell of the table in docs/decisions/questions.md."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from monitoring.models import Decision, Question
from monitoring.questions.silence import sells_unanswered
from positions.models import AdvicePolicy, Market, Position
from tests.monitoring.questions.desk import QUOTED, SECOND

TWO = (QUOTED, SECOND)
ONE = (QUOTED, QUOTED | {"id": "h3"})
TWEETS = tuple(item | {"trust": "social"} for item in TWO)
PRICE = ({"id": "p1", "kind": "price"},)
PRICE_RULES, OTHERS = ("soft_stop", "adverse_move"), ("ai_alert", "review", "asked")


def decided(verdict: str, confidence: str = "0.86", **more: Any) -> Decision:
    given: dict[str, Any] = {"provider": "anthropic", "evidence": TWO, "bid": Decimal("0.50")}
    return Decision(verdict=verdict, confidence=Decimal(confidence), **(given | more))


def silence(
    rule: str,
    decision: Decision | None,
    *,
    unanswered: str = "sell",
    bid: str | None = "0.50",
    payout: str | None = "1",
) -> str:
    """ "" when it is sold, else why not."""
    market = Market(payout=Decimal(payout) if payout else None)
    question = Question(rule=rule, bid=Decimal("0.50"), position=Position(market=market))
    found = sells_unanswered(
        question,
        decision,
        AdvicePolicy(if_unanswered=unanswered),
        bid=Decimal(bid) if bid else None,
    )
    assert found.sells is (found.why == "")
    return found.why


@pytest.mark.parametrize("rule", [*PRICE_RULES, *OTHERS])
@pytest.mark.parametrize("verdict", ["sell", "reduce", "ask", "hold", None])
def test_hold_sells_nothing_whatever_was_said(rule: str, verdict: str | None) -> None:
    decision = decided(verdict) if verdict else None
    assert silence(rule, decision, unanswered="hold") == "held"


@pytest.mark.parametrize("rule", PRICE_RULES)
@pytest.mark.parametrize("decision", [None, decided("ask"), decided("sell"), decided("reduce")])
def test_price_rule_is_a_ground_of_its_own(rule: str, decision: Decision | None) -> None:
    assert silence(rule, decision) == ""


@pytest.mark.parametrize("rule", PRICE_RULES)
def test_doubts_about_news_do_not_concern_a_price_rule(rule: str) -> None:
    doubtful = decided("sell", "0.1", evidence=TWEETS, provider="openai_compatible")
    assert silence(rule, doubtful) == ""


@pytest.mark.parametrize("rule", [*PRICE_RULES, *OTHERS])
def test_hold_of_the_ai_holds(rule: str) -> None:
    assert silence(rule, decided("hold")) == "held, as the AI said"


@pytest.mark.parametrize("rule", OTHERS)
@pytest.mark.parametrize("decision", [None, decided("ask")])
def test_what_nobody_has_judged_is_not_sold(rule: str, decision: Decision | None) -> None:
    assert silence(rule, decision) == "held, because no AI has judged it"


@pytest.mark.parametrize("rule", OTHERS)
@pytest.mark.parametrize("verdict", ["sell", "reduce"])
def test_sure_decision_on_two_publishers_is_carried_out(rule: str, verdict: str) -> None:
    assert silence(rule, decided(verdict)) == ""


@pytest.mark.parametrize("rule", OTHERS)
@pytest.mark.parametrize(("confidence", "why"), [("0.70", ""), ("0.69", "sure enough")])
def test_confidence_is_at_least_that_of_the_policy(rule: str, confidence: str, why: str) -> None:
    assert why in silence(rule, decided("sell", confidence))
    assert bool(silence(rule, decided("sell", confidence))) is bool(why)


def test_decision_without_a_confidence_is_not_sure() -> None:
    decision = decided("sell")
    decision.confidence = None
    assert silence("ai_alert", decision) == "held, because the AI was not sure enough"


@pytest.mark.parametrize("evidence", [ONE, TWEETS, PRICE, ()])
def test_news_of_one_publisher_is_not_sold(evidence: tuple[dict[str, str], ...]) -> None:
    decision = decided("sell", evidence=evidence)
    assert silence("ai_alert", decision) == "held, because it rests on the news of one publisher"


@pytest.mark.parametrize(("bid", "sold"), [("0.47", True), ("0.48", False), (None, False)])
def test_fall_of_the_price_bears_out_the_news_of_one_publisher(bid: str | None, sold: bool) -> None:
    decision = decided("sell", evidence=ONE)
    assert (silence("ai_alert", decision, bid=bid) == "") is sold


def test_review_that_cites_no_news_needs_no_publisher() -> None:
    assert silence("review", decided("sell", evidence=PRICE)) == ""
    assert silence("review", decided("sell", evidence=ONE)).endswith("one publisher")


@pytest.mark.parametrize(("may", "sold"), [(False, False), (True, True)])
def test_fallback_sells_only_where_settings_allow_it(settings: Any, may: bool, sold: bool) -> None:
    settings.AI_FALLBACK_MAY_SELL = may
    decision = decided("sell", provider="openai_compatible")
    assert (silence("ai_alert", decision) == "") is sold


@pytest.mark.parametrize("rule", [*PRICE_RULES, *OTHERS])
@pytest.mark.parametrize(("bid", "sold"), [("0.53", True), ("0.54", False), (None, True)])
def test_price_that_has_risen_since_takes_the_ground_away(
    rule: str, bid: str | None, sold: bool
) -> None:
    assert (silence(rule, decided("sell"), bid=bid) == "") is sold


def test_instrument_rises_by_three_percent() -> None:
    decision = decided("sell", bid=Decimal(100))
    assert silence("ai_alert", decision, bid="103", payout=None) == ""
    assert "risen" in silence("ai_alert", decision, bid="103.01", payout=None)
