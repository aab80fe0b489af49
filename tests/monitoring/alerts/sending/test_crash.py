"""A sender killed while its message is on the way: nothing is lost, and that one may come twice."""

from __future__ import annotations

import json

import pytest

from tests.fakes.discord import DiscordServer
from tests.installation import NewInstallation
from tests.servers import wait_until

pytestmark = pytest.mark.processes


def test_sender_killed_between_send_and_mark_repeats_that_one_message(
    on_both_databases: NewInstallation,
) -> None:
    with DiscordServer() as discord:
        place = on_both_databases(
            DISCORD_WEBHOOK_URL=discord.webhook_url(), WEBHOOK_ALLOWED_HOSTS="127.0.0.1"
        )
        place.prepare()
        discord.plan({"kind": "hang", "seconds": 1})
        first = place.start("send_test_alert")
        wait_until(lambda: discord.calls, seconds=20, what="the first message's arrival")
        first.kill()
        first.wait()
        wait_until(discord.payloads, seconds=5, what="its delivery, which nobody waited for")
        second = place.manage("send_test_alert", "--json")
    footers = [payload["embeds"][0]["footer"]["text"] for payload in discord.payloads()]
    rows = place.query("SELECT state, attempts FROM monitoring_notification ORDER BY id")
    assert json.loads(second.stdout)["ok"] is True
    assert footers == ["notification 1", "notification 1", "notification 2"]
    assert rows == [("sent", 2), ("sent", 1)]
