from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fakes.discord import DiscordServer, problem_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer() as running:
        yield running


def post(server: DiscordServer, text: str = "hello", *, wait: bool = False) -> requests.Response:
    params = {"wait": "true"} if wait else {}
    return requests.post(server.webhook_url(), params=params, json={"content": text}, timeout=2)


def test_post_is_delivered_with_and_without_wait(server: DiscordServer) -> None:
    answers = [post(server, "a"), post(server, "b", wait=True)]
    assert [answer.status_code for answer in answers] == [204, 200]
    assert answers[1].json()["id"] == "2"
    assert [payload["content"] for payload in server.payloads()] == ["a", "b"]


def test_plan_is_followed_in_order_then_delivers(server: DiscordServer) -> None:
    server.plan("429", "500", "404", "401", "html", "wrong_json", "200")
    answers = [post(server, str(number), wait=True) for number in range(8)]
    statuses = [429, 500, 404, 401, 200, 200, 200, 200]
    assert [answer.status_code for answer in answers] == statuses
    assert [payload["content"] for payload in server.payloads()] == ["4", "5", "6", "7"]
    assert [sent["status"] for sent in server.sent(delivered=False)] == statuses


@pytest.mark.parametrize(
    ("step", "header", "in_body"),
    [
        ({}, "1", 0.5),
        ({"retry_after": 2.5}, "3", 2.5),
        ({"retry_after": 2.5, "where": "header"}, "3", None),
        ({"retry_after": 2.5, "where": "json"}, None, 2.5),
        ({"where": "none"}, None, None),
    ],
)
def test_429_tells_how_long_where_it_was_asked_to(
    server: DiscordServer, step: dict[str, Any], header: str | None, in_body: float | None
) -> None:
    server.plan({"kind": "429", **step})
    answer = post(server)
    assert (answer.headers.get("Retry-After"), answer.json().get("retry_after")) == (
        header,
        in_body,
    )


def test_global_429_says_so(server: DiscordServer) -> None:
    server.plan({"kind": "429", "global": True})
    answer = post(server)
    assert (answer.json()["global"], answer.headers["X-RateLimit-Global"]) == (True, "true")


def test_reset_delivers_and_drop_does_not(server: DiscordServer) -> None:
    server.plan("reset", "drop")
    for text in ("reset", "drop"):
        with pytest.raises(requests.exceptions.RequestException):
            post(server, text, wait=True)
    assert [payload["content"] for payload in server.payloads()] == ["reset"]


def test_bucket_refuses_the_sixth_and_tells_the_rest() -> None:
    now = [100.0]
    with DiscordServer(clock=lambda: now[0]) as server:
        server.set_bucket(5, 2)
        answers = [post(server) for _ in range(6)]
        now[0] += 2
        answers.append(post(server))
    assert [answer.status_code for answer in answers] == [204] * 5 + [429, 204]
    remaining = [answer.headers["X-RateLimit-Remaining"] for answer in answers]
    assert remaining == ["4", "3", "2", "1", "0", "0", "4"]
    assert answers[5].json()["retry_after"] == 2


def test_removed_webhook_answers_404(server: DiscordServer) -> None:
    server.remove()
    assert (post(server).status_code, post(server).json()["code"]) == (404, 10015)
    server.reset()
    assert post(server).status_code == 204


def test_log_and_control_work_from_another_process(server: DiscordServer) -> None:
    body = {"do": "plan", "steps": ["500", {"kind": "429", "retry_after": 9}]}
    requests.post(server.url + "/_control", json=body, timeout=2)
    assert [post(server).status_code for _ in range(3)] == [500, 429, 204]
    log = requests.get(server.url + "/_log", timeout=2).json()
    assert [(entry["status"], entry["delivered"]) for entry in log] == [
        (500, False),
        (429, False),
        (204, True),
    ]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"content": "x"}, ""),
        ({}, "Cannot send an empty message"),
        ({"content": "x" * 2001}, "content: must be 2000 or fewer in length"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds: must be 10 or fewer"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds.title: must be 256 or fewer in length"),
        ({"embeds": [{"description": "x" * 4096}] * 2}, "embeds: must be 6000 or fewer in total"),
        (
            {"embeds": [{"fields": [{"name": "x", "value": ""}]}]},
            "embeds.fields: name and value are required",
        ),
    ],
)
def test_size_limits_are_discords(payload: dict[str, Any], problem: str) -> None:
    assert problem_of(payload) == problem


def test_oversized_message_is_refused(server: DiscordServer) -> None:
    assert post(server, "x" * 2001).status_code == 400
    assert server.payloads() == []


def test_module_runs_by_itself() -> None:
    command = [sys.executable, "-m", "tests.fakes.discord", "--bucket", "1/60"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0].removeprefix("DISCORD_WEBHOOK_URL=")
        answers = [requests.post(url, json={"content": "x"}, timeout=5) for _ in range(2)]
        process.terminate()
        assert process.wait(5) == 0
    assert [answer.status_code for answer in answers] == [204, 429]


def test_post_before_the_time_it_was_told_is_noted() -> None:
    now = [100.0]
    with DiscordServer(clock=lambda: now[0]) as server:
        server.plan({"kind": "429", "retry_after": 2.5}, {"kind": "429", "global": True})
        for at in (100.0, 102.4, 102.8, 102.9):  # told to wait until 102.5, then until 102.9
            now[0] = at
            post(server)
        assert [round(seconds, 3) for seconds in server.early] == [0.1, 0.1]


def test_post_into_a_spent_bucket_is_noted() -> None:
    now = [100.0]
    with DiscordServer(clock=lambda: now[0]) as server:
        server.set_bucket(2, 2.0)
        for at in (100.0, 100.5, 101.0, 102.0):
            now[0] = at
            post(server)
        assert server.early == [1.0]
