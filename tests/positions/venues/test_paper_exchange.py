from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from positions.domain.book import Book
from positions.domain.pnl import FillPart
from positions.venues.base import (
    Executor,
    Instrument,
    Order,
    ProtocolError,
    RejectedError,
    Report,
    TransientError,
    UncertainError,
)
from positions.venues.http import HttpClient
from positions.venues.paper_exchange import HttpPaperExecutor, report_of, token_of
from tests.fakes.exchange import ExchangeServer

EMPTY = Book(datetime(2026, 11, 22, tzinfo=UTC))
YES = Instrument(1, "polymarket", "0xab", "Yes", "11", Decimal(1))
ORDER = Order("k1", YES, Decimal(100), Decimal("0.40"))


@pytest.fixture
def server() -> Iterator[ExchangeServer]:
    with ExchangeServer() as running:
        yield running


@pytest.fixture
def executor(server: ExchangeServer) -> Executor:
    http = HttpClient(sleep=lambda _: None, rng=random.Random(1))
    return HttpPaperExecutor(http, server.url)


def fill(price: str, shares: str, fee: str = "0") -> FillPart:
    return FillPart(Decimal(price), Decimal(shares), Decimal(fee))


def test_order_is_filled_level_by_level(server: ExchangeServer, executor: Executor) -> None:
    server.fee_rate = Decimal("0.05")
    server.set_book("11", [("0.50", "20"), ("0.45", "30"), ("0.39", "99")])
    fills = (fill("0.50", "20", "0.25"), fill("0.45", "30", "0.37125"))
    assert executor.sell(ORDER, EMPTY) == Report("k1", fills)


def test_unmatched_order_has_no_fills(server: ExchangeServer, executor: Executor) -> None:
    server.set_fallback(None)
    assert executor.sell(ORDER, EMPTY) == Report("k1", ())


def test_partial_fill_is_told(server: ExchangeServer, executor: Executor) -> None:
    server.partial("30.5")
    assert executor.sell(ORDER, EMPTY).fills == (fill("0.40", "30.5"),)


@pytest.mark.parametrize("kind", ["reset", "truncated", "html", "wrong_json", "500", "503"])
def test_lost_answer_is_uncertain_and_can_be_looked_up(
    server: ExchangeServer, executor: Executor, kind: str
) -> None:
    server.knob(kind, route="orders", times=1, **({"after": True} if kind.isdecimal() else {}))
    with pytest.raises(UncertainError, match=r"^no answer to order k1: "):
        executor.sell(ORDER, EMPTY)
    assert executor.lookup(ORDER) == Report("k1", (fill("0.40", "100"),))
    assert len(server.requests("/orders")) == 2


def test_lost_request_is_uncertain_and_was_never_seen(
    server: ExchangeServer, executor: Executor
) -> None:
    server.lose_requests()
    with pytest.raises(UncertainError):
        executor.sell(ORDER, EMPTY)
    assert executor.lookup(ORDER) is None


def test_order_is_sent_once_by_itself(server: ExchangeServer, executor: Executor) -> None:
    server.lose_requests(None)
    with pytest.raises(UncertainError):
        executor.sell(ORDER, EMPTY)
    assert len(server.requests("/orders")) == 1


def test_same_key_sold_again_sells_once(server: ExchangeServer, executor: Executor) -> None:
    assert executor.sell(ORDER, EMPTY) == executor.sell(ORDER, EMPTY)
    assert server.sold("11") == Decimal(100)


def test_late_order_with_the_same_key_sells_once(
    server: ExchangeServer, executor: Executor
) -> None:
    server.late(0.2)
    with pytest.raises(UncertainError):
        executor.sell(ORDER, EMPTY)
    assert executor.lookup(ORDER) is None
    report = executor.sell(ORDER, EMPTY)
    deadline = time.monotonic() + 3
    while server.orders["k1"].attempts < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (server.orders["k1"].attempts, server.sold("11")) == (2, Decimal(100))
    assert executor.lookup(ORDER) == report


def test_throttled_order_was_not_executed(server: ExchangeServer, executor: Executor) -> None:
    server.knob("429", times=1, retry_after=3)
    with pytest.raises(TransientError) as caught:
        executor.sell(ORDER, EMPTY)
    assert (caught.value.retry_after, server.executed()) == (3.0, [])


@pytest.mark.parametrize("status", ["400", "403", "404", "409"])
def test_refused_order_is_rejected(server: ExchangeServer, executor: Executor, status: str) -> None:
    server.knob(status, times=1)
    with pytest.raises(RejectedError, match=rf"POST 127\.0\.0\.1/orders: {status}"):
        executor.sell(ORDER, EMPTY)


def test_dead_venue_was_never_reached() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        executor = HttpPaperExecutor(
            HttpClient(sleep=lambda _: None), f"http://127.0.0.1:{taken.getsockname()[1]}"
        )
        with pytest.raises(TransientError, match="no connection"):
            executor.sell(ORDER, EMPTY)
        with pytest.raises(TransientError, match="no connection"):
            executor.lookup(ORDER)


@pytest.mark.parametrize("kind", ["500", "403", "html", "wrong_json", "drop"])
def test_unclear_lookup_is_no_answer(server: ExchangeServer, executor: Executor, kind: str) -> None:
    executor.sell(ORDER, EMPTY)
    server.knob(kind, method="GET")
    with pytest.raises(TransientError):
        executor.lookup(ORDER)


def test_key_may_hold_any_character(server: ExchangeServer, executor: Executor) -> None:
    order = replace(ORDER, key="exit 7/2?")
    assert executor.sell(order, EMPTY) == executor.lookup(order)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "other"},
        {"fills": None},
        {"fills": ["x"]},
        {"filled": "99"},
        {"filled": "NaN"},
        {"fills": [{"price": "0.4", "shares": "500", "fee": "0"}], "filled": "500"},
        {"fills": [{"price": "0.4", "shares": "100"}]},
    ],
)
def test_report_that_cannot_be_true_is_refused(changes: dict[str, Any]) -> None:
    part = {"price": "0.4", "shares": "100", "fee": "0"}
    report = {"key": "k1", "fills": [part], "filled": "100", **changes}
    with pytest.raises(ProtocolError, match="report of order k1"):
        report_of(report, ORDER)


def test_instrument_without_a_token_has_a_name_of_its_own() -> None:
    order = replace(ORDER, instrument=replace(YES, venue="sim", token="", key="dip"))
    assert token_of(order) == "sim:dip:Yes"
