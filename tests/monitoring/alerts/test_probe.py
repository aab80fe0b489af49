from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from monitoring.alerts import probe
from monitoring.models import Channel
from positions.models import JournalEntry
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.book import write_stop
from tests.monitoring.alerts.conftest import TOKEN, Clock

pytestmark = pytest.mark.django_db


def run(clock: Clock, **values: Any) -> list[probe.Result]:
    return probe.run(actor="me", clock=clock, sleep=clock.sleep, **values)


def command(*args: str) -> tuple[str, str]:
    """stdout, and the error of the command."""
    out = io.StringIO()
    try:
        call_command("send_test_alert", *args, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


class TestRun:
    def test_arrives_and_says_how_long_it_took(
        self, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        assert run(clock) == [probe.Result("discord", "sent", 0.0, "", "")]
        assert discord.payloads()[0]["content"] == (
            "PAPER · TEST · this is a test alert: if you can read it, alerts reach you here"
        )

    def test_goes_behind_what_waits_already(
        self, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        write_stop()
        run(clock)
        tags = [payload["content"].split(" · ")[1] for payload in discord.payloads()]
        assert tags == ["STOP", "TEST"]

    def test_waits_through_a_429(
        self, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        discord.plan({"kind": "429", "retry_after": 8})
        (result,) = run(clock)
        assert (result.state, 8 <= (result.seconds or 0) <= 9) == ("sent", True)

    def test_gives_up_waiting_with_the_reason_and_the_cure(
        self, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        discord.plan({"kind": "429", "retry_after": 600})
        assert run(clock, wait=timedelta(seconds=3)) == [
            probe.Result(
                "discord",
                "pending",
                None,
                "429 You are being rate limited.",
                "The service asks for a pause; the worker sends it when the pause is over.",
            )
        ]

    def test_names_a_dead_webhook_and_each_channel_s_own_result(
        self, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        Channel.objects.create(name="other", url=discord.webhook_url("2", TOKEN))
        discord.remove("1")
        results = run(clock)
        assert [(row.channel, row.state, row.error) for row in results] == [
            ("discord", "pending", "404 Unknown Webhook"),
            ("other", "sent", ""),
        ]
        assert "switch it on" in results[0].cure

    def test_reaches_only_the_named_channel(
        self, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        Channel.objects.create(name="other", url=discord.webhook_url("2", TOKEN))
        assert [row.channel for row in run(clock, channel="other")] == ["other"]


class TestCommand:
    def test_prints_where_it_arrived(self, channel: Channel, discord: DiscordServer) -> None:
        out, error = command()
        assert (out.startswith("discord: delivered after "), error) == (True, "")

    def test_json_is_one_document(self, channel: Channel, discord: DiscordServer) -> None:
        document = json.loads(command("--json")[0])
        seconds = document["channels"][0].pop("seconds")
        assert (document, isinstance(seconds, float)) == (
            {
                "ok": True,
                "problem": "",
                "channels": [{"channel": "discord", "state": "sent", "error": "", "cure": ""}],
            },
            True,
        )

    def test_failure_is_an_error_with_its_cure(
        self, channel: Channel, discord: DiscordServer
    ) -> None:
        discord.remove()
        out, error = command("--channel", "discord")
        assert out.startswith("discord: pending: 404 Unknown Webhook\n  Put a working address")
        assert error == "The test alert has not arrived everywhere."

    def test_without_a_channel_it_says_how_to_get_one(self, db: None) -> None:
        out, error = command("--json")
        problem = "There is no channel: set DISCORD_WEBHOOK_URL, or add one in admin."
        assert (json.loads(out), error) == (
            {"ok": False, "problem": problem, "channels": []},
            problem,
        )

    def test_unknown_channel_names_the_known(self, channel: Channel) -> None:
        assert command("--channel", "phone")[1] == ("There is no channel “phone”; known: discord")

    def test_channel_that_is_off_is_not_tried(self, channel: Channel) -> None:
        Channel.objects.update(enabled=False, disabled_reason="404 Unknown Webhook")
        assert command()[1] == (
            "The channel “discord” is off: 404 Unknown Webhook. Switch it on in admin."
        )
        assert JournalEntry.objects.count() == 0
