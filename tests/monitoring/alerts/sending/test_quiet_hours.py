"""Quiet hours of a channel as the sender keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from monitoring.alerts.dispatch import dispatch
from monitoring.health import alerts_overdue
from monitoring.models import Channel, Notification
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.book import write
from tests.monitoring.alerts.conftest import Clock
from tests.monitoring.alerts.post import run, run_for, states, stops, titles

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
SEVEN = datetime(2026, 11, 23, 6, tzinfo=UTC)  # 07:00 in Berlin


@pytest.fixture
def night(channel: Channel, clock: Clock) -> Channel:
    """23:30 in Berlin, where the channel is quiet from 22:00 to 07:00."""
    Channel.objects.update(
        time_zone="Europe/Berlin", quiet_from=time(22), quiet_to=time(7), listens="low"
    )
    clock.at = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    channel.refresh_from_db()
    return channel


def small(clock: Clock, number: int = 0) -> None:
    write("dust", at=clock(), urgency="high", data={"question": f"Question {number}"})


def test_alert_is_held_visibly_and_told_when_the_quiet_hours_end(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    small(clock)
    run(clock)
    row = Notification.objects.get()
    assert (row.state, row.reason, row.not_before) == ("pending", "quiet_hours", SEVEN)
    clock.at = SEVEN.replace(hour=5, minute=59, second=50)
    run(clock)
    assert titles(discord) == []
    clock.at = SEVEN
    run(clock)
    assert (len(titles(discord)), states()) == (1, {"sent": 1})


def test_held_alert_is_not_overdue_and_has_its_day_from_the_morning_on(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    small(clock)
    run(clock)
    clock.skip(3600)
    assert (alerts_overdue(now=clock()), Notification.objects.get().queued_at) == (0, SEVEN)


@pytest.mark.parametrize(
    ("kind", "urgency", "data"),
    [
        ("exit_done", "critical", {}),
        ("ask", "high", {"deadline": "2026-11-23T00:00:00Z"}),
        ("test", "low", {}),
        ("digest", "low", {"channel": "discord"}),
    ],
)
def test_what_cannot_wait_or_was_asked_for_is_told_in_the_night(
    night: Channel,
    discord: DiscordServer,
    clock: Clock,
    kind: str,
    urgency: str,
    data: dict[str, str],
) -> None:
    small(clock)
    write(kind, at=clock(), urgency=urgency, data=data)
    run(clock)
    assert len(titles(discord)) == 1
    assert states() == {"pending": 1, "sent": 1}


def test_question_without_a_deadline_waits(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    write("ask", at=clock(), urgency="high", data={"question": "Hold?"})
    run(clock)
    assert states() == {"pending": 1}


def test_what_failed_before_the_night_waits_like_the_rest(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    clock.at = datetime(2026, 11, 22, 20, 59, 59, tzinfo=UTC)
    discord.plan("503")
    small(clock)
    run(clock)
    clock.skip(60)
    run(clock)
    assert (len(discord.calls), Notification.objects.get().reason) == (1, "quiet_hours")


def test_more_than_a_few_come_as_one_message_in_the_morning(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    for number in range(4):
        small(clock, number)
        run(clock)
        clock.skip(60)
    clock.at = SEVEN
    run(clock)
    assert titles(discord) == ["4 ALERTS, LATE · 23:30–23:33 · 4 DUST"]
    assert states() == {"sent": 1, "collapsed": 4}


def test_a_few_come_one_by_one(night: Channel, discord: DiscordServer, clock: Clock) -> None:
    for number in range(3):
        small(clock, number)
        run(clock)
        clock.skip(60)
    clock.at = SEVEN
    run(clock)
    assert len(titles(discord)) == 3


def test_collected_message_that_meets_the_night_comes_whole_in_the_morning(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    clock.at = datetime(2026, 11, 22, 19, 59, tzinfo=UTC)
    for number in range(12):
        small(clock, number)
        dispatch(now=clock())
    clock.skip(3659)
    discord.plan("503")
    run(clock)
    clock.skip(3600)
    run(clock)
    assert (titles(discord), states()) == ([], {"pending": 1, "collapsed": 12})
    clock.at = SEVEN
    run(clock)
    assert [title.split(" · ")[0] for title in titles(discord)] == ["12 ALERTS, LATE"]
    assert states() == {"sent": 1, "collapsed": 12}


def test_quiet_hours_taken_back_release_what_they_held(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    small(clock)
    run(clock)
    Channel.objects.update(quiet_from=None, quiet_to=None)
    clock.skip(2)
    run(clock)
    assert len(titles(discord)) == 1


def test_quiet_hours_of_one_channel_are_not_another_s(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.create(name="other", url=discord.webhook_url("2", "t"))
    small(clock)
    run_for(clock, 4)
    assert (titles(discord), len(titles(discord, "2"))) == ([], 1)


def test_critical_ones_that_are_old_are_collected_in_the_night_too(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    small(clock)
    stops(clock, *range(12))
    clock.skip(3600)
    run(clock)
    assert len(titles(discord)) == 1
    assert titles(discord)[0].startswith("12 ALERTS, LATE")
    assert states() == {"pending": 1, "collapsed": 12, "sent": 1}


def test_few_that_fail_in_the_morning_are_backed_off_like_any_other(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    small(clock)
    run(clock)
    clock.at = SEVEN
    discord.plan(*["503"] * 100)
    run_for(clock, 60)
    assert 3 <= len(discord.calls) <= 6
    assert states() == {"pending": 1}


def test_quiet_hours_taken_back_release_a_collected_message_too(
    night: Channel, discord: DiscordServer, clock: Clock
) -> None:
    small(clock)
    run(clock)
    Notification.objects.update(reason="collected")
    Channel.objects.update(quiet_from=None, quiet_to=None)
    stops(clock, 1)
    run(clock)
    assert states() == {"sent": 2}
