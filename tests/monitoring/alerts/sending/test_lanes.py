"""First tries and tries after a failure are carried by two runs, so that none waits for a hang."""

from __future__ import annotations

import pytest

from monitoring.alerts.sending.delivery import Lane, Tally
from monitoring.models import Channel
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.conftest import Clock
from tests.monitoring.alerts.post import another, run, stops, told

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def test_failed_message_is_left_to_the_other_lane(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.plan("500")
    stops(clock, 1)
    assert run(clock, lane=Lane.FIRST) == Tally(retried=1)
    clock.skip(60)
    assert run(clock, lane=Lane.FIRST) == Tally()
    assert run(clock, lane=Lane.AGAIN) == Tally(sent=1)
    assert told(discord) == ["1"]


def test_first_tries_go_on_beside_a_channel_that_fails(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    another(discord)
    discord.plan("500")
    stops(clock, 1)
    assert run(clock, lane=Lane.FIRST) == Tally(sent=1, retried=1)
    clock.skip(60)
    stops(clock, 2)
    assert run(clock, lane=Lane.FIRST) == Tally(sent=1)
    assert (told(discord), told(discord, "2")) == ([], ["1", "2"])


def test_channel_that_recovers_is_served_to_the_end_in_order(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.plan("500")
    stops(clock, 1, 2, 3)
    run(clock, lane=Lane.FIRST)
    clock.skip(60)
    assert run(clock, lane=Lane.AGAIN) == Tally(sent=3)
    assert told(discord) == ["1", "2", "3"]


def test_channel_that_failed_is_free_for_the_other_lane_at_once(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    discord.plan("500")
    stops(clock, 1)
    run(clock, lane=Lane.FIRST)
    channel.refresh_from_db()
    assert (channel.lease_holder, channel.lease_until) == ("", None)
