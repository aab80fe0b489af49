from __future__ import annotations

import pytest

from monitoring.alerts.sending.retrying import retry, retry_all
from monitoring.models import Channel, Notification
from positions.models import JournalEntry
from positions.services.base import ServiceError
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.book import position, write
from tests.monitoring.alerts.conftest import Clock
from tests.monitoring.alerts.post import run, states, stops, told

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
DAY = 24 * 3600


def failed(clock: Clock, discord: DiscordServer, count: int = 1) -> list[int]:
    """So many alerts that were not taken; their ids."""
    discord.plan(*["400"] * count)
    stops(clock, *range(count))
    run(clock)
    rows = Notification.objects.filter(state="failed").order_by("pk")
    return list(rows.values_list("pk", flat=True))


def again(row: int, clock: Clock) -> Notification:
    return retry(notification_id=row, actor="kim", now=clock())


def test_failed_alert_is_sent_again_and_the_journal_says_who_had_it_sent(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    [row] = failed(clock, discord)
    clock.skip(3 * DAY)
    queued = again(row, clock)
    assert (queued.state, queued.queued_at, queued.attempts, queued.error) == (
        "pending",
        clock(),
        0,
        "",
    )
    run(clock)
    assert (told(discord), states(pk=row)) == (["0"], {"sent": 1})
    entry = JournalEntry.objects.get(kind="alert_retried")
    assert (entry.actor, entry.data) == (
        "kim",
        {"channel": "discord", "notification": row, "about": queued.entry_id},
    )


def test_retried_alert_has_another_day(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    [row] = failed(clock, discord)
    clock.skip(3 * DAY)
    again(row, clock)
    discord.knob("503", method="POST")
    clock.skip(DAY - 60)
    run(clock)
    assert states(pk=row) == {"pending": 1}
    clock.skip(60)
    run(clock)
    assert states(pk=row) == {"failed": 1}


def test_entry_of_a_position_stands_in_its_history(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.plan("400")
    held = position()
    write("dust", at=clock(), position=held)
    run(clock)
    again(Notification.objects.get().pk, clock)
    assert JournalEntry.objects.get(kind="alert_retried").position == held


def test_twice_is_once(channel: Channel, discord: DiscordServer, clock: Clock) -> None:
    [row] = failed(clock, discord)
    again(row, clock)
    again(row, clock)
    assert JournalEntry.objects.filter(kind="alert_retried").count() == 1


def test_delivered_alert_is_not_sent_again(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(clock, 0)
    run(clock)
    with pytest.raises(ServiceError, match="was delivered"):
        again(Notification.objects.get().pk, clock)


@pytest.mark.parametrize(
    ("state", "words"), [("suppressed", "held back on purpose"), ("collapsed", "told in a digest")]
)
def test_what_was_not_to_be_sent_is_refused(
    channel: Channel, discord: DiscordServer, clock: Clock, state: str, words: str
) -> None:
    stops(clock, 0)
    run(clock)
    Notification.objects.update(state=state)
    with pytest.raises(ServiceError, match=words):
        again(Notification.objects.get().pk, clock)


def test_unknown_alert_is_refused(db: None, clock: Clock) -> None:
    with pytest.raises(ServiceError, match="no longer there"):
        again(77, clock)


def test_channel_that_is_off_says_how_to_cure_it(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    [row] = failed(clock, discord)
    Channel.objects.update(enabled=False, disabled_reason="404 Unknown Webhook")
    with pytest.raises(ServiceError, match=r"is off \(404 Unknown Webhook\): put in a working"):
        again(row, clock)
    with pytest.raises(ServiceError, match="is off"):
        retry_all(channel_id=channel.pk, actor="kim", now=clock())
    assert states() == {"failed": 1}


def collected_and_failed(clock: Clock, discord: DiscordServer) -> Notification:
    stops(clock, *range(12))
    clock.skip(3600)
    discord.plan("400")
    run(clock)
    return Notification.objects.get(entry__kind="alerts_collapsed")


def test_retried_collected_message_takes_its_own_along(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    digest = collected_and_failed(clock, discord)
    again(digest.pk, clock)
    assert states() == {"pending": 1, "collapsed": 12}
    run(clock)
    assert (told(discord), states()) == (["12 ALERTS, LATE"], {"sent": 1, "collapsed": 12})


def test_one_of_a_collected_message_may_be_retried_alone(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    digest = collected_and_failed(clock, discord)
    one = Notification.objects.filter(digest=digest).order_by("pk")[4]
    again(one.pk, clock)
    run(clock)
    assert (told(discord), states()) == (["4"], {"sent": 1, "failed": 12})


def test_all_of_a_channel_are_retried_in_one_go(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    failed(clock, discord, 3)
    assert retry_all(channel_id=channel.pk, actor="kim", now=clock()) == 3
    assert retry_all(channel_id=channel.pk, actor="kim", now=clock()) == 0
    run(clock)
    assert told(discord) == ["0", "1", "2"]
    texts = JournalEntry.objects.filter(kind="alert_retried").values_list("text", flat=True)
    assert list(texts) == ["3 failed alerts are sent to the channel “discord” again"]


def test_many_that_are_retried_late_come_as_one(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    failed(clock, discord, 12)
    clock.skip(3600)
    retry_all(channel_id=channel.pk, actor="kim", now=clock())
    run(clock)
    assert told(discord) == ["12 ALERTS, LATE"]
