from __future__ import annotations

import pytest

from monitoring.alerts.sending.fallback import fall_back, stand_in
from monitoring.models import Alarm, Channel, Notification
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.book import write
from tests.monitoring.alerts.conftest import Clock
from tests.monitoring.alerts.post import another, run, run_for, stops, titles, told

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


@pytest.fixture
def other(channel: Channel, discord: DiscordServer) -> Channel:
    """The channel's fallback, which hears of nothing by itself."""
    made = another(discord, listens="never")
    Channel.objects.filter(pk=channel.pk).update(fallback=made)
    return made


def copies() -> list[tuple[str, str, str]]:
    rows = Notification.objects.filter(origin="fallback").order_by("pk")
    return [(row.channel.name, row.state, row.reason) for row in rows]


def test_what_waits_for_a_dead_channel_is_told_by_its_fallback_once(
    channel: Channel, other: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.remove("1")
    stops(clock, 0, 1)
    run_for(clock, 60)
    assert told(discord, "2") == ["0", "1"]
    assert titles(discord, "2")[0].startswith(
        "“discord” DOES NOT DELIVER · PAPER · STOP · Question 0"
    )
    assert copies() == [("other", "sent", "fallback")] * 2


def test_what_comes_while_the_channel_is_off_goes_there_too(
    channel: Channel, other: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.remove("1")
    stops(clock, 0)
    run_for(clock, 20)
    write("dust", at=clock(), urgency="low")
    run_for(clock, 20)
    assert len(titles(discord, "2")) == 2
    assert "DUST" in titles(discord, "2")[1]


def test_critical_alert_that_does_not_get_through_is_told_after_two_minutes(
    channel: Channel, other: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.remove("1", 503)
    stops(clock, 0)
    write("dust", at=clock(), urgency="medium")
    began = clock().timestamp()
    run_for(clock, 118)
    assert titles(discord, "2") == []
    run_for(clock, 20)
    assert told(discord, "2") == ["0"]
    arrived = [message["at"] for message in discord.sent() if message["webhook"] == "2"]
    assert 120 <= arrived[0] - began <= 132


def test_alert_that_failed_is_told_by_the_fallback(
    channel: Channel, other: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.plan("400")
    write("dust", at=clock(), urgency="low")
    run_for(clock, 14)
    assert len(titles(discord, "2")) == 1


def test_collected_message_that_failed_is_told_as_one(
    channel: Channel, other: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(clock, *range(12))
    clock.skip(3600)
    discord.plan("400")
    run_for(clock, 14)
    assert [title.split(" · ")[1] for title in titles(discord, "2")] == ["12 ALERTS, LATE"]


def test_fallback_that_has_the_alert_already_hears_nothing_twice(
    channel: Channel, other: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.update(listens="low")
    discord.remove("1")
    stops(clock, 0)
    run_for(clock, 60)
    assert (told(discord, "2")[0], copies()) == ("0", [])


def test_two_that_stand_in_for_each_other_make_no_loop(
    channel: Channel, other: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.filter(pk=other.pk).update(fallback=channel)
    discord.remove("1")
    discord.remove("2")
    stops(clock, 0)
    run_for(clock, 300)
    rows = Notification.objects.filter(entry__kind="exit_done").order_by("pk")
    assert [(row.channel.name, row.origin) for row in rows] == [
        ("discord", "route"),
        ("other", "fallback"),
    ]


def test_fallback_of_the_fallback_takes_over(
    channel: Channel, other: Channel, discord: DiscordServer, clock: Clock
) -> None:
    third = Channel.objects.create(name="third", url=discord.webhook_url("3", "t"), listens="never")
    Channel.objects.filter(pk=other.pk).update(fallback=third)
    discord.remove("1")
    discord.remove("2")
    stops(clock, 0)
    run_for(clock, 60)
    stop = [title for title in titles(discord, "3") if "STOP" in title]
    assert len(stop) == 1
    assert stop[0].startswith("“other” DOES NOT DELIVER · “discord” DOES NOT DELIVER")


def test_channel_that_a_person_switched_off_stands_in_for_nobody(
    channel: Channel, other: Channel
) -> None:
    third = Channel.objects.create(name="third", url="x", fallback=channel)
    Channel.objects.filter(pk=other.pk).update(enabled=False, fallback=third)
    channel.refresh_from_db()
    assert stand_in(channel) == third
    Channel.objects.filter(pk=third.pk).update(enabled=False)
    channel.refresh_from_db()
    assert stand_in(channel) is None  # round in a circle, and back


def test_acknowledged_trouble_is_not_carried_on(
    channel: Channel, other: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.remove("1")
    write("unarmed", at=clock(), urgency="critical", rule="stop_loss")
    run(clock)
    assert Alarm.objects.filter(kind="unarmed").update(acknowledged_at=clock()) == 1
    assert fall_back(now=clock()) == 0


def test_test_alert_is_about_its_own_channel_only(
    channel: Channel, other: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.remove("1")
    write("test", at=clock(), data={"channel": "discord"})
    run_for(clock, 30)
    assert titles(discord, "2") == []


def test_old_failures_are_no_news_for_a_fallback_that_is_set_up_later(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.plan("400")
    stops(clock, 0)
    run(clock)
    clock.skip(3601)
    Channel.objects.filter(pk=channel.pk).update(fallback=another(discord, listens="never"))
    assert fall_back(now=clock()) == 0
