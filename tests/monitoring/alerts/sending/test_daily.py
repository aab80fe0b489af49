from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection

from monitoring.alerts.sending.daily import begin_with_the_next, daily, due_day
from monitoring.models import Channel, MonitorRun, Notification
from positions.models import JournalEntry
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.book import FACTS, position, write
from tests.monitoring.alerts.conftest import Clock
from tests.monitoring.alerts.post import body, run, stops, titles

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
EIGHT = datetime(2026, 11, 22, 7, tzinfo=UTC)  # 08:00 in Berlin


@pytest.fixture
def digested(channel: Channel, clock: Clock) -> Channel:
    """A channel with its digest at 08:00 in Berlin; it is 07:59:58."""
    Channel.objects.update(time_zone="Europe/Berlin", digest_at=time(8))
    clock.at = EIGHT - timedelta(seconds=2)
    channel.refresh_from_db()
    return channel


def days() -> list[str]:
    return [
        entry.data["day"] for entry in JournalEntry.objects.filter(kind="digest").order_by("pk")
    ]


def test_comes_at_its_time_and_once(
    digested: Channel, discord: DiscordServer, clock: Clock
) -> None:
    daily(now=clock())
    assert days() == []
    clock.at = EIGHT
    assert [daily(now=clock() + timedelta(minutes=minute)) for minute in (0, 1, 900)] == [1, 0, 0]
    run(clock)
    assert len(titles(discord)) == 1
    assert titles(discord)[0].startswith("DAILY DIGEST · Sun 22 Nov · 0 open · 0 exits · ")


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Europe/Berlin", time(2, 30)),
        ("America/New_York", time(1, 30)),
        ("Australia/Lord_Howe", time(1, 45)),
        ("Asia/Kathmandu", time(0)),
        ("Pacific/Kiritimati", time(23, 40)),
    ],
)
def test_comes_once_a_day_all_year_whatever_the_clocks_do(
    digested: Channel, zone: str, at: time
) -> None:
    channel, sent = Channel(time_zone=zone, digest_at=at), []
    now = datetime(2026, 1, 1, tzinfo=UTC)
    while now < datetime(2027, 1, 1, tzinfo=UTC):
        day = due_day(channel, now)
        if day is not None:
            channel.digested_on = day
            sent.append(day)
        now += timedelta(minutes=15)
    assert sent == [sent[0] + timedelta(days=number) for number in range(len(sent))]
    assert 365 <= len(sent) <= 366


@pytest.mark.django_db(transaction=True)
def test_two_workers_write_one(digested: Channel, clock: Clock) -> None:
    def work(_number: int) -> int:
        try:
            return daily(now=EIGHT)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 1
    assert (days(), Notification.objects.count()) == (["2026-11-22"], 1)


def test_day_that_passed_while_nothing_ran_is_not_made_up_for(digested: Channel) -> None:
    Channel.objects.update(digested_on=date(2026, 11, 18))
    daily(now=EIGHT + timedelta(hours=5))
    assert days() == ["2026-11-22"]


def test_channel_that_is_off_gets_none(digested: Channel) -> None:
    Channel.objects.update(enabled=False, disabled_reason="404")
    assert daily(now=EIGHT) == 0


def test_is_no_news_for_other_channels(
    digested: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.create(name="other", url=discord.webhook_url("2", "t"))
    clock.at = EIGHT
    run(clock)
    assert (len(titles(discord)), titles(discord, "2")) == (1, [])


def test_goes_to_a_channel_that_hears_of_critical_things_only(
    digested: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.update(listens="critical")
    clock.at = EIGHT
    run(clock)
    assert len(titles(discord)) == 1


@pytest.mark.parametrize(("hour", "expected"), [(6, None), (7, date(2026, 11, 22))])
def test_time_that_is_set_means_the_next_one(
    digested: Channel, hour: int, expected: date | None
) -> None:
    digested.digested_on = date(2026, 11, 21)
    begin_with_the_next(digested, EIGHT.replace(hour=hour))
    assert digested.digested_on == expected


def test_tells_of_the_last_day_what_was_sold_told_and_not_watched(
    digested: Channel, discord: DiscordServer, clock: Clock
) -> None:
    position()
    clock.at = EIGHT - timedelta(hours=25)
    stops(clock, 1)  # a day before: in the last digest
    clock.at = EIGHT - timedelta(hours=3)
    stops(clock, 2, 3)
    demo = FACTS | {"demo": True, "pnl": "500", "exit": 9}
    write("exit_done", at=clock(), rule="manual", data=demo)
    write("unguarded", "unguarded 02:10–04:35, Yes moved 61¢ → 48¢", at=clock(), urgency="high")
    run(clock)
    clock.at = EIGHT
    MonitorRun.objects.create(started_at=EIGHT, finished_at=EIGHT, state="complete", open=1)
    daily(now=EIGHT)
    run(clock)
    entry = JournalEntry.objects.get(kind="digest")
    assert titles(discord)[-1].startswith("DAILY DIGEST · Sun 22 Nov · 1 open · 2 exits −$195.92")
    lines = body(discord).splitlines()
    assert lines[1] == "2 exits since 2026-11-21 08:00"
    assert [line[:35] for line in lines[2:4]] == [
        "· 05:00 PAPER · STOP · Question 2 ·",
        "· 05:00 PAPER · STOP · Question 3 ·",
    ]
    assert lines[4] == "Alerts here: 5 told, 0 failed, 0 held back."
    assert "· unguarded 02:10–04:35, Yes moved 61¢ → 48¢" in lines
    assert entry.data["pnl"] == {"USDC": "-195.92"}
    assert (entry.data["channel"], entry.data["open"], entry.data["exits"]) == ("discord", 1, 2)
