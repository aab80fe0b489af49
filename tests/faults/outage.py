"""Discord away for hours, on a clock that only sleeping moves: what is sent meanwhile and after.

Runs in a process of its own, started by `python -m tests.faults --part outage`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from monitoring.alerts.sending.delivery import deliver_due
from monitoring.models import Notification
from tests.fakes.discord import DiscordServer
from tests.faults.outbox import tell

BEGAN = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOOK_EVERY = 2.0  # seconds between two runs of the delivery
ALERT_EVERY = 60.0  # seconds between two alerts
AFTER = timedelta(minutes=30)  # at most until all is told
BUCKET = (5, 2.0)


class Clock:
    """Time that only `sleep` moves."""

    def __init__(self) -> None:
        self.at = BEGAN

    def __call__(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def unix(self) -> float:
        return self.at.timestamp()


@dataclass
class Recovered:
    """Counts, and seconds on the clock since Discord was back."""

    alerts: int = 0
    tries: int = 0  # POSTs during the outage
    posts: int = 0  # and after it
    digests: int = 0
    alone: int = 0  # alerts told by a message of their own
    first_new: float = 0.0  # seconds until the first alert written after the outage was told
    all_told: float = 0.0
    untold: int = 0
    early: int = 0
    in_order: bool = False


def outage(hours: float) -> dict[str, Any]:
    """`hours` without Discord and an alert each minute; one more at the moment it is back."""
    clock = Clock()
    with DiscordServer(clock=clock.unix) as discord:
        found = _away(clock, discord, hours)
        back = clock()
        discord.clear()
        discord.set_bucket(*BUCKET)
        new = tell(url=discord.webhook_url(), at=clock())[0]
        found.alerts += 1
        while clock() < back + AFTER and _waiting():
            _run(clock)
            clock.sleep(LOOK_EVERY)
        _count(found, discord, new, back)
    return asdict(found)


def _away(clock: Clock, discord: DiscordServer, hours: float) -> Recovered:
    found, rng = Recovered(), Random(1)
    discord.knob("503", method="POST")
    end = clock() + timedelta(hours=hours)
    next_alert = clock()
    while clock() < end:
        if clock() >= next_alert:
            tell(url=discord.webhook_url(), at=clock())
            found.alerts += 1
            next_alert += timedelta(seconds=ALERT_EVERY)
        _run(clock, rng)
        clock.sleep(LOOK_EVERY)
    found.tries = len(discord.calls)
    return found


def _run(clock: Clock, rng: Random | None = None) -> None:
    deliver_due(clock=clock, sleep=clock.sleep, rng=rng or Random(2))


def _waiting() -> bool:
    return Notification.objects.filter(state=Notification.State.PENDING).exists()


def _count(found: Recovered, discord: DiscordServer, new: int, back: datetime) -> None:
    rows = list(Notification.objects.order_by("pk").select_related("entry"))
    told = [row for row in rows if row.sent_at is not None]
    digests = {row.digest_id for row in rows if row.digest_id is not None}
    found.posts = len(discord.calls) - found.tries
    found.digests = len(digests)
    found.alone = sum(row.digest_id is None and row.pk not in digests for row in told)
    found.untold = found.alerts - sum(row.entry.kind == "exit_done" for row in told)
    found.early = len(discord.early)
    found.all_told = max((row.sent_at - back).total_seconds() for row in told if row.sent_at)
    first = next(row for row in told if row.entry_id == new)
    found.first_new = (first.sent_at - back).total_seconds() if first.sent_at else -1.0
    alone = [row for row in told if row.digest_id is None and row.pk not in digests]
    in_time = sorted(alone, key=lambda row: (row.sent_at, row.pk))
    found.in_order = [row.pk for row in in_time] == [row.pk for row in alone]
