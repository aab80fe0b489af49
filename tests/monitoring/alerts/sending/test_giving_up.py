from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from monitoring.alerts.sending.giving_up import SETTLED, TELL_EVERY, expire, tell_failures
from monitoring.models import Channel, Notification
from positions.models import JournalEntry
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.conftest import Clock
from tests.monitoring.alerts.post import another, run, run_for, states, stops, told

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
DAY = 24 * 3600


def telling() -> list[tuple[str, int]]:
    entries = JournalEntry.objects.filter(kind="alerts_failed").order_by("pk")
    return [(entry.text, entry.data["count"]) for entry in entries]


def test_alerts_fail_a_day_after_they_were_queued_and_others_hear_of_them_once(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    other = another(discord)
    discord.remove("1", 503)
    stops(clock, *range(5))
    run(clock)
    clock.skip(DAY - 60)
    run(clock)
    assert states(channel=channel) == {"pending": 5}
    clock.skip(60)
    run_for(clock, 20)
    assert (states(channel=channel), states(channel=other)) == ({"failed": 5}, {"sent": 6})
    assert told(discord, "2")[5:] == ["PAPER"]
    text = (
        "5 alerts to the channel “discord” could not be delivered, 5 of them critical;"
        " the last answer: 503 status 503"
    )
    assert telling() == [(text, 5)]


def test_a_day_counts_from_the_queue_not_from_the_making(channel: Channel, clock: Clock) -> None:
    stops(clock, 0)
    run(clock)
    Notification.objects.update(state="pending", created_at=clock())
    clock.skip(DAY)
    Notification.objects.update(queued_at=clock())
    assert expire(now=clock()) == 0
    clock.skip(DAY)
    assert (expire(now=clock()), expire(now=clock())) == (1, 0)
    assert Notification.objects.get().failed_at == clock()


def test_failures_that_follow_are_told_together_later(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.plan("400", "400", "400")
    stops(clock, 0)
    run_for(clock, 12)
    stops(clock, 1, 2)
    run_for(clock, 60)
    assert [count for _text, count in telling()] == [1]
    clock.skip(TELL_EVERY.total_seconds())
    run_for(clock, 12)
    assert [count for _text, count in telling()] == [1, 2]


def test_failure_of_a_collected_message_counts_what_it_told_of(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(clock, *range(12))
    clock.skip(3600)
    discord.plan("400")
    run_for(clock, 12)
    assert [count for _text, count in telling()] == [12]


@pytest.mark.django_db(transaction=True)
def test_two_that_tell_at_once_tell_once(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.plan("400")
    stops(clock, 0)
    run(clock)
    clock.skip(SETTLED.total_seconds())

    def work(_number: int) -> int:
        try:
            return tell_failures(now=clock())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) + tell_failures(now=clock()) == 1
    assert len(telling()) == 1
