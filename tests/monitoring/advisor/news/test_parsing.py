from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitoring.advisor.news.items import Item, SourceError
from monitoring.advisor.news.parsing import MOST_ITEMS, parse
from monitoring.advisor.news.sources import Source
from tests.fakes.news import PAGES, Article, atom, rss

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEARCH = Source("https://news.google.com/rss/search?q=a", own=True, aggregates=True)
FEED = Source("https://www.dawn.com/feeds/home", own=False, aggregates=False)


def read(text: str, source: Source = FEED, **options: Any) -> list[Item]:
    return parse(text.encode(), source, **options)


def one(title: str, **details: Any) -> str:
    return rss([Article(title, **details)], "Dawn")


def test_search_result_loses_its_suffix_and_keeps_its_publisher() -> None:
    link = "https://news.google.com/rss/articles/CB1"
    article = Article(
        "Tax policy - explained", "Dawn", "https://www.dawn.com", NOON.timestamp(), link
    )
    assert read(rss([article], "search", google=True), SEARCH) == [
        Item(
            "Tax policy - explained",
            "Dawn",
            "dawn.com",
            link,
            NOON,
        )
    ]


def test_typed_feed_speaks_for_itself_only() -> None:
    forged = one("Sell everything", publisher="Reuters", source="https://reuters.com")
    assert [(item.publisher, item.domain) for item in read(forged)] == [("Dawn", "dawn.com")]


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.news.google.com/rss/other", "reuters.com"),
        ("https://evil.example/rss", "news.google.com"),
    ],
)
def test_search_that_leads_elsewhere_is_not_believed_who_published(url: str, domain: str) -> None:
    """A redirect of its host could lead to anybody's list of forged agencies."""
    forged = one("Sell everything", publisher="Reuters", source="https://reuters.com")
    assert [item.domain for item in read(forged, SEARCH, url=url)] == [domain]


def test_atom_is_read() -> None:
    text = atom([Article("Rates cut", link="https://a.example/1", at=NOON.timestamp())], "Fed")
    assert read(text) == [Item("Rates cut", "Fed", "dawn.com", "https://a.example/1", NOON)]


@pytest.mark.parametrize("text", [rss([], "quiet"), atom([], "quiet")])
def test_feed_without_entries_is_no_news(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("html", "answered with a web page instead of a feed (blocked?)"),
        ("consent", "answered with a web page instead of a feed (blocked?)"),
        ("rss_in_html", "answered with a web page instead of a feed (blocked?)"),
        ("empty", "answered with nothing"),
        ("blank", "answered with nothing"),
        ("json", "answered with something that is no feed (application/json)"),
        ("text", "answered with something that is no feed (text/plain)"),
        ("odd", "answered with something that is no feed (text/xml)"),
        ("bomb", "declares entities of its own, which no feed needs: not read"),
        ("broken", "broken: it could not be read as a feed"),
    ],
)
def test_what_is_no_feed_is_an_error_and_never_no_news(page: str, problem: str) -> None:
    body, kind = PAGES[page]
    with pytest.raises(SourceError) as caught:
        parse(body, FEED, kind=kind)
    assert str(caught.value) == problem


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_bomb_is_seen_in_every_encoding(encoding: str) -> None:
    text = PAGES["bomb"][0].decode()
    with pytest.raises(SourceError, match="declares entities"):
        parse(text.encode(encoding), FEED)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_feed_is_read_in_its_own_encoding(encoding: str) -> None:
    name = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = one("Zölle erhöht").replace('version="1.0"', f'version="1.0" encoding="{name}"', 1)
    assert [item.title for item in parse(text.encode(encoding), FEED)] == ["Zölle erhöht"]


def test_only_bytes_reach_the_parser(tmp_path: Path) -> None:
    secret = tmp_path / "feed.xml"
    secret.write_text(one("a file of this machine"))
    for text in (str(secret), secret.as_uri(), "http://127.0.0.1:1/feed"):
        with pytest.raises(TypeError, match="bytes only"):
            parse(text, FEED)  # type: ignore[arg-type]
        with pytest.raises(SourceError, match="no feed"):
            parse(text.encode(), FEED)


def test_title_is_made_plain() -> None:
    title = "<script>alert(1)</script>Fed\u202e cuts\n<b>rates</b>"
    assert [item.title for item in read(one(title))] == ["alert(1) Fed cuts rates"]


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://a.example/1?x=2", "https://a.example/1?x=2"),
        ("/news/1", "https://dawn.com/news/1"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://[broken", ""),
        ("https://a.example/" + "x" * 3000, ""),
    ],
)
def test_only_web_addresses_become_links(link: str, kept: str) -> None:
    items = read(one("a", link=link), url="https://dawn.com/feeds/home")
    assert [item.url for item in items] == [kept]


@pytest.mark.parametrize("date", ["yesterday", "Sun, 99 Foo 2026 25:00:00 GMT", ""])
def test_date_that_nobody_can_read_is_none(date: str) -> None:
    text = one("a").replace("<link>https://www", f"<pubDate>{date}</pubDate><link>https://www")
    assert [item.published_at for item in read(text)] == [None]


def test_long_feed_is_cut() -> None:
    articles = [Article(f"Title {number}") for number in range(MOST_ITEMS + 20)]
    assert len(read(rss(articles, "long"))) == MOST_ITEMS


def test_feed_that_costs_too_much_is_a_source_error() -> None:
    """A quarter of a megabyte that would keep the parser busy for many seconds: it looks for each attribute in all."""
    attributes = " ".join(f"a{number}=''" for number in range(20_000))
    hostile = f"<rss version='2.0'><channel><item {attributes}/></channel></rss>".encode()
    with pytest.raises(SourceError, match="takes too long"):
        parse(hostile, FEED, seconds=0.3)
    assert [item.title for item in read(one("the next feed is read"))] == ["the next feed is read"]
