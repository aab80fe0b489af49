from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitoring.models import Feed, Headline
from tests.monitoring.advisor.news.kit import (
    HOUR,
    NOON,
    QUARTER,
    Wire,
    mentions,
    only_feed,
    position,
)

pytestmark = pytest.mark.django_db
BLOCKED = "answered with a web page instead of a feed (blocked?)"


@pytest.mark.parametrize(
    ("knob", "problem"),
    [
        ({"kind": "html"}, BLOCKED),
        ({"kind": "429"}, "answered with an error: 429"),
        ({"kind": "403"}, "answered with an error: 403"),
        ({"kind": "500"}, "answered with an error: 500"),
        ({"kind": "503"}, "answered with an error: 503"),
        ({"kind": "drop"}, "connection broken (ConnectionError)"),
        ({"kind": "wrong_json"}, "answered with something that is no feed (application/rss+xml)"),
        ({"kind": "truncated"}, "broken: it could not be read as a feed"),
    ],
)
def test_trouble_is_named_and_never_no_news(wire: Wire, knob: dict[str, Any], problem: str) -> None:
    position()
    wire.server.knob(**knob)
    result = wire.read()
    feed = only_feed()
    assert (result.failed, result.read, result.problems) == (
        1,
        0,
        [("127.0.0.1: fed when:1d", problem)],
    )
    assert (feed.problem, feed.failures, feed.answered_at, feed.tried_at) == (
        problem,
        1,
        None,
        NOON,
    )


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("empty", "answered with nothing"),
        ("bomb", "declares entities of its own, which no feed needs: not read"),
        ("huge", "answer larger than 2097152 bytes"),
        ("missing", "answered with an error: 404"),
    ],
)
def test_typed_address_that_is_no_feed_says_what_it_is(wire: Wire, page: str, problem: str) -> None:
    position(keywords="", feeds=wire.server.page(page))
    wire.read()
    assert only_feed().problem == problem


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("dawn.com/rss", "the address must begin with https://"),
        ("file:///etc/passwd", "the address must begin with https://"),
        ("/etc/passwd", "the address must begin with https://"),
        ("https://u:p@a.example/", "the address must be http(s)://host/… without a user name"),
        ("https://10.0.0.1/rss", "10.0.0.1: a private or local address is not called"),
        ("http://dawn.com/rss", "dawn.com: only https is called"),
    ],
)
def test_typed_address_goes_through_the_guard(wire: Wire, typed: str, problem: str) -> None:
    position(keywords="", feeds=typed)
    wire.read()
    assert only_feed().problem.removesuffix(" (WEBHOOK_ALLOWED_HOSTS lifts this)") == problem


def test_typed_address_at_the_search_s_private_host_is_guarded_all_the_same(wire: Wire) -> None:
    position(keywords="fed", feeds=wire.server.feed())
    result = wire.read(allowed=False)
    assert (result.read, result.failed, wire.asked()) == (1, 1, ["/search"])


def test_redirect_is_followed_where_the_guard_lets_it(wire: Wire) -> None:
    held = position()
    wire.server.publish("Fed cuts")
    location = f"http://localhost:{wire.server.port}/feed/main"
    wire.server.knob("redirect", route="search", location=location)
    refused = wire.read()
    assert refused.problems[0][1].startswith("localhost: only https is called")
    wire.server.clear()
    wire.server.knob("redirect", route="search", location=wire.server.feed())
    wire.read(NOON + HOUR)
    assert mentions(held) == ["Fed cuts"]


def test_redirect_to_another_host_is_followed_as_if_typed(wire: Wire) -> None:
    from monitoring.advisor.news.fetching import clients

    held = position()
    wire.server.publish("Fed cuts")
    there = f"localhost:{wire.server.port}"
    wire.server.knob("redirect", route="search", location=f"http://{there}/feed/main")
    wire.read(calls=clients({there}))
    assert mentions(held) == ["Fed cuts"]


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest", "file:///etc/passwd", "ftp://a/b"]
)
def test_redirect_inside_or_to_a_file_is_refused(wire: Wire, target: str) -> None:
    position(keywords="", feeds=wire.server.feed())
    wire.server.knob("redirect", location=target)
    wire.read()
    feed = only_feed()
    assert (feed.failures, feed.answered_at, len(wire.asked())) == (1, None, 1)
    assert "169.254.169.254: only https" in feed.problem or "must begin with https" in feed.problem


def test_redirects_in_a_circle_end(wire: Wire) -> None:
    position()
    wire.server.knob("redirect", location="/search")
    wire.read()
    assert only_feed().problem == "more than 3 redirects"


def test_failures_in_a_row_back_off_up_to_six_hours(wire: Wire) -> None:
    position()
    wire.server.knob("500")
    waits, now = [], NOON
    for _turn in range(8):
        wire.read(now)
        at = only_feed().not_before
        assert at is not None
        waits.append((at - now) / timedelta(minutes=1))
        now = at
    wanted = [15, 30, 60, 120, 240, 360, 360, 360]
    assert all(base <= wait <= base * 1.1 for base, wait in zip(wanted, waits, strict=True))
    wire.server.clear()
    wire.read(now)
    feed = only_feed()
    assert (feed.failures, feed.problem, feed.not_before) == (0, "", now + QUARTER)


@pytest.mark.parametrize(
    ("wish", "until"),
    [
        (5, lambda at: QUARTER <= at - NOON <= 1.1 * QUARTER),
        (7200, lambda at: at - NOON == 2 * HOUR),
        ("Sun, 22 Nov 2099 12:00:00 GMT", lambda at: at - NOON == 24 * HOUR),
    ],
)
def test_retry_after_is_honoured_up_to_a_day(
    wire: Wire, wish: int | str, until: Callable[[datetime], bool]
) -> None:
    position()
    wire.server.knob("429", retry_after=wish)
    wire.read()
    at = only_feed().not_before
    assert at is not None
    assert until(at)


def test_host_that_wants_peace_is_not_asked_for_its_other_addresses(wire: Wire) -> None:
    for number in range(3):
        position(f"{number}", keywords=f"fed{number}")
    wire.server.knob("429", retry_after=3600)
    result = wire.read()
    rows = list(Feed.objects.order_by("pk").values_list("problem", "not_before", "failures"))
    others = ("not asked: 127.0.0.1 wants to be left alone", NOON + HOUR, 0)
    assert (result.failed, len(wire.asked())) == (3, 1)
    assert rows == [("answered with an error: 429", NOON + HOUR, 1), others, others]


def test_broken_feed_does_not_keep_the_others_from_being_read(wire: Wire) -> None:
    wire.server.publish("Fed cut rates")
    held = position(keywords="", feeds=f"{wire.server.page('html')}\n{wire.server.feed()}")
    result = wire.read()
    assert (result.failed, result.read, mentions(held)) == (1, 1, ["Fed cut rates"])


def test_feed_after_a_trouble_is_read_whole(wire: Wire) -> None:
    position(keywords="", feeds=wire.server.feed())
    wire.read()
    wire.server.knob("500", times=1)
    for later in (1, 3):
        wire.read(NOON + later * QUARTER)
    assert [call.status for call in wire.server.requests()] == [200, 500, 200]


def test_headlines_stay_when_their_source_fails(wire: Wire) -> None:
    position()
    wire.server.publish("Fed cuts")
    wire.read()
    wire.server.knob("403")
    wire.read(NOON + QUARTER)
    problem = "answered with an error: 403"
    feed = only_feed()
    assert (Headline.objects.count(), feed.problem, feed.answered_at) == (1, problem, NOON)
