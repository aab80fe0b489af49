from __future__ import annotations

from datetime import timedelta

import pytest

from monitoring.advisor.news import fresh
from monitoring.advisor.recording import recordings
from monitoring.models import Feed, Headline
from positions.models import Position
from tests.monitoring.advisor.news.kit import NOON, Wire, mentions, position

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
LATER = NOON + timedelta(hours=1)


def demo(market: str) -> Position:
    held = position(market, keywords="tax", feeds="https://a.example/rss", is_demo=True)
    held.market.data = {"epoch": NOON.isoformat()}
    held.market.save()
    return held


def test_demo_is_given_its_recorded_news_and_calls_nobody(wire: Wire) -> None:
    market, recording = next(iter(recordings().items()))
    held = demo(market)
    wire.server.publish("Tax on gains")
    result = wire.read(LATER)
    assert mentions(held) == sorted(one.title for one in recording.news)
    assert (result.headlines, wire.asked(), Feed.objects.count()) == (len(recording.news), [], 0)
    assert set(Headline.objects.values_list("is_demo", flat=True)) == {True}
    assert len(fresh(held.pk, screener="x", thesis_version=1, now=LATER)) == len(recording.news)
    again = wire.read(LATER + timedelta(minutes=15))
    assert (again.headlines, again.mentions) == (0, 0)


def test_demo_position_without_a_recording_has_no_news(wire: Wire) -> None:
    held = demo("nothing recorded")
    wire.read(LATER)
    assert (mentions(held), wire.asked()) == ([], [])


def test_sample_that_cannot_be_read_costs_nobody_else_his_news(wire: Wire) -> None:
    broken = demo(next(iter(recordings())))
    broken.market.data = {"epoch": "the day before yesterday"}
    broken.market.save()
    held = position("fed")
    wire.server.publish("Fed cuts")
    wire.read()
    assert (mentions(broken), mentions(held)) == ([], ["Fed cuts"])
