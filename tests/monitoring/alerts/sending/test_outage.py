"""P3: an outage, an hour or six; what is old comes as one message, and what is new comes at once."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection

from monitoring.alerts.dispatch import dispatch
from monitoring.alerts.sending.collapse import MANY
from monitoring.models import Channel, Notification
from positions.models import JournalEntry
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.book import write
from tests.monitoring.alerts.conftest import Clock
from tests.monitoring.alerts.post import body, run, run_for, states, stops, titles, told

pytestmark = pytest.mark.django_db


def outage(discord: DiscordServer, clock: Clock, hours: float, *, every: int = 240) -> int:
    """Discord is down for so long, a stop is sold every four minutes; returns how many were."""
    discord.knob("503", method="POST")
    count = int(hours * 3600 / every)
    for number in range(count):
        stops(clock, number)
        for _half in range(2):
            run(clock)
            clock.skip(every / 2)
    discord.clear()
    return count


@pytest.mark.parametrize("hours", [1, 6])
def test_after_an_outage_the_first_new_alert_is_told_at_once(
    channel: Channel, discord: DiscordServer, clock: Clock, hours: int
) -> None:
    count = outage(discord, clock, hours)
    stops(clock, 9999)
    began = clock()
    run(clock)
    # The oldest has shown that Discord is back: then all that is old in one message, then the rest.
    recent = [str(number) for number in range(count - 2, count)]
    assert told(discord) == ["0", f"{count - 3} ALERTS, LATE", *recent, "9999"]
    assert clock() - began <= timedelta(seconds=1)
    assert states() == {"sent": 5, "collapsed": count - 3}


def test_back_off_is_cut_short_by_a_new_alert_but_not_more_often_than_every_15_seconds(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.knob("503", method="POST")
    stops(clock, 0)
    run_for(clock, 1800, every=30)
    calm = len(discord.calls)
    for number in range(1, 11):
        stops(clock, number)
        run(clock)
        clock.skip(3)
    tries = [call.at for call in list(discord.calls)[calm:]]
    gaps = [after - before for before, after in pairwise(tries)]
    assert (len(tries), [gap >= 15 for gap in gaps]) == (2, [True])


def test_retry_after_is_obeyed_whatever_arrives(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(clock, 0)
    discord.plan({"kind": "429", "retry_after": 600})
    run(clock)
    for number in range(1, 5):
        clock.skip(60)
        stops(clock, number)
        run(clock)
    assert len(discord.calls) == 1
    clock.skip(361)
    run(clock)
    assert (told(discord), discord.early) == (["0", "1", "2", "3", "4"], [])


def test_retry_after_of_a_503_holds_the_channel_too(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.knob("503", method="POST", retry_after=120, times=1)
    stops(clock, 0)
    run(clock)
    clock.skip(60)
    stops(clock, 1)
    run(clock)
    assert len(discord.calls) == 1
    clock.skip(61)
    run(clock)
    assert told(discord) == ["0", "1"]


def test_few_old_alerts_are_told_one_by_one(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(clock, *range(MANY))
    clock.skip(3600)
    run(clock)
    assert told(discord) == [str(number) for number in range(MANY)]


def test_many_fresh_alerts_are_told_one_by_one(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(clock, *range(30))
    clock.skip(599)
    run(clock)
    assert told(discord) == [str(number) for number in range(30)]


def test_collected_message_lists_the_critical_first_with_times_and_counts(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.update(time_zone="Europe/Berlin")
    for number in range(MANY):
        write(
            "dust",
            at=clock(),
            urgency="medium",
            data={"question": f"Question {number}"},
            rule="manual",
        )
        dispatch(now=clock())
        clock.skip(60)
    stops(clock, 77)
    clock.skip(900)
    run(clock)
    assert titles(discord)[0].startswith("11 ALERTS, LATE · 13:00–13:10 · 10 DUST, 1 STOP")
    lines = body(discord, 0).splitlines()
    assert lines[1].startswith("13:10 PAPER · STOP · Question 77 · Yes 44.1¢")
    assert lines[2].startswith("13:00 PAPER · DUST · Question 0")
    assert lines[-1] == "http://127.0.0.1:8000/alerts/"


def test_collecting_stands_in_the_journal_and_is_no_news_for_others(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    other = Channel.objects.create(name="other", url=discord.webhook_url("2", "t"), enabled=False)
    stops(clock, *range(12))
    clock.skip(3600)
    run(clock)
    entry = JournalEntry.objects.get(kind="alerts_collapsed")
    assert (entry.data["channel"], entry.data["count"], entry.urgency) == (
        "discord",
        12,
        "critical",
    )
    assert len(entry.data["notifications"]) == 12
    rows = Notification.objects.filter(entry=entry)
    assert [(row.channel_id, row.state) for row in rows] == [(channel.pk, "sent")]
    assert not other.notifications.exists()


def test_what_became_of_the_collected_message_becomes_of_all(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(clock, *range(12))
    clock.skip(3600)
    discord.plan("400")
    run(clock)
    assert states() == {"failed": 13}
    errors = set(Notification.objects.values_list("error", flat=True))
    assert errors == {"400 status 400"}
    assert set(Notification.objects.values_list("failed_at", flat=True)) == {clock()}


def test_delivered_collected_message_dates_all_that_it_told_of(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(clock, *range(12))
    clock.skip(3600)
    run(clock)
    assert states() == {"sent": 1, "collapsed": 12}
    assert set(Notification.objects.values_list("sent_at", flat=True)) == {clock()}


def test_test_alert_is_never_collected(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    write("test", at=clock())
    stops(clock, *range(12))
    clock.skip(3600)
    run(clock)
    assert told(discord) == ["12 ALERTS, LATE", "PAPER"]
    assert titles(discord)[1].startswith("PAPER · TEST")


class KilledError(BaseException):
    """Ends a run as a kill does: nothing of ours catches it."""


class Knife:
    """Kills at statement number `at`."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise KilledError
        return execute(sql, params, many, context)


@pytest.mark.both_dbs
def test_collecting_that_is_killed_at_any_statement_loses_and_doubles_nothing(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    killed = 0
    for at in range(1, 500):
        discord.reset()
        Notification.objects.all().delete()
        stops(clock, *range(at * 100, at * 100 + 12))
        dispatch(now=clock())
        clock.skip(3600)
        knife = Knife(at)
        try:
            with connection.execute_wrapper(knife):
                run(clock)
        except KilledError:
            killed += 1
        clock.skip(60)
        run(clock)
        footers = [payload["embeds"][0]["footer"]["text"] for payload in discord.payloads()]
        # The message may come twice where the answer was not yet written down.
        assert (len(set(footers)), len(footers) <= 2) == (1, True), f"killed at statement {at}"
        assert states() == {"sent": 1, "collapsed": 12}, f"killed at statement {at}"
        if knife.left > 0:
            break
    assert killed > 15
