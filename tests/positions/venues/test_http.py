from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from positions.venues.base import PermanentError, ProtocolError, TransientError
from positions.venues.guard import Guard
from positions.venues.http import (
    HttpClient,
    NotSentError,
    RedirectError,
    StatusError,
    ThrottledError,
    backoff,
    retry_after_seconds,
    route,
)
from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request, json_reply

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Echo(FakeServer):
    """Answers what it was asked; /big, /age, /moved and /elsewhere are special."""

    def handle(self, request: Request) -> Reply:
        match request.path:
            case "/big":
                return Reply(200, b'"' + b"x" * 5000 + b'"')
            case "/age":
                return json_reply([], headers={"Age": "45"})
            case "/moved":
                return Reply(302, b"", {"Location": "/here"})
            case "/loop":
                return Reply(302, b"", {"Location": "/loop"})
            case "/nan":
                return Reply(200, b'{"p": NaN}')
        body = request.json() if request.body else None
        return json_reply({"path": request.path, "query": request.query, "body": body, "p": 0.1})


class Times:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.at = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def client(times: Times) -> HttpClient:
    return HttpClient(
        clock=times.clock,
        sleep=times.sleep,
        now=lambda: NOW,
        rng=random.Random(1),
        max_bytes=4000,
    )


@pytest.fixture
def server() -> Iterator[Echo]:
    with Echo() as running:
        yield running


def test_get_sends_repeated_parameters_and_reads_exact_numbers(
    server: Echo, client: HttpClient
) -> None:
    data = client.get(server.url + "/a", params={"id": ["1", "2"], "x": "y"}).data
    assert data["query"] == {"id": ["1", "2"], "x": ["y"]}
    assert data["p"] == Decimal("0.1")


def test_post_sends_json(server: Echo, client: HttpClient) -> None:
    assert client.post(server.url + "/a", [{"token_id": "1"}]).data["body"] == [{"token_id": "1"}]


@pytest.mark.parametrize("kind", ["500", "503", "425", "429", "reset", "drop", "truncated", "html"])
def test_passing_failure_is_tried_again(
    server: Echo, client: HttpClient, times: Times, kind: str
) -> None:
    server.knob(kind, times=2)
    assert client.get(server.url + "/a").data["path"] == "/a"
    assert len(server.requests("/a")) == 3
    assert [round(wait, 2) for wait in times.slept] == [0.17, 0.55]


@pytest.mark.parametrize(
    ("kind", "error", "text"),
    [
        ("500", TransientError, "GET 127.0.0.1/a: 500 status 500"),
        ("429", ThrottledError, "GET 127.0.0.1/a: 429 status 429"),
        ("drop", TransientError, "GET 127.0.0.1/a: connection broken (ConnectionError)"),
        ("reset", TransientError, "GET 127.0.0.1/a: connection broken (ProtocolError)"),
        ("html", ProtocolError, "GET 127.0.0.1/a: not readable as JSON (text/html, 44 bytes)"),
    ],
)
def test_lasting_failure_is_named(
    server: Echo, client: HttpClient, kind: str, error: type[Exception], text: str
) -> None:
    server.knob(kind)
    with pytest.raises(error) as caught:
        client.get(server.url + "/a", params={"key": "hunter2"})
    assert str(caught.value) == text
    assert len(server.requests("/a")) == 4


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_refusal_is_not_tried_again(server: Echo, client: HttpClient, status: int) -> None:
    server.knob(str(status))
    with pytest.raises(StatusError) as caught:
        client.get(server.url + "/a")
    assert (caught.value.status, len(server.requests("/a"))) == (status, 1)


def test_retry_after_is_waited_for(server: Echo, client: HttpClient, times: Times) -> None:
    server.knob("429", times=1, retry_after=7)
    server.knob("503", times=1, retry_after="Sun, 22 Nov 2026 12:00:09 GMT")
    client.get(server.url + "/a")
    assert times.slept == [7.0, 9.0]


def test_retry_after_beyond_the_deadline_is_handed_on(
    server: Echo, client: HttpClient, times: Times
) -> None:
    server.knob("429", retry_after=60)
    with pytest.raises(ThrottledError) as caught:
        client.get(server.url + "/a", deadline=times.clock() + 20)
    assert (caught.value.retry_after, times.slept) == (60.0, [])


def test_refused_connection_was_never_sent(client: HttpClient) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NotSentError, match=r"^GET 127\.0\.0\.1/a: no connection$"):
            client.get(f"http://127.0.0.1:{taken.getsockname()[1]}/a")


def test_hanging_answer_ends_with_the_deadline(server: Echo) -> None:
    client = HttpClient(rng=random.Random(1))
    server.knob("hang", seconds=30)
    started = time.monotonic()
    with pytest.raises(TransientError, match="no answer in time"):
        client.get(server.url + "/a", deadline=started + 0.4)
    assert time.monotonic() - started < 2


def test_no_time_left_asks_nothing(server: Echo, client: HttpClient, times: Times) -> None:
    with pytest.raises(TransientError, match="no time left"):
        client.get(server.url + "/a", deadline=times.clock())
    assert server.requests() == []


@contextmanager
def dripping(head: bytes, piece: bytes, pause: float) -> Iterator[str]:
    """A server that sends its answer in pieces, for ever; yields its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(head)
            while not done.wait(pause):
                try:
                    connection.sendall(piece)
                except OSError:
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/drip"
    finally:
        done.set()
        thread.join()
        listener.close()


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"1"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n1\r\n"),
    ],
)
def test_dripping_answer_ends_with_the_deadline(head: bytes, piece: bytes) -> None:
    started = time.monotonic()
    with dripping(head, piece, 0.05) as url, pytest.raises(TransientError, match="too slow"):
        HttpClient(tries=1).get(url, deadline=started + 0.5)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"],
)
@pytest.mark.parametrize("guard", [None, Guard(allowed={"127.0.0.1"})])
def test_dripping_head_ends_with_the_deadline(head: bytes, guard: Guard | None) -> None:
    """Each byte comes in time, and no line ever ends: no time-out of a socket sees it."""
    started = time.monotonic()
    with dripping(head, b"a", 0.05) as url, pytest.raises(TransientError, match="in time"):
        HttpClient(tries=1, guard=guard).get(url, deadline=started + 0.3)
    assert time.monotonic() - started < 2


def test_dripping_handshake_ends_with_the_deadline() -> None:
    started = time.monotonic()
    record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\x00"  # of 16 kB, which never comes to its end
    with dripping(record, b"a", 0.05) as url, pytest.raises(TransientError, match="in time"):
        HttpClient(tries=1).get(url.replace("http", "https"), deadline=started + 0.3)
    assert time.monotonic() - started < 2


def test_connection_that_is_used_again_ends_with_the_deadline() -> None:
    """Kept alive, and late with its second answer only."""
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"
    client = HttpClient(tries=1)
    with dripping(whole, b"HTTP/1.1 200 OK ", 0.2) as url:
        assert client.get(url).data == 1
        started = time.monotonic()
        with pytest.raises(TransientError, match="in time"):
            client.get(url, deadline=started + 0.3)
    assert time.monotonic() - started < 2


def test_broken_head_writes_no_query_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A query may hold a key, and urllib3 warns of such heads with the whole address."""
    head = b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"
    with dripping(head, b"1", 0.05) as url, pytest.raises(TransientError, match="too slow"):
        HttpClient(tries=1).get(f"{url}?key=hidden", deadline=time.monotonic() + 0.3)
    assert "hidden" not in caplog.text


def test_too_large_answer_is_refused(server: Echo, client: HttpClient) -> None:
    with pytest.raises(ProtocolError, match=r"/big: answer larger than 4000 bytes"):
        client.get(server.url + "/big")


def test_not_a_number_is_not_json(server: Echo, client: HttpClient) -> None:
    with pytest.raises(ProtocolError, match="not readable as JSON"):
        client.get(server.url + "/nan")


def test_plain_answer_need_not_be_json(server: Echo, client: HttpClient) -> None:
    server.knob("html", times=1)
    assert client.send("GET", server.url + "/a", as_json=False).data is None


def test_age_of_a_cached_answer_is_told(server: Echo, client: HttpClient) -> None:
    assert [client.get(server.url + path).age for path in ("/age", "/a")] == [45.0, 0.0]


def test_redirect_on_the_same_host_is_followed(server: Echo, client: HttpClient) -> None:
    assert client.get(server.url + "/moved").data["path"] == "/here"
    with pytest.raises(PermanentError, match="more than 3 redirects"):
        client.get(server.url + "/loop")


@pytest.mark.parametrize("location", ["http://localhost/x", "https://127.0.0.1/x"])
def test_redirect_elsewhere_is_refused(server: Echo, client: HttpClient, location: str) -> None:
    server.knob("redirect", location=location)
    with pytest.raises(PermanentError, match="not followed"):
        client.get(server.url + "/a")
    assert len(server.requests("/a")) == 1


def test_guard_is_asked_at_each_hop(server: Echo) -> None:
    allowed = HttpClient(guard=Guard((f"127.0.0.1:{server.port}",)))
    assert allowed.get(server.url + "/moved").data["path"] == "/here"
    with pytest.raises(PermanentError, match=r"127\.0\.0\.1: only https is called"):
        HttpClient(guard=Guard()).get(server.url + "/moved")


def test_single_try_is_single(server: Echo, client: HttpClient) -> None:
    server.knob("500")
    with pytest.raises(TransientError):
        client.send("POST", server.url + "/a", body={}, tries=1)
    assert len(server.requests("/a")) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("120", 120.0),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30.0),
        ("inf", None),
        ("nan", None),
    ],
)
def test_retry_after_reads_seconds_and_dates(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text, NOW) == seconds


@pytest.mark.parametrize(("attempt", "low", "high"), [(0, 0.15, 0.3), (2, 0.6, 1.2), (9, 2.5, 5)])
def test_backoff_doubles_up_to_its_limit(attempt: int, low: float, high: float) -> None:
    waits = [backoff(attempt, random.Random(seed)) for seed in range(50)]
    assert low <= min(waits) < max(waits) <= high


def test_route_names_no_query_user_or_port() -> None:
    assert route("GET", "https://u:p@example.org:8443/a/b?key=1#f") == "GET example.org/a/b"


def test_session_is_not_shared_with_a_forked_process(client: HttpClient) -> None:
    session = client._session()
    child = os.fork()
    if child == 0:
        os._exit(0 if client._session() is not session else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client._session() is session


def test_headers_are_sent_also_after_a_redirect_at_home(server: Echo, client: HttpClient) -> None:
    client.send("GET", server.url + "/moved", headers={"X-Mine": "1"})
    assert [call.request.headers.get("X-Mine") for call in server.requests()] == ["1", "1"]


def test_unchanged_answer_is_told_to_who_asked_for_it(server: Echo, client: HttpClient) -> None:
    server.knob("304")
    asked = {"If-None-Match": '"1"'}
    answer = client.send("GET", server.url + "/a", headers=asked, as_json=False)
    assert (answer.status, answer.data, answer.body) == (304, None, b"")
    with pytest.raises(ProtocolError, match="304, though nobody asked"):
        client.send("GET", server.url + "/a", headers={"X-Mine": "1"}, tries=1)


def test_redirect_elsewhere_names_its_target(server: Echo, client: HttpClient) -> None:
    server.knob("redirect", location="https://elsewhere.example/x?y=1")
    with pytest.raises(RedirectError) as caught:
        client.get(server.url + "/a")
    assert caught.value.target == "https://elsewhere.example/x?y=1"


def test_error_status_that_the_caller_reads_himself_is_an_answer() -> None:
    with Echo() as server:
        server.knob("503", retry_after=9)
        answer = HttpClient().send("POST", server.url, answers={503}, as_json=False)
        assert (answer.status, answer.headers["Retry-After"], answer.data) == (503, "9", None)
        assert len(server.calls) == 1
        with pytest.raises(TransientError):
            HttpClient(tries=1).send("POST", server.url, answers={500})


def test_quiet_is_how_long_a_first_byte_may_take() -> None:
    with Echo() as server:
        server.knob("hang", seconds=0.3)
        with pytest.raises(TransientError, match="no answer in time"):
            HttpClient(tries=1).send("GET", f"{server.url}/x", quiet=0.1)
        assert HttpClient(tries=1).send("GET", f"{server.url}/x", quiet=2.0).status == 200
