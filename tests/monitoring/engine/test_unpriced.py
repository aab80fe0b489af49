"""Unpriced is not zero: no price rule fires, the position says why, silence is told in time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions.models import Mark, Quote
from positions.venues.base import TransientError
from tests.monitoring.engine.house import DEEP, House, Offers, Told, at, kinds, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}
NO_BID = Offers((), (("0.30", DEEP),))
THIN = Offers((("0.30", "1"),), (("0.31", DEEP),))
CROSSED = Offers((("0.30", DEEP),), (("0.29", DEEP),))
CROSSED_ON_TOP = Offers((("0.60", "1"), ("0.30", DEEP)), (("0.55", DEEP),))
GHOST = Offers((("0.02", DEEP),), (("0.98", DEEP),))
ABOVE_PAYOUT = Offers((("1.5", DEEP),), (("1.6", DEEP),))
KINDS: list[tuple[Told, str]] = [
    (NO_BID, "no bid"),
    (THIN, "bids too thin for the minimum order"),
    (CROSSED, "crossed book"),
    (CROSSED_ON_TOP, "crossed book"),
    (GHOST, "ghost book"),
    (ABOVE_PAYOUT, "price outside the market's range"),
    (at("0.30", age=121), "no news from the price source"),
    (None, "the venue has no book for this market"),
    (TransientError("POST venue/books: 500"), "POST venue/books: 500"),
]


@pytest.mark.parametrize(("told", "problem"), KINDS)
def test_no_price_rule_fires_and_the_position_says_why(
    house: House, told: Told, problem: str
) -> None:
    position = house.position(policy={**STOP, "take_profit_price": "0.95"})
    house.says("A", told)
    result = house.run()
    assert (result.triggers, result.exits) == ([], [])
    assert (result.open, result.checked, result.unpriced) == (1, 0, 1)
    mark = Mark.objects.get(position=position)
    assert (mark.problem, mark.unpriced_since) == (problem, told_at(house, told))


def told_at(house: House, told: Told) -> object:
    """Silence counts from the reading, or from now where nothing was told."""
    return (
        told.book(house.clock.at).told_at
        if isinstance(told, Offers) and not told.age
        else house.clock.at
    )


@pytest.mark.parametrize(
    "told",
    [
        Offers((("0.44", DEEP),)),  # no ask is still priced
        Offers((("0.03", DEEP),), (("0.98", DEEP),)),  # above 2 %: no ghost
        Offers((("0.02", DEEP),), (("0.97", DEEP),)),
        Offers((("0.90", "1"), ("0.44", DEEP)), (("0.91", DEEP),)),  # a dust bid is passed over
        at("0.44", age=120),
    ],
)
def test_what_only_looks_unpriced_still_guards(house: House, told: Offers) -> None:
    house.position(policy={**STOP, "max_spread": "1"})
    house.says("A", told)
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


def test_last_good_bid_stays_in_the_quote(house: House) -> None:
    house.position(policy=STOP)
    house.runs("0.55")
    house.says("A", GHOST)
    house.run()
    quote = Quote.objects.get()
    assert (quote.bid, quote.problem, quote.told_at) == (
        Decimal("0.55"),
        "ghost book",
        house.clock.at,
    )


@pytest.mark.parametrize(
    ("interval", "every", "silent", "told_after"),
    [
        (5, 5, [0, 5, 10], 15),  # three intervals
        (30, 30, [0, 30, 60], 90),
        (60, 60, [0, 60], 120),  # 120 s is less than three intervals
        (1800, 119, [0, 119], 238),
    ],
)
def test_silence_is_told_after_three_intervals_or_two_minutes(
    house: House, interval: int, every: int, silent: list[int], told_after: int
) -> None:
    house.interval = Decimal(interval)
    house.position(policy=STOP)
    house.runs("0.60", every=every)
    began = house.clock.at
    house.says("A", None)
    for _after in silent:
        house.run()
        assert kinds() == []
        house.clock.later(every)
    assert (house.clock.at - began).total_seconds() == told_after
    house.run()
    assert (kinds(), last("unpriced").urgency) == (["unpriced"], "high")
    house.clock.later(every)
    house.run()
    assert kinds() == ["unpriced"]  # once a silence


def test_pass_says_when_silence_is_to_be_told(house: House) -> None:
    house.interval = Decimal(1800)
    house.position(policy=STOP)
    house.runs("0.60")
    house.says("A", None)
    wake = house.run().wake_at
    assert wake is not None
    assert (wake - house.clock.at).total_seconds() == 120


@pytest.mark.parametrize(
    ("bid", "expected"),
    [("0.4725", ["unpriced"]), ("0.4726", [])],  # 0.45 and 5 %
)
def test_silence_near_a_stop_is_told_at_once(house: House, bid: str, expected: list[str]) -> None:
    house.position(policy=STOP)
    house.runs(bid)
    house.says("A", None)
    house.run()
    assert kinds() == expected


def test_silence_near_a_trailing_stop_is_told_at_once(house: House) -> None:
    house.position(policy={"trailing_stop": [{"distance_pct": "10"}]})
    house.runs("0.60", "0.56")  # level 0.54
    house.says("A", None)
    house.run()
    assert kinds() == ["unpriced"]


def test_price_back_is_told_when_the_silence_was(house: House) -> None:
    position = house.position(policy=STOP)
    house.runs("0.46")
    house.says("A", NO_BID, "0.50")
    house.run()
    house.run()
    assert (kinds(), last("priced").text) == (["unpriced", "priced"], "usable price again: 50.0¢")
    mark = Mark.objects.get(position=position)
    assert (mark.problem, mark.unpriced_since) == ("", None)


def test_short_silence_is_not_told(house: House) -> None:
    house.position(policy=STOP)
    house.says("A", "0.60", None, "0.60")
    for _ in range(3):
        house.run()
    assert kinds() == []


def test_quiet_market_is_not_stale(house: House) -> None:
    """The venue tells the same price again and again: hours later it is still a price."""
    house.position(policy={**STOP, "take_profit_price": "0.60"})
    house.runs(*["0.50"] * 3, every=4000)
    house.says("A", "0.60")
    assert [exit_["rule"] for exit_ in house.run().exits] == ["take_profit"]


def test_patience_with_old_quotes_is_at_least_two_intervals(house: House) -> None:
    house.interval = Decimal(300)
    house.position(policy=STOP)
    house.says("A", at("0.44", age=601))
    assert house.run().exits == []
    house.says("A", at("0.44", age=600))
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


def test_old_quote_counts_as_unpriced(house: House) -> None:
    house.position("A", policy=STOP)
    house.position("B", policy={**STOP, "max_quote_age_seconds": 500})
    house.says("A", at("0.60", age=300))
    house.says("B", at("0.60", age=300))
    result = house.run()
    assert (result.open, result.checked, result.unpriced) == (2, 1, 1)


def test_time_still_runs_without_a_price(house: House) -> None:
    house.position(policy={"max_hold_minutes": 1})
    house.runs("0.50", every=60)
    house.says("A", None)
    result = house.run()
    assert [trigger["rule"] for trigger in result.triggers] == ["time_exit"]
    assert (result.triggers[0]["price"], house.exchange.sent) == (None, [])
    house.says("A", "0.40")
    house.run()
    assert [exit_.shares for exit_ in house.exchange.sent] == [Decimal(100)]


def test_last_price_source_counts_as_bid_ask_and_price(house: House) -> None:
    house.position(policy=STOP, venue="url", payout=None, currency="PKR", min_size=None)
    house.says("A", Offers((("0.45", ""),), last=True), venue="url")
    assert [exit_["price"] for exit_ in house.run().exits] == ["0.45"]
