from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from monitoring.diagnosis.news import news
from monitoring.models import Feed, Headline, Mention
from monitoring.selectors.news import NewsSource, headlines_of, news_sources
from tests.monitoring.advisor.news.kit import position

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TYPED = "https://dawn.com/rss?token=secret"
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


@pytest.fixture(autouse=True)
def search(settings: Settings) -> None:
    settings.NEWS_QUERY_URL = "https://news.example/?q={query}"


def read(**values: object) -> None:
    """Every address of the open positions, as it was last read."""
    from monitoring.advisor.news.reading import wanted

    for key, one in wanted("https://news.example/?q={query}").items():
        row = {"tried_at": NOON, "answered_at": NOON, "not_before": NOON} | values
        Feed.objects.create(key=key, url=one.source.url, **row)


def test_headlines_are_the_newest_of_a_month() -> None:
    held, other = position("a"), position("b")
    days = {"today": 0, "yesterday": 1, "long ago": 31}
    for name, age in days.items():
        at = NOON - timedelta(days=age)
        row = Headline.objects.create(key=name, title=name, first_seen=NOON, published_at=at)
        Mention.objects.create(position=held, headline=row, at=NOON)
    undated = Headline.objects.create(key="u", title="undated", first_seen=NOON - HOUR)
    Mention.objects.create(position=held, headline=undated, at=NOON)
    titles = [row.title for row in headlines_of(held.pk, NOON)]
    assert titles == ["today", "undated", "yesterday"]
    assert [row.title for row in headlines_of(held.pk, NOON, most=1)] == ["today"]
    assert headlines_of(other.pk, NOON) == []


def test_sources_are_those_in_use_with_troubles_first() -> None:
    position("a", keywords="gold")
    position("b", keywords="gold", feeds=TYPED)
    position("closed", keywords="silver", state="closed")
    position("demo", keywords="tax", is_demo=True)
    Feed.objects.create(key="gone", url="https://gone.example", problem="nobody reads it")
    assert news_sources(NOON) == [
        NewsSource("dawn.com/rss", False, 1, "waiting"),
        NewsSource("news.example: gold", True, 2, "waiting"),
    ]
    read(items=7)
    Feed.objects.filter(url=TYPED).update(problem="answered with nothing", answered_at=None)
    assert news_sources(NOON) == [
        NewsSource(
            "dawn.com/rss", False, 1, "failing", 7, NOON, None, NOON, "answered with nothing"
        ),
        NewsSource("news.example: gold", True, 2, "ok", 7, NOON, NOON, NOON),
    ]


@pytest.mark.parametrize(("minutes", "state"), [(30, "ok"), (31, "old")])
def test_source_that_nobody_has_read_for_long_is_old(minutes: int, state: str) -> None:
    position()
    read()
    assert [one.state for one in news_sources(NOON + timedelta(minutes=minutes))] == [state]


def test_queries_do_not_grow_with_the_book() -> None:
    counts = []
    for number in range(3):
        position(f"{number}", keywords=f"gold {number}", feeds=f"https://a.example/{number}")
        with CaptureQueriesContext(connection) as asked:
            news_sources(NOON)
        counts.append(len(asked))
    assert counts == [2, 2, 2]


class TestDoctor:
    def test_names_each_address_in_trouble_with_a_remedy(self) -> None:
        position(feeds=TYPED)
        read(problem="answered with an error: 429")
        found = [(check.name, check.status, check.text) for check in news(NOON)]
        problem = "answered with an error: 429"
        assert found == [
            ("news dawn.com/rss", "warn", problem),
            ("news news.example: fed", "warn", problem),
        ]
        typed, own = (check.remedy for check in news(NOON))
        assert ("thesis in Admin" in typed, "NEWS_QUERY_URL" in own) == (True, True)

    def test_says_when_nobody_reads(self) -> None:
        position()
        read()
        found = [(check.name, check.status, check.text) for check in news(NOON + HOUR)]
        assert found == [("news news.example: fed", "warn", "not read for long")]

    def test_counts_what_is_in_order(self) -> None:
        assert [check.text for check in news(NOON)] == [
            "none looked for: no open position has keywords or feeds"
        ]
        position(feeds=TYPED)
        read()
        assert [(check.status, check.text) for check in news(NOON)] == [
            ("ok", "2 addresses in order")
        ]


class TestPages:
    def test_monitor_shows_a_blocked_search(self, admin_client: Client) -> None:
        position(keywords="<b>gold</b>")
        read(problem="answered with a web page instead of a feed (blocked?)", answered_at=None)
        page = admin_client.get("/monitor/").content.decode()
        part = page[page.index('id="mo-news"') :]
        assert "gives no news" in part
        assert "Answered with a web page instead of a feed (blocked?)" in part
        assert "news.example: &quot;&lt;b&gt;gold&lt;/b&gt;&quot;" in part

    @pytest.mark.parametrize("host", ["news.google.com", "news.example"])
    def test_terms_of_google_s_search_are_told(
        self, admin_client: Client, settings: Settings, host: str
    ) -> None:
        settings.NEWS_QUERY_URL = f"https://{host}/?q={{query}}"
        position()
        page = admin_client.get("/monitor/").content.decode()
        assert ("personal, non-commercial use" in page) is (host == "news.google.com")

    def test_monitor_says_when_no_news_is_looked_for(self, admin_client: Client) -> None:
        assert "No news is looked for" in admin_client.get("/monitor/").content.decode()


class TestAdmin:
    @pytest.mark.parametrize("name", ["feed", "headline", "mention"])
    def test_rows_are_read_only(self, admin_client: Client, name: str) -> None:
        held = position(feeds=TYPED)
        read()
        row = Headline.objects.create(key="x", title="<i>Fed</i>", first_seen=NOON)
        Mention.objects.create(position=held, headline=row, at=NOON)
        pages = (f"/admin/monitoring/{name}/", f"/admin/monitoring/{name}/add/")
        answers = [admin_client.get(page) for page in pages]
        assert [answer.status_code for answer in answers] == [200, 403]
        page = answers[0].content.decode()
        assert ("<i>Fed" in page, "token=secret" in page) == (False, False)

    def test_feed_can_be_read_at_the_next_turn(self, admin_client: Client) -> None:
        position()
        read(problem="x", not_before=NOON + 6 * HOUR)
        chosen = {"action": "read_again", "_selected_action": [Feed.objects.get().pk]}
        answer = admin_client.post("/admin/monitoring/feed/", chosen, follow=True)
        feed = Feed.objects.get()
        assert "1 address is read at the next turn." in answer.content.decode()
        assert (feed.not_before, feed.problem) == (None, "x")

    def test_viewer_is_not_offered_that(self, client: Client) -> None:
        from django.contrib.auth.models import User

        from positions.roles import VIEWER, ensure_roles, give_role

        ensure_roles()
        user = User.objects.create_user("vera")
        give_role(user, VIEWER)
        client.force_login(user)
        position()
        read()
        page = client.get("/admin/monitoring/feed/")
        assert (page.status_code, b"read_again" in page.content) == (200, False)
