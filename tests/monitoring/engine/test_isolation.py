"""One bad position or venue never stops the others."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from threading import Event
from typing import Any

import pytest

from monitoring.alerts.deciding.upkeep import upkeep
from monitoring.models import MonitorRun
from positions.models import Exit, ExitPolicy, Mark, Market, Position
from positions.services import position_close_request
from positions.venues.base import (
    MarketStatus,
    Order,
    ProtocolError,
    Readings,
    RejectedError,
    Report,
    TransientError,
)
from tests.monitoring.engine.house import DEEP, Deed, House, Offers, Told, kinds, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}
DAMAGED = ["{", "[]", "null", '"x"', "[" * 99_999, '{"stop_loss_pct": "150"}', '{"stop": 1}']


def two(house: House, **first: Any) -> tuple[Position, Position]:
    """Two positions below their stops, on markets of their own."""
    bad = house.position("bad", policy=STOP, **first)
    good = house.position("good", policy=STOP)
    for name, venue in (("bad", first.get("venue", "polymarket")), ("good", "polymarket")):
        house.says(name, "0.44", venue=venue)
    return bad, good


def sold(house: House) -> list[str]:
    return [order.instrument.key for order in house.exchange.sent]


@pytest.mark.parametrize("document", DAMAGED)
def test_damaged_policy_is_told_once_and_the_others_are_judged(house: House, document: str) -> None:
    bad, good = two(house)
    ExitPolicy.objects.filter(position=bad).update(document=document)
    result = house.run()
    assert ([e["position"] for e in result.errors], sold(house)) == ([bad.pk], ["good"])
    assert (kinds(bad), last("error").urgency) == (["error"], "critical")
    house.clock.later(30)
    house.run()
    assert (kinds(bad), kinds(good)[-1]) == (["error"], "position_closed")


def test_damage_that_comes_back_after_it_was_mended_is_told_again(house: House) -> None:
    bad, _good = two(house)
    rows = ExitPolicy.objects.filter(position=bad)
    for document in ("{", '{"stop_loss_price": "0.01"}', "{"):
        rows.update(document=document)
        Mark.objects.update(quiet_low=None, quiet_high=None)  # as services that edit rules do
        for _ in range(2):
            house.clock.later(120)
            house.run()
            upkeep(now=house.clock.at)  # finds out whether it is over
    assert kinds(bad).count("error") == 2


def test_complaint_names_the_field(house: House) -> None:
    bad, _good = two(house)
    ExitPolicy.objects.filter(position=bad).update(document='{"stop_loss_pct": "150"}')
    assert house.run().errors == [
        {"position": bad.pk, "error": "exit policy: stop_loss_pct: 150 must be below 100"}
    ]


def test_damaged_memory_is_told_and_the_others_are_judged(house: House) -> None:
    bad, _good = two(house)
    Mark.objects.filter(position=bad).update(state="{")
    result = house.run()
    assert ([e["position"] for e in result.errors], sold(house)) == ([bad.pk], ["good"])


def test_pass_that_could_not_judge_a_position_is_not_complete(house: House) -> None:
    bad, _good = two(house)
    ExitPolicy.objects.filter(position=bad).update(document="{")
    result = house.run()
    assert (result.open, result.checked, result.unpriced) == (2, 1, 0)
    run = MonitorRun.objects.get()
    assert (run.state, run.problem) == ("incomplete", "1 positions could not be judged")


def test_damaged_policy_does_not_bar_the_way_out(house: House) -> None:
    bad, _good = two(house)
    ExitPolicy.objects.filter(position=bad).update(document="[]")
    position_close_request(position_id=bad.pk, actor="ann", now=house.clock.at)
    house.run()
    assert (sold(house), house.exchange.sent[1].floor) == (["good", "bad"], Decimal("0.396"))


FAILURES: list[tuple[str, Any]] = [
    ("failure", TransientError("503")),
    ("failure", ProtocolError("no list")),
    ("failure", TimeoutError()),
    ("failure", KeyError("bid")),
    ("failure", RecursionError()),
    ("garbage", None),
    ("garbage", {"bids": []}),
    ("garbage", Readings({})),
    ("garbage", Readings({999: None})),  # type: ignore[dict-item]
]


@pytest.mark.parametrize(("port", "value"), FAILURES)
def test_failing_venue_leaves_the_others_guarded(house: House, port: str, value: Any) -> None:
    bad, good = two(house, venue="url")
    setattr(house.sources["url"], port, value)
    result = house.run()
    assert ([e["position"] for e in result.errors], sold(house)) == ([bad.pk], ["good"])
    assert (result.complete, result.unpriced) == (True, 1)
    house.clock.later(90)
    house.run()
    assert (kinds(bad), kinds(good)[-1]) == (["unpriced"], "position_closed")


def test_venue_that_nobody_serves_leaves_the_others_guarded(house: House) -> None:
    bad, _good = two(house, venue="url")
    del house.sources["url"]
    result = house.run()
    assert (result.errors, sold(house)) == (
        [{"position": bad.pk, "error": "KeyError in the url price source"}],
        ["good"],
    )


def test_pass_without_any_answer_is_not_complete(house: House) -> None:
    house.position(policy=STOP)
    house.sources["polymarket"].failure = TransientError("POST venue/books: 500")
    result = house.run()
    assert (result.complete, result.problem) == (False, "no price source answered")
    assert [error["error"] for error in result.errors] == ["POST venue/books: 500"]


@pytest.mark.parametrize(
    "told",
    [
        Offers((("NaN", DEEP),), (("0.5", DEEP),)),
        Offers((("sNaN", DEEP),), (("0.5", DEEP),)),
        Offers((("0.44", DEEP),), (("NaN", DEEP),)),
        Offers((("1e-400", DEEP),), (("0.5", DEEP),)),
        Offers((("0.44", "NaN"),), (("0.5", DEEP),)),
    ],
)
def test_price_that_is_no_number_is_that_markets_problem_alone(house: House, told: Told) -> None:
    bad, _good = two(house)
    house.says("bad", told)
    result = house.run()
    assert (sold(house), result.unpriced) == (["good"], 1)
    assert Mark.objects.get(position=bad).problem == "price outside the market's range"


def test_enormous_price_of_an_instrument_is_refused(house: House) -> None:
    two(house, venue="url", payout=None, min_size=None)
    house.says("bad", Offers((("1e400", "1"),), last=True), venue="url")
    assert (house.run().unpriced, sold(house)) == (1, ["good"])


@pytest.mark.parametrize(
    "status",
    [
        MarketStatus("resolved", Decimal("1.5")),
        MarketStatus("resolved", Decimal(-1)),
        MarketStatus("resolved", Decimal("NaN")),
        None,
    ],
)
def test_settlement_that_cannot_be_is_not_believed(house: House, status: Any) -> None:
    bad, _good = two(house)
    house.says("bad", None)
    house.sources["polymarket"].states["bad"] = status
    house.run()
    assert (sold(house), Market.objects.get(key="bad").state) == (["good"], "open")
    assert kinds(bad, told="settled") == []


def test_unreadable_states_leave_prices_alone(house: House) -> None:
    two(house)
    house.says("bad", None)
    for error in (TransientError("503"), KeyError("state")):
        house.sources["polymarket"].status_failure = error
        house.run()
        house.clock.later(61)
    assert sold(house) == ["good"]


def _raises(error: Exception) -> Deed:
    def deed(order: Order, book: object) -> Report:
        raise error

    return deed


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (RejectedError("400 bad size"), "pending"),
        (TransientError("no connection"), "pending"),
        (RuntimeError("a defect"), "working"),
    ],
)
def test_exit_that_fails_is_told_once_and_the_others_go_on(
    house: House, error: Exception, state: str
) -> None:
    bad, good = two(house)
    house.exchange.plan.append(_raises(error))
    house.run()
    assert Exit.objects.get(position=bad).state == state
    assert kinds(bad) == ["exit_decided", "exit_failed"]
    assert (last("exit_failed").urgency, kinds(good)[-1]) == ("critical", "position_closed")
    house.exchange.plan.append(_raises(error))
    house.run()
    assert kinds(bad).count("exit_failed") == 1
    house.run()
    assert (kinds(bad)[-1], house.exchange.sold) == ("position_closed", Decimal(200))


@pytest.mark.parametrize(
    "report",
    [
        lambda order: Report(order.key, ()),
        lambda order: None,
        lambda order: Report(order.key, (None,)),  # type: ignore[arg-type]
    ],
)
def test_report_that_makes_no_sense_books_nothing(
    house: House, report: Callable[[Order], Any]
) -> None:
    bad, _good = two(house)
    house.exchange.plan.append(lambda order, book: report(order))
    house.run()
    bad.refresh_from_db()
    assert (bad.shares, bad.realised_pnl, sold(house)) == (100, 0, ["bad", "good"])


def test_venue_that_hangs_keeps_no_other_venues_stop_waiting(house: House) -> None:
    two(house, venue="url")
    sent, in_time = Event(), list[bool]()
    house.exchange.before = lambda order: sent.set()
    house.sources["url"].on_read = lambda: in_time.append(sent.wait(20))
    house.run()
    assert (sorted(sold(house)), in_time) == (["bad", "good"], [True])
