"""A sender's run by the test's clock, and what stands in the channels and the rows after it."""

from __future__ import annotations

from random import Random
from typing import Any

from django.db import transaction

from monitoring.alerts.sending.delivery import Tally, deliver_due
from monitoring.models import Channel, Notification
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.book import STOPPED, write_stop
from tests.monitoring.alerts.conftest import TOKEN, Clock


def run(clock: Clock, **values: Any) -> Tally:
    return deliver_due(clock=clock, sleep=clock.sleep, rng=Random(1), **values)


def run_for(clock: Clock, seconds: float, every: float = 2) -> None:
    """Runs as the worker makes them, two seconds apart."""
    end = clock().timestamp() + seconds
    while clock().timestamp() < end:
        run(clock)
        clock.skip(every)


def stops(clock: Clock, *numbers: int) -> None:
    """One exit for each number, now; each an alert of its own."""
    with transaction.atomic():
        for number in numbers:
            data = STOPPED | {"question": f"Question {number}", "exit": number}
            write_stop(number, at=clock(), data=data)


def titles(discord: DiscordServer, webhook: str = "1") -> list[str]:
    """The first lines that stand in the channel, in order."""
    return [
        message["payload"]["content"].replace("\\", "")
        for message in discord.sent()
        if message["webhook"] == webhook
    ]


def told(discord: DiscordServer, webhook: str = "1") -> list[str]:
    """The same, of a stop only its question's number, of a message with many only how many."""
    found = []
    for title in titles(discord, webhook):
        parts = title.split(" · ")
        number = [part.removeprefix("Question ") for part in parts if part.startswith("Question ")]
        found.append(number[0] if number else parts[0])
    return found


def body(discord: DiscordServer, at: int = -1) -> str:
    text: str = discord.payloads()[at]["embeds"][0]["description"]
    return text.replace("\\", "")


def states(**wanted: Any) -> dict[str, int]:
    """How many rows are in which state."""
    found: dict[str, int] = {}
    for state in Notification.objects.filter(**wanted).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def another(discord: DiscordServer, name: str = "other", **values: Any) -> Channel:
    return Channel.objects.create(name=name, url=discord.webhook_url("2", TOKEN), **values)
