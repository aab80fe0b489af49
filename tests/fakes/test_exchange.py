from __future__ import annotations

import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fakes.exchange import ExchangeServer

ROOT = Path(__file__).resolve().parents[2]
Broken = requests.exceptions.RequestException


def sell(server: ExchangeServer, key: str = "k1", **fields: str) -> requests.Response:
    body = {"key": key, "token": "11", "shares": "100", "floor": "0.40", **fields}
    return requests.post(server.url + "/orders", json=body, timeout=2)


def look(server: ExchangeServer, key: str = "k1") -> requests.Response:
    return requests.get(f"{server.url}/orders/{key}", timeout=2)


def parts(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fill["price"], fill["shares"]) for fill in report["fills"]]


def test_order_walks_the_book_down_to_its_floor() -> None:
    with ExchangeServer(fee_rate="0.05") as server:
        server.set_book("11", [("0.45", "30"), ("0.50", "20"), ("0.39", "500")])
        report = sell(server).json()
    assert parts(report) == [("0.50", "20"), ("0.45", "30")]
    assert (report["filled"], report["status"]) == ("50", "partial")
    assert report["fills"][0]["fee"] == "0.25000"


def test_sales_use_up_the_book() -> None:
    with ExchangeServer() as server:
        server.set_book("11", [("0.50", "120")])
        reports = [sell(server, key).json() for key in ("a", "b", "c")]
    assert [report["filled"] for report in reports] == ["100", "20", "0"]
    assert [report["status"] for report in reports] == ["filled", "partial", "unmatched"]


@pytest.mark.parametrize(
    ("fallback", "fills"),
    [("floor", [("0.40", "100")]), ("0.55", [("0.55", "100")]), ("0.10", []), (None, [])],
)
def test_token_without_a_book_takes_the_fallback(
    fallback: str | None, fills: list[tuple[str, str]]
) -> None:
    with ExchangeServer(fallback=fallback) as server:
        assert parts(sell(server).json()) == fills


def test_same_key_sells_once() -> None:
    with ExchangeServer() as server:
        reports = [sell(server).json(), sell(server, floor="0.30").json(), look(server).json()]
        assert (server.sold("11"), server.orders["k1"].attempts) == (Decimal(100), 2)
    assert reports[0] == reports[1] == reports[2]


def test_key_of_another_order_is_refused() -> None:
    with ExchangeServer() as server:
        assert [sell(server).status_code, sell(server, shares="5").status_code] == [200, 409]


def test_order_is_executed_before_an_answer_that_hangs() -> None:
    with ExchangeServer() as server:
        server.knob("hang", route="orders", method="POST", seconds=5, after=True)
        body = {"key": "k1", "token": "11", "shares": "100", "floor": "0.40"}
        with pytest.raises(Broken):
            requests.post(server.url + "/orders", json=body, timeout=0.2)
        assert server.sold("11") == Decimal(100)


def test_lost_answer_leaves_the_order_executed() -> None:
    with ExchangeServer() as server:
        server.lose_answers()
        with pytest.raises(Broken):
            sell(server)
        assert look(server).json()["filled"] == "100"


def test_lost_request_leaves_nothing() -> None:
    with ExchangeServer() as server:
        server.lose_requests()
        with pytest.raises(Broken):
            sell(server)
        assert (look(server).status_code, server.executed()) == (404, [])


def test_late_order_arrives_after_the_reset() -> None:
    with ExchangeServer() as server:
        server.late(0.2)
        with pytest.raises(Broken):
            sell(server)
        assert look(server).status_code == 404
        deadline = time.monotonic() + 3
        while look(server).status_code == 404 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert look(server).json()["filled"] == "100"


def test_partial_limits_one_order() -> None:
    with ExchangeServer() as server:
        server.partial("30")
        reports = [sell(server, key).json() for key in ("a", "b")]
    assert [(report["filled"], report["status"]) for report in reports] == [
        ("30", "partial"),
        ("100", "filled"),
    ]


def test_500_executes_nothing() -> None:
    with ExchangeServer() as server:
        server.knob("500", times=1)
        assert (sell(server).status_code, look(server).status_code) == (500, 404)


def test_store_survives_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "orders.jsonl"
    with ExchangeServer(store=store) as server:
        report = sell(server).json()
    with ExchangeServer(store=store) as server:
        assert look(server).json() == report
        assert sell(server).json() == report
        assert server.sold() == {"11": Decimal(100)}


@pytest.mark.parametrize(
    "fields", [{"shares": "0"}, {"shares": "x"}, {"floor": "-1"}, {"shares": "NaN"}]
)
def test_bad_order_is_refused(fields: dict[str, str]) -> None:
    with ExchangeServer() as server:
        assert (sell(server, **fields).status_code, server.executed()) == (400, [])


def test_log_lists_every_executed_order() -> None:
    with ExchangeServer() as server:
        for key in ("a", "b"):
            sell(server, key)
        log = requests.get(server.url + "/_log", timeout=2).json()
    assert [(order["key"], order["filled"]) for order in log] == [("a", "100"), ("b", "100")]


def test_module_runs_by_itself(tmp_path: Path) -> None:
    store = tmp_path / "orders.jsonl"
    command = [sys.executable, "-m", "tests.fakes.exchange", "--store", str(store)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("PAPER_EXCHANGE_URL=")
        body = {"key": "k", "token": "1", "shares": "5", "floor": "0.4"}
        report = requests.post(url + "/orders", json=body, timeout=5).json()
        process.kill()
    assert report["status"] == "filled"
    with ExchangeServer(store=store) as server:
        assert look(server, "k").json() == report
