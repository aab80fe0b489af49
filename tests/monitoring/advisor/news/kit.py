"""Positions with news to look for, and a reading whose time and chance are the test's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from monitoring.advisor.news import NewsResult, read_news
from monitoring.advisor.news.fetching import clients
from monitoring.models import Feed, Headline, Mention
from positions.models import Market, Position, Thesis
from tests.fakes.news import NewsServer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
QUESTION = "Will the Fed cut rates?"


def position(
    key: str = "fed", *, keywords: str = "fed", feeds: str = "", **values: Any
) -> Position:
    """Open since yesterday."""
    market = Market.objects.create(venue="sim", key=key, outcome="Yes", question=QUESTION)
    row = {"entry_price": Decimal("0.52"), "shares": Decimal(10), "bought": Decimal(10)}
    held = Position.objects.create(
        **({"market": market, "opened_at": NOON - timedelta(days=1)} | row | values)
    )
    Thesis.objects.create(position=held, keywords=keywords, feeds=feeds)
    return held


class Wire:
    """A news server that counts its days as the test does, and readings of it."""

    def __init__(self, server: NewsServer) -> None:
        self.server = server
        self.slept: list[float] = []

    def read(self, now: datetime = NOON, *, allowed: bool = True, **options: Any) -> NewsResult:
        """One reading; `allowed`: typed addresses may lead to this server, which is a private one."""
        hosts = {f"127.0.0.1:{self.server.port}"} if allowed else set()
        ways: dict[str, Any] = {
            "calls": clients(hosts),
            "rng": random.Random(1),
            "sleep": self.slept.append,
        }
        return read_news(now=now, **(ways | options))

    def asked(self) -> list[str]:
        """Paths of all requests, in order."""
        return [call.path for call in self.server.requests()]


@contextmanager
def wire() -> Iterator[Wire]:
    """A running server whose articles are of noon unless they say otherwise."""
    with NewsServer(clock=NOON.timestamp) as server:
        yield Wire(server)


def titles() -> list[str]:
    """What is stored, by title."""
    return sorted(Headline.objects.values_list("title", flat=True))


def mentions(held: Position) -> list[str]:
    """What may concern a position, by title."""
    rows = Mention.objects.filter(position=held)
    return sorted(rows.values_list("headline__title", flat=True))


def only_feed() -> Feed:
    """The one feed there is."""
    return Feed.objects.get()
