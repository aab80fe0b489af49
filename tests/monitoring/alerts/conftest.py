"""A stand-in for Discord, a channel that leads to it, and a clock that only sleeping moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from monitoring.models import Channel
from tests.fakes.discord import DiscordServer

TOKEN = "a-secret-token-that-nobody-may-see"


class Clock:
    """Time stands still until somebody sleeps; every nap is noted."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, tzinfo=UTC)
        self.naps: list[float] = []

    def __call__(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.skip(seconds)

    def skip(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def discord(clock: Clock) -> Iterator[DiscordServer]:
    """Counts its buckets by the test's clock."""
    with DiscordServer(clock=lambda: clock().timestamp()) as server:
        yield server


@pytest.fixture
def channel(db: None, discord: DiscordServer, settings: Settings) -> Channel:
    """A channel `discord` that leads to the stand-in."""
    settings.WEBHOOK_ALLOWED_HOSTS = ("127.0.0.1",)
    return Channel.objects.create(name="discord", url=discord.webhook_url(token=TOKEN))
