from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from django.db import connection

from monitoring.alerts.sending.delivery import BUDGET, Tally, deliver_due
from monitoring.lease import identity
from monitoring.models import Channel, Notification
from positions.models import JournalEntry
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.book import position, write, write_stop
from tests.monitoring.alerts.conftest import TOKEN, Clock

pytestmark = pytest.mark.django_db


def run(clock: Clock, **values: Any) -> Tally:
    return deliver_due(clock=clock, sleep=clock.sleep, rng=Random(1), **values)


def questions(discord: DiscordServer) -> list[str]:
    """Which alerts stand in the channel, by their question's number."""
    return [
        payload["content"].split(" · ")[2].removeprefix("Question ")
        for payload in discord.payloads()
    ]


def states() -> list[tuple[str, int, str]]:
    rows = Notification.objects.order_by("pk")
    return [(row.state, row.attempts, row.error) for row in rows]


def stops(count: int) -> None:
    for number in range(count):
        write_stop(number)


@pytest.mark.both_dbs
def test_alerts_are_delivered_in_order_and_marked(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(3)
    assert run(clock) == Tally(sent=3)
    assert questions(discord) == ["0", "1", "2"]
    assert states() == [("sent", 1, "")] * 3
    assert set(Notification.objects.values_list("sent_at", flat=True)) == {clock()}


def test_message_carries_its_notification_s_id(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(1)
    run(clock)
    footer = discord.payloads()[0]["embeds"][0]["footer"]["text"]
    assert footer == f"notification {Notification.objects.get().pk}"


def test_nothing_to_do_calls_nobody(channel: Channel, discord: DiscordServer, clock: Clock) -> None:
    assert (run(clock), len(discord.calls), clock.naps) == (Tally(), 0, [])


@pytest.mark.parametrize(
    ("step", "wait"),
    [
        ({"retry_after": 1.5, "where": "json"}, 1.55),
        ({"retry_after": 2.0, "where": "header"}, 2.05),
        ({"retry_after": 0.5, "where": "both"}, 0.55),
        ({"retry_after": 1.0, "global": True}, 1.05),
    ],
)
def test_429_is_obeyed_to_the_part_of_a_second(
    channel: Channel, discord: DiscordServer, clock: Clock, step: dict[str, Any], wait: float
) -> None:
    stops(2)
    discord.plan({"kind": "429", **step})
    assert run(clock) == Tally(sent=2, retried=1)
    assert questions(discord) == ["0", "1"]
    assert clock.naps == [pytest.approx(wait)]


def test_429_without_a_time_backs_off(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(1)
    discord.plan({"kind": "429", "where": "none"})
    assert run(clock) == Tally(sent=1, retried=1)
    assert 1 <= clock.naps[0] <= 2


def test_long_429_is_waited_for_outside_the_run(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(2)
    discord.plan({"kind": "429", "retry_after": 60})
    assert (run(clock), clock.naps) == (Tally(retried=1), [])
    clock.skip(57)
    assert run(clock) == Tally()
    clock.skip(3.1)
    assert run(clock) == Tally(sent=2)
    assert states() == [("sent", 2, ""), ("sent", 1, "")]


def test_global_429_holds_every_channel(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.create(name="other", url=discord.webhook_url("2", TOKEN))
    stops(1)
    discord.plan({"kind": "429", "retry_after": 60, "global": True})
    run(clock)
    assert len(discord.sent(delivered=False)) == 1
    clock.skip(61)
    assert run(clock) == Tally(sent=2)


def test_429_of_one_webhook_does_not_hold_another(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.create(name="other", url=discord.webhook_url("2", TOKEN))
    stops(1)
    discord.plan({"kind": "429", "retry_after": 60})
    assert run(clock) == Tally(sent=1, retried=1)


def test_burst_never_earns_a_429(channel: Channel, discord: DiscordServer, clock: Clock) -> None:
    discord.set_bucket(5, 2)
    stops(12)
    assert run(clock) == Tally(sent=12)
    assert {sent["status"] for sent in discord.sent(delivered=False)} == {200}
    assert clock.naps == [pytest.approx(2.05)] * 2


@pytest.mark.parametrize("kind", ["500", "502", "drop"])
def test_trouble_is_tried_again_and_nothing_overtakes(
    channel: Channel, discord: DiscordServer, clock: Clock, kind: str
) -> None:
    stops(2)
    discord.plan(kind, kind, kind)
    tally = run(clock)
    while Notification.objects.filter(state="pending").exists():
        clock.skip(1)
        again = run(clock)
        tally = Tally(tally.sent + again.sent, 0, tally.retried + again.retried)
    assert (tally, questions(discord)) == (Tally(sent=2, retried=3), ["0", "1"])
    arrivals = [sent["at"] for sent in discord.sent(delivered=False)]
    gaps = [after - before for before, after in pairwise(arrivals)]
    assert [1 <= gaps[0] <= 3, 2 <= gaps[1] <= 5, 4 <= gaps[2] <= 9] == [True] * 3


def test_answer_cut_off_after_its_status_is_no_reason_to_send_twice(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(1)
    discord.plan("reset")
    assert (run(clock), len(discord.sent(delivered=False))) == (Tally(sent=1), 1)


def test_strange_success_is_delivered_and_shows_what_was_strange(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(1)
    discord.plan("wrong_json")
    run(clock)
    assert states() == [("sent", 1, '200 {"unexpected": true}')]


def test_page_of_a_proxy_is_no_delivery_whatever_its_status(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(1)
    discord.plan("html")
    run(clock, budget=timedelta(seconds=1))
    assert states() == [("pending", 1, "200 text/html")]
    clock.skip(2)
    run(clock)
    assert states() == [("sent", 2, "")]


def test_hanging_discord_is_left_within_the_timeout(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(1)
    discord.plan({"kind": "hang", "seconds": 11})
    run(clock, budget=timedelta(seconds=1))
    assert states() == [("pending", 1, "no answer in time")]


def test_poison_fails_at_once_and_the_queue_moves_on(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(2)
    discord.plan("400")
    assert run(clock) == Tally(sent=1, failed=1)
    assert states() == [("failed", 1, "400 status 400"), ("sent", 1, "")]


@pytest.mark.both_dbs
@pytest.mark.parametrize(
    ("kind", "reason"), [("404", "404 Unknown Webhook"), ("401", "401 Invalid Webhook Token")]
)
def test_dead_webhook_is_switched_off_and_the_others_are_told(
    channel: Channel, discord: DiscordServer, clock: Clock, kind: str, reason: str
) -> None:
    Channel.objects.create(name="other", url=discord.webhook_url("2", TOKEN))
    stops(1)
    discord.remove("1", int(kind))
    run(clock)
    channel.refresh_from_db()
    assert (channel.enabled, channel.disabled_reason) == (False, reason)
    entry = JournalEntry.objects.get(kind="channel_disabled")
    assert entry.data == {"channel": "discord", "reason": reason}
    told = Notification.objects.get(entry=entry)
    assert (told.channel.name, told.state) == ("other", "sent")


def test_what_waited_for_a_dead_webhook_is_sent_once_it_is_mended(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(1)
    discord.remove()
    run(clock)
    write_stop(1)
    Channel.objects.update(
        url=discord.webhook_url("2", TOKEN), enabled=True, disabled_reason="", not_before=None
    )
    assert run(clock) == Tally(sent=2)
    assert questions(discord) == ["0", "1"]


def test_address_that_is_not_allowed_switches_the_channel_off(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.update(url="http://127.0.0.2:9/api/webhooks/1/t")
    stops(1)
    run(clock)
    channel.refresh_from_db()
    assert (channel.enabled, len(discord.calls)) == (False, 0)
    assert channel.disabled_reason == (
        "127.0.0.2 is not Discord; WEBHOOK_ALLOWED_HOSTS names further hosts"
    )


def test_alert_fails_visibly_after_a_day(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(1)
    discord.plan("500", {"kind": "429", "retry_after": 90000})
    run(clock)
    clock.skip(24 * 3600 - 5)
    run(clock)
    assert states()[0][:2] == ("pending", 2)
    clock.skip(5)
    assert run(clock) == Tally()
    assert states() == [("failed", 2, "429 You are being rate limited.")]


def test_alert_of_a_dead_channel_fails_with_words_after_a_day(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.update(enabled=False, disabled_reason="404")
    stops(1)
    run(clock)
    clock.skip(24 * 3600)
    run(clock)
    assert states() == [("failed", 0, "not delivered within 24 hours")]


def test_crash_between_send_and_mark_repeats_that_one_message(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(2)
    run(clock)
    # As a sender leaves it that dies after the answer of the second: sent, counted, not marked.
    last = Notification.objects.latest("pk")
    Notification.objects.filter(pk=last.pk).update(state="pending", sent_at=None)
    dead = "1a2b3c4d@" + identity().rpartition(":")[0] + ":1"
    Channel.objects.update(lease_holder=dead, lease_until=clock() + timedelta(seconds=40))
    write_stop(2)
    assert run(clock) == Tally(sent=2)
    assert questions(discord) == ["0", "1", "1", "2"]
    footers = [payload["embeds"][0]["footer"]["text"] for payload in discord.payloads()]
    assert (footers[1] == footers[2], len(set(footers))) == (True, 3)


def test_channel_leased_by_a_living_sender_is_left_alone(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    until = clock() + timedelta(seconds=40)
    Channel.objects.update(lease_holder=f"1a2b3c4d@{identity()}", lease_until=until)
    stops(1)
    assert (run(clock), len(discord.calls)) == (Tally(), 0)
    clock.skip(41)
    assert run(clock) == Tally(sent=1)


def test_run_gives_its_lease_back(channel: Channel, discord: DiscordServer, clock: Clock) -> None:
    stops(1)
    run(clock)
    channel.refresh_from_db()
    assert (channel.lease_holder, channel.lease_until) == ("", None)


def test_run_ends_with_its_budget(channel: Channel, discord: DiscordServer, clock: Clock) -> None:
    discord.set_bucket(5, 2)
    stops(100)
    began = clock()
    again_at = run(clock).again_at
    assert clock() - began <= BUDGET
    assert Notification.objects.filter(state="sent").count() == 50
    assert again_at == pytest.approx(clock() + timedelta(seconds=2), abs=timedelta(seconds=1))


def test_run_that_has_nothing_left_does_not_ask_for_another(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(2)
    assert run(clock).again_at is None


def test_failing_channel_does_not_delay_the_other_s_first_tries(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.create(name="other", url=discord.webhook_url("2", TOKEN))
    stops(1)
    discord.plan("500")
    run(clock, budget=timedelta(microseconds=1))
    write_stop(1)
    clock.skip(3)
    run(clock)
    order = [(sent["webhook"], sent["delivered"]) for sent in discord.sent(delivered=False)]
    assert order[2:] == [("2", True), ("1", True), ("1", True)]


def test_muted_alert_is_never_sent(channel: Channel, discord: DiscordServer, clock: Clock) -> None:
    muted = position(muted_until=clock() + timedelta(hours=1))
    write("dust", urgency="medium", position=muted)
    assert (run(clock), len(discord.calls), states()) == (Tally(), 0, [("suppressed", 0, "")])


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_dbs
def test_four_senders_send_each_alert_once_and_in_order(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    stops(40)

    def work(seed: int) -> int:
        try:
            return deliver_due(clock=clock, sleep=lambda _: None, rng=Random(seed)).sent
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(work, range(4)))
    assert sum(sent) + run(clock).sent == 40
    assert questions(discord) == [str(number) for number in range(40)]
