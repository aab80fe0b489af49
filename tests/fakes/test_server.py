from __future__ import annotations

import random
import threading
import time

import pytest
import requests

from tests.fakes.cli import knob
from tests.fakes.faults import Fault, Faults
from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request, json_reply

Broken = requests.exceptions.RequestException


class Echo(FakeServer):
    def __init__(self) -> None:
        super().__init__()
        self.handled: list[str] = []

    def handle(self, request: Request) -> Reply:
        self.handled.append(request.path)
        if request.path == "/crash":
            raise RuntimeError("the fake's own mistake")
        return json_reply({"path": request.path, "body": request.body.decode()})


def get(server: FakeServer, path: str = "/a/b", **options: float) -> requests.Response:
    return requests.get(server.url + path, timeout=options.get("timeout", 5))


def test_status_knob_is_used_up() -> None:
    with Echo() as server:
        server.knob("429", times=2, retry_after=7)
        answers = [get(server) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["7", "7", None]


def test_knob_without_count_holds_until_cleared() -> None:
    with Echo() as server:
        server.knob("500")
        before = [get(server).status_code for _ in range(3)]
        server.clear("500")
        assert [*before, get(server).status_code] == [500, 500, 500, 200]


def test_knob_hits_only_its_route_and_token() -> None:
    with Echo() as server:
        server.knob("404", route="a/*", token="123")
        paths = ("/a/b", "/a/b?t=123", "/c/b?t=123")
        assert [get(server, path).status_code for path in paths] == [200, 404, 200]


def test_reset_does_the_work_and_drop_does_not() -> None:
    with Echo() as server:
        for kind in ("reset", "drop"):
            server.knob(kind, times=1)
            with pytest.raises(Broken):
                get(server, f"/{kind}")
        assert server.handled == ["/reset"]


def test_truncated_json_arrives_as_a_whole_answer() -> None:
    with Echo() as server:
        server.knob("truncated", times=1)
        answer = get(server)
    assert answer.status_code == 200
    assert answer.text == '{"path":"/a/'


def test_hang_answers_late() -> None:
    with Echo() as server:
        server.knob("hang", seconds=0.2, times=1)
        started = time.monotonic()
        assert get(server).status_code == 200
        assert time.monotonic() - started >= 0.2


def test_redirect_names_its_place() -> None:
    with Echo() as server:
        server.knob("redirect", location="http://example.invalid/x")
        answer = requests.get(server.url, timeout=5, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://example.invalid/x")


def test_control_and_calls_work_from_another_process() -> None:
    with Echo() as server:
        command = {"do": "knob", "kind": "503", "times": 1}
        assert requests.post(server.url + "/_control", json=command, timeout=5).json()["ok"]
        assert get(server).status_code == 503
        calls = get(server, "/_calls").json()
    assert [(call["path"], call["status"], call["fault"]) for call in calls] == [
        ("/a/b", 503, "503")
    ]


@pytest.mark.parametrize(
    "body", ['{"do": "stop"}', '{"do": "knob", "kind": "nonsense"}', "not json", "[]"]
)
def test_bad_control_is_refused(body: str) -> None:
    with Echo() as server:
        assert requests.post(server.url + "/_control", data=body, timeout=5).status_code == 400


def test_crash_of_the_fake_is_seen() -> None:
    with Echo() as server:
        assert get(server, "/crash").status_code == 500
        assert server.crashes == ['RuntimeError("the fake\'s own mistake")']


def test_stop_ends_hanging_answers_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with Echo() as server, requests.Session() as session:
        session.get(server.url, timeout=5)
        server.knob("hang", seconds=60)
        with pytest.raises(Broken):
            get(server, timeout=0.1)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert set(threading.enumerate()) == before


def test_chance_is_a_part_of_the_calls() -> None:
    faults = Faults(random.Random(3))
    faults.add(Fault("500", chance=0.25))
    request = Request("GET", "/x", {})
    hits = sum(faults.take(request) is not None for _ in range(1000))
    assert 200 < hits < 300


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("500", {"kind": "500"}),
        ("429:times=2,retry_after=1.5", {"kind": "429", "times": 2, "retry_after": 1.5}),
        ("ghost:token=12345678901234567890", {"kind": "ghost", "token": "12345678901234567890"}),
        ("hang:route=clob/books", {"kind": "hang", "route": "clob/books"}),
    ],
)
def test_command_line_knob_is_read(text: str, wanted: dict[str, object]) -> None:
    assert knob(text) == wanted
