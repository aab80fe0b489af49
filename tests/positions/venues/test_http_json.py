from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from positions.domain.book import Book, Level
from positions.models import JsonSource
from positions.venues.base import Instrument, PermanentError, PriceSource, ProtocolError
from positions.venues.guard import Guard
from positions.venues.http import HttpClient
from positions.venues.http_json import ENDLESS, JsonPriceSource, at_path, book_of, stored_configs
from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request, json_reply

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
UNIX = int(NOW.timestamp())


@dataclass
class Config:
    """The fields of a JsonSource without a database."""

    name: str = "kse100"
    title: str = "KSE-100"
    url: str = "https://example.org/x"
    price_path: str = "data.0.1"
    bid_path: str = ""
    ask_path: str = ""
    time_path: str = ""
    time_unit: str = "s"
    scale: Any = Decimal(1)
    currency: str = "PKR"
    payout: Any = None
    tick: Any = None

    def __str__(self) -> str:
        return f"url:{self.name}"


class Prices(FakeServer):
    """Serves what `answers` holds by path."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Any] = {}

    def handle(self, request: Request) -> Reply:
        if request.path in self.answers:
            return json_reply(self.answers[request.path])
        return json_reply({"error": "no such price"}, 404)


@pytest.fixture
def server() -> Iterator[Prices]:
    with Prices() as running:
        yield running


def source_of(*configs: Config, allowed: Collection[str] = ("127.0.0.1",)) -> JsonPriceSource:
    known = {config.name: config for config in configs}

    def find(names: Collection[str]) -> Mapping[str, Config]:
        return {name: known[name] for name in names if name in known}

    guard = Guard(allowed, lookup=lambda _: ["10.0.0.5"])
    source = JsonPriceSource(HttpClient(now=lambda: NOW, tries=1, guard=guard), configs=find)
    port: PriceSource = source
    assert port.venue == "url"
    return source


def held(*names: str) -> list[Instrument]:
    return [Instrument(n, "url", name, "", "", None) for n, name in enumerate(names, start=1)]


def soon() -> float:
    return time.monotonic() + 10


def read(config: Config, data: Any) -> Book:
    return book_of(config, data, NOW, NOW)


def test_one_price_is_bid_ask_and_last(server: Prices) -> None:
    server.answers["/kse"] = {"status": 1, "data": [[UNIX, 80123.45, 1200]]}
    readings = source_of(Config(url=server.url + "/kse")).read(held("kse100"), deadline=soon())
    book = readings.books[1]
    level = Level(Decimal("80123.45"), ENDLESS)
    assert (book.bids, book.asks, book.kind, book.told_at) == ((level,), (level,), "last", NOW)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("data.0.1", 7),
        ("data.-1.0", 4),
        ("data[0][1]", 7),
        ("$.data[1][0]", 4),
        ("by.name", 5),
        ("by.0", 6),
        ("", {"data": [[3, 7], [4]], "by": {"name": 5, "0": 6}}),
    ],
)
def test_path_leads_through_objects_and_lists(path: str, wanted: Any) -> None:
    assert at_path({"data": [[3, 7], [4]], "by": {"name": 5, "0": 6}}, path, "x") == wanted


@pytest.mark.parametrize(
    ("path", "step"),
    [("data.9.1", "9"), ("data.x", "x"), ("nope.0", "nope"), ("by.name.deep", "deep")],
)
def test_path_into_nothing_names_the_step(path: str, step: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        at_path({"data": [[1]], "by": {"name": 5}}, path, "url:x: price")
    assert str(caught.value) == f"url:x: price at {path}: nothing at {step!r}"


@pytest.mark.parametrize(
    ("value", "scale", "price"),
    [
        ("80,123.45", "1", "80123.45"),
        (4410, "100", "44.1"),
        (Decimal("0.1"), "1", "0.1"),
        (" 5 ", "1", "5"),
    ],
)
def test_price_is_divided_by_the_scale(value: Any, scale: str, price: str) -> None:
    book = read(Config(price_path="p", scale=Decimal(scale)), {"p": value})
    assert book.top == Decimal(price)


@pytest.mark.parametrize("value", [None, "", "n/a", True, [], {}, 0, -3, "NaN", "Infinity"])
def test_what_is_no_price_is_named(value: Any) -> None:
    with pytest.raises(ProtocolError, match=r"^url:kse100: (price at p is|no price at p)"):
        read(Config(price_path="p"), {"p": value})


def test_bid_and_ask_make_a_book() -> None:
    config = Config(price_path="p", bid_path="b", ask_path="a")
    book = read(config, {"p": 10, "b": 9, "a": 11})
    assert (book.top, book.ask, book.kind) == (Decimal(9), Decimal(11), "book")
    quiet = read(config, {"p": 10, "b": None, "a": 11})
    assert (quiet.bids, quiet.ask) == ((), Decimal(11))


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (UNIX - 90, "s"),
        (str(UNIX - 90), "s"),
        ((UNIX - 90) * 1000, "ms"),
        ("2026-11-22T11:58:30Z", "iso"),
        ("2026-11-22T16:58:30+05:00", "iso"),
        ("2026-11-22 11:58:30", "iso"),
    ],
)
def test_age_counts_from_the_sources_own_time(value: Any, unit: str) -> None:
    book = read(Config(price_path="p", time_path="t", time_unit=unit), {"p": 1, "t": value})
    assert NOW - book.told_at == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("value", "unit"), [("soon", "iso"), ("x", "s"), (None, "s"), (10**20, "s"), (5, "iso")]
)
def test_unreadable_time_is_named(value: Any, unit: str) -> None:
    with pytest.raises(ProtocolError, match=r"^url:kse100: time at t is "):
        read(Config(price_path="p", time_path="t", time_unit=unit), {"p": 1, "t": value})


def test_time_in_the_future_is_refused_beyond_a_minute() -> None:
    config = Config(price_path="p", time_path="t")
    assert read(config, {"p": 1, "t": UNIX + 30}).told_at == NOW
    with pytest.raises(ProtocolError, match="lies in the future, 2026-11-22 12:05Z"):
        read(config, {"p": 1, "t": UNIX + 300})


def test_one_bad_source_does_not_stop_the_others(server: Prices) -> None:
    server.answers["/good"] = {"data": [[0, 5]]}
    configs = [
        Config(name="good", url=server.url + "/good"),
        Config(name="gone", url=server.url + "/gone"),
        Config(name="odd", url=server.url + "/good", price_path="nope"),
    ]
    readings = source_of(*configs).read(held("good", "gone", "odd", "none"), deadline=soon())
    assert set(readings.books) == {1}
    assert readings.errors == {
        2: "GET 127.0.0.1/gone: 404 no such price",
        3: "url:odd: price at nope: nothing at 'nope'",
        4: "no JSON price named 'none'",
    }


def test_hanging_source_costs_only_itself(server: Prices) -> None:
    server.answers = {"/good": {"data": [[0, 5]]}, "/slow": {"data": [[0, 6]]}}
    server.knob("hang", route="slow", seconds=30)
    configs = [Config(name=n, url=f"{server.url}/{n}") for n in ("slow", "good")]
    started = time.monotonic()
    readings = source_of(*configs).read(held("slow", "good"), deadline=started + 0.5)
    assert (set(readings.books), readings.errors) == (
        {2},
        {1: "GET 127.0.0.1/slow: no answer in time"},
    )
    assert time.monotonic() - started < 2


def test_one_address_is_asked_once_for_many_instruments(server: Prices) -> None:
    server.answers["/kse"] = {"data": [[0, 5]]}
    source = source_of(Config(url=server.url + "/kse"))
    assert set(source.read(held("kse100", "kse100"), deadline=soon()).books) == {1, 2}
    assert len(server.requests()) == 1


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("{server}/kse", "127.0.0.1: only https is called"),
        ("https://intranet.example/kse", "intranet.example: a private or local address"),
    ],
)
def test_private_address_is_not_called(server: Prices, url: str, text: str) -> None:
    config = Config(url=url.format(server=server.url))
    readings = source_of(config, allowed=()).read(held("kse100"), deadline=soon())
    assert readings.errors[1].startswith(text)
    assert server.requests() == []


def test_redirect_into_the_network_is_not_followed(server: Prices) -> None:
    server.knob("redirect", location="http://169.254.169.254/latest")
    readings = source_of(Config(url=server.url + "/kse")).read(held("kse100"), deadline=soon())
    assert readings.errors == {1: "GET 127.0.0.1/kse: redirects to 169.254.169.254, not followed"}


def test_key_in_the_address_is_not_told(server: Prices) -> None:
    config = Config(url=server.url + "/kse?apikey=hunter2")
    readings = source_of(config).read(held("kse100"), deadline=soon())
    assert readings.errors == {1: "GET 127.0.0.1/kse: 404 no such price"}


@pytest.mark.parametrize("reference", ["kse100", "url:kse100"])
def test_named_price_is_found(reference: str) -> None:
    (info,) = source_of(Config(tick=Decimal("0.01"))).find(reference)
    assert (info.venue, info.key, info.question) == ("url", "kse100", "KSE-100")
    assert (info.payout, info.currency, info.tick) == (None, "PKR", Decimal("0.01"))


def test_unknown_name_is_refused() -> None:
    with pytest.raises(PermanentError, match="url:none: no JSON price of this name is set up"):
        source_of().find("url:none")


def test_plain_price_is_always_open() -> None:
    status = source_of().status(held("kse100"), deadline=soon())
    assert status[1].state == "open"


@pytest.mark.django_db
def test_prices_of_admin_are_read(server: Prices) -> None:
    server.answers["/cents"] = {"last": 4410}
    JsonSource.objects.create(
        name="cents", url=server.url + "/cents", price_path="last", scale=Decimal(100)
    )
    assert list(stored_configs(["cents", "none"])) == ["cents"]
    source = JsonPriceSource(HttpClient(guard=Guard(("127.0.0.1",))))
    readings = source.read(held("cents"), deadline=soon())
    assert readings.books[1].top == Decimal("44.1")
