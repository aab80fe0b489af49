"""P15: no address that a person can type leads into the network behind us.

Each is given to a JSON price and to a Discord channel of the real product code; a server on
loopback counts who reached it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from monitoring.alerts.transports.base import Message
from monitoring.alerts.transports.discord import Discord
from monitoring.health import ping_heartbeat
from positions.venues.base import Instrument
from positions.venues.guard import Guard
from positions.venues.http import HttpClient
from positions.venues.http_json import JsonPriceSource
from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request, json_reply

MESSAGE = Message(1, "critical", "title", "body", "", datetime(2026, 11, 22, tzinfo=UTC))


class Inside(FakeServer):
    """What must not be reached; /to?url= leads on to other places."""

    def handle(self, request: Request) -> Reply:
        if request.path == "/to":
            return Reply(302, b"", {"Location": request.param("url")})
        return json_reply({"price": "0.5", "id": "1"})


@pytest.fixture
def inside() -> Iterator[Inside]:
    with Inside() as running:
        yield running


def price_of(url: str, allowed: Collection[str] = ()) -> str:
    """What a JSON price of this address says: an error, or "" for a price."""
    config: Any = SimpleNamespace(
        name="x", title="", url=url, price_path="price", bid_path="", ask_path="", time_path="",
        time_unit="s", scale="1", currency="USD", payout=None, tick=None,
    )  # fmt: skip
    http = HttpClient(tries=1, guard=Guard(allowed))
    source = JsonPriceSource(http, configs=lambda _: {"x": config})
    found = source.read([Instrument(1, "url", "x", "", "", None)], deadline=time.monotonic() + 10)
    return found.errors.get(1, "")


HOSTS = [
    "127.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0.0.1",
    "017700000001",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[0:0:0:0:0:ffff:10.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001:0:53aa:64c:0:0:80ff:fffe]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", HOSTS)
def test_no_spelling_of_a_private_address_is_called(inside: Inside, scheme: str, host: str) -> None:
    url = f"{scheme}://{host}:{inside.port}/"
    why = "private or local" if scheme == "https" else "only https is called"
    assert why in price_of(url)
    answer = Discord().send(f"{url}api/webhooks/1/abc", MESSAGE)
    assert (answer.status, answer.refused, len(inside.calls)) == (None, True, 0)


@pytest.mark.parametrize(
    "address",
    [
        "http://ⓛocalhost:{port}/",
        "http://127。0。0。1:{port}/",
        "http://１２７.０.０.１:{port}/",
        "http://①②⑦.0.0.1:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://example.org@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\\@example.org/",
        "http://example.org#@127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "127.0.0.1:{port}",
        "http:/127.0.0.1:{port}/",
        " http://127.0.0.1:{port}/",
        "http://127.0.0.1 :{port}/",
        "",
    ],
)
def test_what_parsers_read_differently_is_not_called(inside: Inside, address: str) -> None:
    url = address.format(port=inside.port)
    assert price_of(url) != ""
    assert (Discord().send(url, MESSAGE).refused, len(inside.calls)) == (True, 0)


def test_allow_list_lets_a_host_in_and_honours_its_port(inside: Inside) -> None:
    here = f"127.0.0.1:{inside.port}"
    assert (price_of(f"http://{here}/", {here}), len(inside.calls)) == ("", 1)
    assert "only https" in price_of(f"http://{here}/", {f"127.0.0.1:{inside.port + 1}"})
    assert price_of(f"http://2130706433:{inside.port}/", {here}) != ""
    assert len(inside.calls) == 1


def test_redirect_does_not_lead_past_the_list(inside: Inside) -> None:
    with Inside() as outside:
        allowed = {f"127.0.0.1:{outside.port}"}
        told = price_of(f"{outside.url}/to?url={inside.url}/secret", allowed)
        assert "redirects to 127.0.0.1, not followed" in told
        answer = Discord(allowed).send(f"{outside.url}/to?url={inside.url}/secret", MESSAGE)
        assert (answer.status, len(inside.calls)) == (302, 0)


@pytest.mark.django_db
def test_heartbeat_is_the_operators_own_and_follows_no_redirect_elsewhere(
    inside: Inside, settings: Any
) -> None:
    with Inside() as outside:
        settings.HEARTBEAT_URL = f"{outside.url}/ping"
        assert ping_heartbeat(complete=True)
        settings.HEARTBEAT_URL = f"{outside.url}/to?url={inside.url}/secret"
        assert not ping_heartbeat(complete=True)
    assert len(inside.calls) == 0


def test_name_that_resolves_inward_is_refused() -> None:
    guard = Guard(lookup=lambda _: ["93.184.216.34", "169.254.169.254"])
    config: Any = SimpleNamespace(url="https://rebind.example/")
    with pytest.raises(Exception, match=r"rebind\.example: a private or local address"):
        JsonPriceSource(HttpClient(tries=1, guard=guard)).book(config)


class TestProxyOfTheEnvironment:
    """It resolves names for us; what stands in the address itself is still refused."""

    @pytest.fixture
    def proxy(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
        with Inside() as running:
            for name in ("http_proxy", "https_proxy"):
                monkeypatch.setenv(name, running.url)
            monkeypatch.setenv("no_proxy", "direct.lan")
            yield running

    def test_is_asked_for_the_whole_address(self, proxy: Inside) -> None:
        assert price_of("http://nas.lan/price", {"nas.lan"}) == ""
        assert [call.request.target for call in proxy.calls] == ["http://nas.lan/price"]

    @pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "localhost", "[::1]", "10.0.0.1"])
    def test_is_not_asked_for_private_ones(self, proxy: Inside, host: str) -> None:
        assert "private or local" in price_of(f"https://{host}/")
        assert len(proxy.calls) == 0

    def test_is_not_used_for_hosts_of_no_proxy(self, proxy: Inside) -> None:
        assert "cannot be resolved" in price_of("http://direct.lan/", {"direct.lan"})
        assert len(proxy.calls) == 0
