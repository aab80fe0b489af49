"""Each guard keeps a sale back by itself, at its very edge, and says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from monitoring.advisor.deciding.guards import (
    House,
    Judged,
    Price,
    freshness,
    limits,
    rests_on_news,
)
from monitoring.questions.evidence import publishers
from positions.models import AdvicePolicy, Market

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def headline(domain: str, trust: str = "press") -> dict[str, Any]:
    return {"id": "h1", "kind": "headline", "text": "Rates rise", "domain": domain, "trust": trust}


TWO = [headline("wire.example", "wire"), headline("daily.example")]
PATH = {"id": "p1", "kind": "price", "text": "bid now 0.44"}
JUDGED = Judged(
    rule="ai_alert",
    confidence=Decimal("0.70"),
    evidence=TWO,
    seen_at=NOON - timedelta(seconds=120),
    bid=Decimal("0.44"),
    before=Decimal("0.44"),
)
PRICE = Price(
    bid=Decimal("0.41"),
    problem="",
    told_at=NOON - timedelta(seconds=60),
    interval=30,
    market=Market(payout=Decimal(1)),
)
HOUSE = House(
    last_sale=NOON - HOUR, sales_today=1, paused=False, selling=False, fallback_may_sell=False
)


def found(
    *,
    judged: dict[str, Any] | None = None,
    price: dict[str, Any] | None = None,
    house: dict[str, Any] | None = None,
    policy: dict[str, Any] | None = None,
) -> list[str]:
    return limits(
        replace(JUDGED, **(judged or {})),
        replace(PRICE, **(price or {})),
        replace(HOUSE, **(house or {})),
        AdvicePolicy(mode="auto", **(policy or {})),
        NOON,
    )


def test_at_the_edge_of_every_guard_it_is_sold() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"judged": {"confidence": Decimal("0.6999")}}, "Confidence 0.6999, 0.7 is needed."),
        ({"judged": {"confidence": None}}, "Confidence ?, 0.7 is needed."),
        (
            {"judged": {"fallback": True}},
            "The fallback provider has answered, which may not sell by itself.",
        ),
        (
            {"judged": {"demo": True}},
            "Recorded answers of the demo never sell by themselves.",
        ),
        (
            {"judged": {"seen_at": NOON - timedelta(seconds=121)}},
            "The decision is older than 2 minutes.",
        ),
        (
            {"price": {"bid": Decimal("0.4099")}, "judged": {"evidence": TWO}},
            "The price has moved by more than 3 cents since.",
        ),
        (
            {"price": {"bid": Decimal("0.4701")}},
            "The price has moved by more than 3 cents since.",
        ),
        (
            {"price": {"told_at": NOON - timedelta(seconds=61)}},
            "The price is older than 60 seconds.",
        ),
        ({"price": {"told_at": None}}, "The price is older than 60 seconds."),
        (
            {"price": {"bid": None, "problem": "ghost book"}},
            "There is no usable price now: ghost book.",
        ),
        ({"judged": {"bid": None}}, "There was no usable price when it was decided."),
        (
            {"house": {"last_sale": NOON - HOUR + timedelta(seconds=1)}},
            "The last AI sale was less than 60 minutes ago.",
        ),
        ({"house": {"sales_today": 2}}, "No more than 2 AI sales a day."),
        ({"policy": {"daily_sells": 1}}, "No more than 1 AI sale a day."),
        ({"house": {"thesis_version": 1}}, "The thesis has been changed since."),
        ({"house": {"paused": True}}, "All exits are paused."),
        ({"house": {"selling": True}}, "An exit of this position is running already."),
        (
            {"judged": {"evidence": TWO[:1], "before": Decimal("0.4399")}},
            "It rests on the news of 1 publisher, and the price does not confirm it.",
        ),
        (
            {"judged": {"evidence": [PATH], "before": Decimal("0.4399")}},
            "It rests on the news of 0 publishers, and the price does not confirm it.",
        ),
    ],
)
def test_one_guard_alone_keeps_it_back(changes: dict[str, Any], sentence: str) -> None:
    assert found(**changes) == [sentence]


@pytest.mark.parametrize(
    "changes",
    [
        {"judged": {"fallback": True}, "house": {"fallback_may_sell": True}},
        {"house": {"last_sale": None}},
        {"policy": {"min_confidence": Decimal("0.65")}, "judged": {"confidence": Decimal("0.65")}},
        # One publisher, and the bid has fallen by exactly 3 cents since the news.
        {"judged": {"evidence": TWO[:1], "before": Decimal("0.44")}},
        # A price rule is a ground of its own.
        {"judged": {"rule": "soft_stop", "evidence": TWO[:1], "before": None}},
    ],
)
def test_what_a_guard_lets_through(changes: dict[str, Any]) -> None:
    assert found(**changes) == []


def test_an_instruments_cents_are_hundredths_of_its_price() -> None:
    index = Market(payout=None)
    seen = {"bid": Decimal(100), "before": Decimal(100)}
    assert [
        found(judged=seen, price={"bid": bid, "market": index})
        for bid in (Decimal(97), Decimal("96.9"))
    ] == [[], ["The price has moved by more than 3 cents since."]]


@pytest.mark.parametrize(
    ("interval", "seconds"), [(5, 60), (30, 60), (31, 62), (60, 120), (1800, 3600)]
)
def test_a_price_may_be_two_intervals_old(interval: int, seconds: int) -> None:
    assert freshness(interval) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("evidence", "names"),
    [
        (TWO, {"wire.example", "daily.example"}),
        ([headline("www.Daily.example"), headline("daily.example.")], {"daily.example"}),
        ([headline("x.example", "social"), headline("y.example", "adversarial")], set()),
        ([headline(""), PATH], set()),
    ],
)
def test_publishers_are_counted_once_and_strangers_not_at_all(
    evidence: list[dict[str, Any]], names: set[str]
) -> None:
    assert publishers(evidence) == names


@pytest.mark.parametrize(
    ("rule", "evidence", "rests"),
    [
        ("ai_alert", [PATH], True),
        ("asked", [PATH], False),
        ("asked", TWO, True),
        ("review", TWO[:1], True),
        ("adverse_move", TWO, False),
    ],
)
def test_where_news_is_the_only_ground(
    rule: str, evidence: list[dict[str, Any]], rests: bool
) -> None:
    assert rests_on_news(replace(JUDGED, rule=rule, evidence=evidence)) is rests
