from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from monitoring.advisor.news import fresh
from monitoring.models import Feed, Headline, Mention, Screening
from positions.models import Thesis
from tests.monitoring.advisor.news.kit import (
    HOUR,
    NOON,
    QUARTER,
    Wire,
    mentions,
    only_feed,
    position,
    titles,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def test_search_finds_a_position_s_headlines(wire: Wire) -> None:
    held = position(keywords="fed, rate cut")
    wire.server.publish("Fed to cut rates", at=(NOON - HOUR).timestamp(), link="https://x.example/")
    wire.server.publish("Cats are fine")
    result = wire.read()
    row = Headline.objects.get()
    assert (result.read, result.headlines, result.mentions, result.problems) == (1, 1, 1, [])
    assert wire.server.requests()[0].request.param("q") == '("rate cut" OR fed) when:1d'
    assert (row.title, row.publisher, row.domain, row.trust, row.url) == (
        "Fed to cut rates",
        "Reuters",
        "reuters.com",
        "wire",
        "https://x.example/",
    )
    assert (row.published_at, row.first_seen, row.is_demo) == (NOON - HOUR, NOON, False)
    assert mentions(held) == ["Fed to cut rates"]


def test_feed_is_read_for_its_keywords_or_the_question(wire: Wire) -> None:
    feed = wire.server.feed()
    worded, plain = position("a", keywords="gold", feeds=feed), position("b", keywords="")
    Thesis.objects.filter(position=plain).update(feeds=feed)
    for title in ("Gold rises", "Fed cut rates", "Football"):
        wire.server.publish(title)
    wire.read()
    assert (mentions(worded), mentions(plain)) == (["Gold rises"], ["Fed cut rates"])
    assert wire.asked().count("/feed/main") == 1  # for both


def test_no_keywords_and_no_feeds_ask_nobody(wire: Wire) -> None:
    position(keywords="")
    position("closed", state="closed")
    assert (wire.read().read, wire.asked(), Feed.objects.count()) == (0, [], 0)


def test_switched_off_search_is_not_asked(wire: Wire, settings: Settings) -> None:
    settings.NEWS_QUERY_URL = ""
    position()
    wire.read()
    assert wire.asked() == []


def test_copies_are_one_headline_and_count_publishers(wire: Wire) -> None:
    position()
    wire.server.publish("Fed cuts", publisher="Blog", source="https://blog.example", name="a")
    wire.read()
    wire.server.publish("FED CUTS.", publisher="Dawn", source="https://dawn.com", name="b")
    wire.server.publish("Fed cuts", name="c")
    for later in (1, 2):
        wire.read(NOON + later * QUARTER)
    row = Headline.objects.get()
    # The weightiest publisher stands for it, and reading the same again counts nothing.
    assert (row.copies, row.domain, row.trust) == (3, "reuters.com", "wire")
    assert Mention.objects.count() == 1


def test_reversal_is_a_headline_of_its_own(wire: Wire) -> None:
    position(keywords="hart")
    for title in ("Hart says he will resign", "Hart says he will not resign"):
        wire.server.publish(title)
    wire.read()
    assert titles() == ["Hart says he will not resign", "Hart says he will resign"]


@pytest.mark.parametrize(
    ("age", "opened", "stored"),
    [
        (timedelta(hours=47), timedelta(days=9), True),
        (timedelta(hours=49), timedelta(days=9), False),
        (timedelta(hours=2), timedelta(hours=1), False),
        (timedelta(hours=1), timedelta(hours=2), True),
        (-timedelta(minutes=9), timedelta(days=1), True),
        (-timedelta(minutes=11), timedelta(days=1), False),
    ],
)
def test_old_news_and_news_of_the_future_are_left_out(
    wire: Wire, age: timedelta, opened: timedelta, stored: bool
) -> None:
    held = position(opened_at=NOON - opened)
    wire.server.publish("Fed cuts", at=(NOON - age).timestamp())
    wire.read()
    assert (titles() == ["Fed cuts"], mentions(held) == ["Fed cuts"]) == (stored, stored)


def test_undated_headline_counts_from_when_it_was_first_seen(wire: Wire) -> None:
    first = position("a", opened_at=NOON - HOUR)
    wire.server.publish("Fed cuts", at=None)
    wire.read()
    later = position("b", keywords="fed, cuts", opened_at=NOON + HOUR)
    wire.read(NOON + 2 * HOUR)
    assert (mentions(first), mentions(later)) == (["Fed cuts"], [])
    shown = [row.title for row in fresh(first.pk, screener="x", thesis_version=1, now=NOON + HOUR)]
    gone = fresh(first.pk, screener="x", thesis_version=1, now=NOON + timedelta(hours=49))
    assert (shown, gone) == (["Fed cuts"], [])


def test_same_words_days_later_are_another_event(wire: Wire) -> None:
    held = position(opened_at=NOON - timedelta(days=30))
    wire.server.publish("Fed cuts rates")
    wire.read()
    old = Headline.objects.get()
    later = NOON + timedelta(days=3)
    wire.server.publish("Fed cuts rates", at=later.timestamp())
    wire.read(later)
    assert Headline.objects.count() == 2
    assert fresh(held.pk, screener="x", thesis_version=1, now=later) == [
        Headline.objects.exclude(pk=old.pk).get()
    ]


def test_unchanged_feed_is_not_sent_again(wire: Wire) -> None:
    position(keywords="", feeds=wire.server.feed())
    wire.server.publish("Fed cut rates")
    wire.read()
    second = wire.read(NOON + QUARTER)
    feed = only_feed()
    assert [call.status for call in wire.server.requests()] == [200, 304]
    assert (second.read, second.unchanged, feed.items, feed.problem) == (0, 1, 1, "")
    assert feed.answered_at == NOON + QUARTER


def test_unchanged_feed_is_read_whole_for_whom_it_is_new(wire: Wire) -> None:
    position("a", keywords="gold", feeds=wire.server.feed())
    wire.server.publish("Silver falls")
    wire.read()
    held = position("b", keywords="silver", feeds=wire.server.feed())
    Thesis.objects.filter(position__market__key="a").update(keywords="gold, silver")
    wire.read(NOON + QUARTER)
    assert mentions(held) == ["Silver falls"]


def test_feed_is_left_alone_for_a_quarter_of_an_hour(wire: Wire) -> None:
    position()
    for minutes in (0, 1, 10, 15, 20, 29.9):
        wire.read(NOON + timedelta(minutes=minutes))
    assert len(wire.asked()) == 3  # a turn of the schedule that comes a little early is a turn
    assert only_feed().not_before == NOON + timedelta(minutes=44.9)


def test_addresses_of_one_host_are_asked_with_pauses(wire: Wire) -> None:
    for number in range(3):
        position(f"{number}", keywords=f"fed {number}")
    wire.read()
    assert len(wire.slept) == 2
    assert all(0.5 <= seconds <= 1.5 for seconds in wire.slept)


def test_two_readings_at_once_do_not_meet(wire: Wire) -> None:
    for number in range(2):
        position(f"{number}", keywords=f"fed {number}")
    wire.server.publish("Fed 0 and fed 1")

    def meanwhile(_seconds: float) -> None:
        wire.read()

    result = wire.read(sleep=meanwhile)
    assert (result.read, result.failed, Feed.objects.count()) == (2, 0, 2)
    assert (Headline.objects.count(), Mention.objects.count()) == (1, 2)


def test_what_the_time_does_not_suffice_for_is_read_first_the_next_time(wire: Wire) -> None:
    for number in range(3):
        position(f"{number}", keywords=f"fed{number}")
    ticks = iter([0.0, 0.0, 0.0, 9.0])
    first = wire.read(clock=lambda: next(ticks), budget=5.0)
    second = wire.read(NOON + timedelta(minutes=1))
    asked = [call.request.param("q") for call in wire.server.requests()]
    assert (first.read, first.left, second.read) == (2, 1, 1)
    assert asked == ["fed0 when:1d", "fed1 when:1d", "fed2 when:1d"]


def test_screened_headline_is_not_fresh_for_that_screener_and_thesis(wire: Wire) -> None:
    held = position()
    wire.server.publish("Fed cuts", at=(NOON - HOUR).timestamp())
    wire.server.publish("Fed holds")
    wire.read()
    row = Headline.objects.get(title="Fed cuts")
    Screening.objects.create(
        position=held, headline=row, thesis_version=1, screener="a", direction="none", at=NOON
    )

    def found(screener: str, version: int, most: int = 15) -> list[str]:
        rows = fresh(held.pk, screener=screener, thesis_version=version, now=NOON + HOUR, most=most)
        return [one.title for one in rows]

    assert found("a", 1) == ["Fed holds"]
    assert found("b", 1) == found("a", 2) == ["Fed holds", "Fed cuts"]
    assert found("b", 1, most=1) == ["Fed holds"]
    assert fresh(0, screener="a", thesis_version=1, now=NOON) == []


def test_reading_asks_the_database_no_more_for_more_headlines(wire: Wire) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    position()
    counts = []
    for turn, many in enumerate((2, 40)):
        for number in range(many):
            wire.server.publish(f"Fed cuts {turn} {number}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            wire.read(NOON + turn * QUARTER)
        counts.append(len(asked))
    assert counts[1] <= counts[0] + 1


def test_hostile_titles_are_stored_as_plain_text(wire: Wire) -> None:
    position()
    wire.server.publish("Fed \u202e<img src=x onerror=alert(1)>cuts " + "x" * 400)
    wire.read()
    assert titles() == ["Fed cuts " + "x" * 291]
