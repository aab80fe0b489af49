"""The connection goes where the guard looked, for the name that was asked."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from positions.venues.base import PermanentError
from positions.venues.guard import Guard
from positions.venues.pinned import session
from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request, json_reply

PEM = Path(__file__).parents[2] / "security" / "tls" / "prices.example.pem"
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"  # the server's address, and one where nobody listens


class Secure(FakeServer):
    """Speaks TLS as prices.example and tells by which name it was asked."""

    def __init__(self) -> None:
        super().__init__()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(PEM)
        self._http.socket = context.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle(self, request: Request) -> Reply:
        return json_reply({"host": request.headers["Host"]})


@pytest.fixture
def server() -> Iterator[Secure]:
    with Secure() as running:
        yield running


class Names:
    """A name server whose answers change: the last one stays."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str) -> list[str]:
        self.asked += 1
        return [self.answers[min(self.asked, len(self.answers)) - 1]]


def calls(names: Names, *, public: str) -> requests.Session:
    return session(Guard(lookup=names, public=public.__eq__))


def test_name_is_kept_for_host_header_and_certificate(server: Secure) -> None:
    with calls(Names(HERE), public=HERE) as client:
        told = client.get(f"https://prices.example:{server.port}/", timeout=5, verify=str(PEM))
    assert told.json() == {"host": f"prices.example:{server.port}"}


def test_certificate_of_another_name_is_refused(server: Secure) -> None:
    with calls(Names(HERE), public=HERE) as client, pytest.raises(requests.exceptions.SSLError):
        client.get(f"https://other.example:{server.port}/", timeout=5, verify=str(PEM))
    assert len(server.calls) == 0


def test_name_that_changes_after_the_check_is_not_followed(server: Secure) -> None:
    names = Names(ELSEWHERE, HERE)
    url = f"https://prices.example:{server.port}/"
    with calls(names, public=ELSEWHERE) as client:
        with pytest.raises(requests.ConnectionError):
            client.get(url, timeout=5, verify=str(PEM))
        assert names.asked == 1
        with pytest.raises(PermanentError, match="private or local"):
            client.get(url, timeout=5, verify=str(PEM))
    assert (names.asked, len(server.calls)) == (2, 0)


def test_dead_address_gives_way_to_the_next(server: Secure) -> None:
    guard = Guard(lookup=lambda _: [ELSEWHERE, HERE], public=lambda _: True)
    with session(guard) as client:
        assert client.get(f"https://prices.example:{server.port}/", timeout=5, verify=str(PEM)).ok


def test_address_list_is_not_tried_for_ever(server: Secure) -> None:
    guard = Guard(lookup=lambda _: [ELSEWHERE] * 3 + [HERE], public=lambda _: True)
    with session(guard) as client, pytest.raises(requests.ConnectionError):
        client.get(f"https://prices.example:{server.port}/", timeout=5, verify=str(PEM))
    assert len(server.calls) == 0


def test_session_without_a_guard_calls_whatever_it_is_asked_to() -> None:
    class Plain(FakeServer):
        def handle(self, request: Request) -> Reply:
            return json_reply(request.headers.get("User-Agent"))

    with Plain() as plain, session() as client:
        assert client.get(plain.url, timeout=5).json() == "position-manager"
