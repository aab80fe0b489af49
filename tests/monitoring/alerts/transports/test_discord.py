from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from monitoring.alerts.transports import transport_for
from monitoring.alerts.transports.base import Answer, Message
from monitoring.alerts.transports.discord import Discord, build, escaped, refusal
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.conftest import TOKEN

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MESSAGE = Message(7, "PAPER · STOP · Q", "the reason", "http://h/positions/3/", "critical", NOON)
URL = "https://discord.com/api/webhooks/1/token"


@pytest.fixture
def server() -> Iterator[DiscordServer]:
    with DiscordServer() as running:
        yield running


def send(server: DiscordServer, message: Message = MESSAGE, role_id: str = "") -> Answer:
    return Discord(("127.0.0.1",)).send(server.webhook_url(token=TOKEN), message, role_id=role_id)


class TestBuild:
    def test_body_is_the_first_line_and_one_embed(self) -> None:
        assert build(URL, MESSAGE).json == {
            "content": "PAPER · STOP · Q",
            "embeds": [
                {
                    "description": "the reason\nhttp://h/positions/3/",
                    "color": 0xC92F57,
                    "footer": {"text": "notification 7"},
                    "timestamp": "2026-11-22T12:00:00+00:00",
                }
            ],
            "allowed_mentions": {"parse": []},
        }

    def test_role_is_pinged_on_critical_only(self) -> None:
        body = build(URL, MESSAGE, "42").json
        assert (body["content"], body["allowed_mentions"]) == (
            "PAPER · STOP · Q\n<@&42>",
            {"parse": [], "roles": ["42"]},
        )

    @pytest.mark.parametrize(("urgency", "role"), [("high", "42"), ("critical", "everyone")])
    def test_nobody_is_pinged_otherwise(self, urgency: str, role: str) -> None:
        message = Message(7, "t", "b", "", urgency, NOON)
        assert build(URL, message, role).json["allowed_mentions"] == {"parse": []}

    def test_empty_body_still_makes_a_message(self) -> None:
        body = build(URL, Message(7, "title", "", "", "low", NOON)).json
        assert body["embeds"][0]["description"] == "notification 7"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes 44.1¢ ≤ 45.0¢ · −$97.96", "Yes 44.1¢ ≤ 45.0¢ · −$97.96"),
        ("[win](https://evil.example)", r"\[win\](https://evil.example)"),
        ("<@&1> <#2> *b* _i_ ~s~ `c` |x|", r"\<@&1> \<#2> \*b\* \_i\_ \~s\~ \`c\` \|x\|"),
        ("# big\n> quote\n- item\na - b > c", "\\# big\n\\> quote\n\\- item\na - b > c"),
        ("back\\slash", "back\\\\slash"),
    ],
)
def test_escaped_text_is_shown_letter_by_letter(text: str, expected: str) -> None:
    assert escaped(text) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://discord.com/api/webhooks/1/t",
        "https://canary.discord.com/api/webhooks/1/t?thread_id=5",
        "https://discordapp.com/api/webhooks/1/t",
        "http://127.0.0.1:8102/api/webhooks/1/t",
        "http://relay:80/api/webhooks/1/t",
    ],
)
def test_address_of_discord_or_an_allowed_host_is_called(url: str) -> None:
    assert refusal(url, ("127.0.0.1", "relay:80")) == ""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "discord.com/api/webhooks/1/t",
        "http://discord.com/api/webhooks/1/t",
        "https://discord.com.evil.example/api/webhooks/1/t",
        "https://evil.example/discord.com",
        "https://discord.com@evil.example/api/webhooks/1/t",
        "https://evil.example\\@discord.com/api/webhooks/1/t",
        "https://user:password@discord.com/api/webhooks/1/t",
        "https://127.0.0.1/api/webhooks/1/t",
        "http://127.0.0.1/api/webhooks/1/t",
        "http://[::1]/api/webhooks/1/t",
        "http://relay:81/api/webhooks/1/t",
        "http://2130706433/api/webhooks/1/t",
        "http://169.254.169.254/latest/meta-data",
        "ftp://discord.com/x",
        "file:///etc/passwd",
        "https://discord.com:port/x",
        "https://discord.com/api/webhooks/1/t\nHost: x",
    ],
)
def test_any_other_address_is_refused_without_showing_it(url: str) -> None:
    problem = refusal(url, ("relay:80",))
    assert (problem != "", "webhooks/1/t" in problem) == (True, False)


def test_send_calls_no_address_that_is_refused(server: DiscordServer) -> None:
    answer = Discord().send(server.webhook_url(), MESSAGE)
    assert (answer.refused, len(server.calls)) == (True, 0)


def test_send_waits_for_discord_s_confirmation(server: DiscordServer) -> None:
    assert send(server) == Answer(200)
    assert (server.calls[0].request.param("wait"), len(server.payloads())) == ("true", 1)


def test_send_puts_nothing_but_the_message_into_the_body(server: DiscordServer) -> None:
    send(server)
    assert sorted(server.payloads()[0]) == ["allowed_mentions", "content", "embeds"]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"retry_after": 2.5}, 2.5),
        ({"retry_after": 2.5, "where": "json"}, 2.5),
        ({"retry_after": 2.5, "where": "header"}, 3.0),
        ({"retry_after": 2.5, "where": "header", "html": True}, 3.0),
        ({"where": "none"}, None),
    ],
)
def test_send_reads_the_wait_of_a_429(
    server: DiscordServer, step: dict[str, Any], expected: float | None
) -> None:
    server.plan({"kind": "429", **step})
    answer = send(server)
    assert (answer.status, answer.retry_after, answer.everywhere) == (429, expected, False)


def test_send_reads_a_global_429(server: DiscordServer) -> None:
    server.plan({"kind": "429", "global": True})
    assert send(server).everywhere is True


def test_send_reads_the_bucket(server: DiscordServer) -> None:
    server.set_bucket(2, 30)
    answers = [send(server), send(server), send(server)]
    assert [answer.remaining for answer in answers] == [1, 0, 0]
    assert all(0 < (answer.reset_after or 0) <= 30 for answer in answers)


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("500", 500, "500 status 500"),
        ("404", 404, "404 Unknown Webhook"),
        ("401", 401, "401 Invalid Webhook Token"),
        ("400", 400, "400 status 400"),
        ("html", 200, "200 text/html"),
        ("wrong_json", 200, '200 {"unexpected": true}'),
        ("reset", 200, "200 application/json"),
        ("drop", None, "no connection, or it broke off"),
    ],
)
def test_send_names_what_came_back(
    server: DiscordServer, kind: str, status: int | None, error: str
) -> None:
    server.plan(kind)
    answer = send(server)
    assert (answer.status, answer.error) == (status, error)


def test_send_does_not_follow_a_redirect(server: DiscordServer) -> None:
    server.knob("redirect", location=f"{server.url}/inside")
    assert (send(server).status, len(server.requests("inside"))) == (302, 0)


def test_send_to_nobody_is_no_answer() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/api/webhooks/1/{TOKEN}"
        answer = Discord(("127.0.0.1",)).send(url, MESSAGE)
    assert answer == Answer(None, "no connection, or it broke off")


def test_transport_of_an_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        transport_for("pigeon")
