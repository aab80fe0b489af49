from __future__ import annotations

import pytest

from monitoring.advisor.news.sources import MOST_FEEDS, Source, label, sources
from monitoring.advisor.news.trust import tier

TEMPLATE = "https://news.google.com/rss/search?q={query}+when:1d&hl=en-US"
GOOGLE = "https://news.google.com/rss/search?q="


@pytest.mark.parametrize(
    ("keywords", "query"),
    [
        ("Aurangzeb", "Aurangzeb"),
        ("tax policy", "%22tax%20policy%22"),
        ("KSE-100", "%22KSE-100%22"),
        ("b c,a", "%28%22b%20c%22%20OR%20a%29"),
        ("a,b c", "%28%22b%20c%22%20OR%20a%29"),
        ("OR", "%22OR%22"),
        ("a&hl=x#y", "%22a%26hl%3Dx%23y%22"),
        ('say "no"', "%22say%20no%22"),
    ],
)
def test_keywords_become_one_search_whatever_their_order(keywords: str, query: str) -> None:
    whole = f"{GOOGLE}{query}+when:1d&hl=en-US"
    assert sources(keywords, "", TEMPLATE) == [Source(whole, own=True, aggregates=True)]


def test_each_feed_is_one_address_and_only_the_operator_s_host_aggregates() -> None:
    feeds = "https://a.example/rss\n\n https://news.google.com/rss/topics \nhttps://a.example/rss"
    assert sources("", feeds, TEMPLATE) == [
        Source("https://a.example/rss", own=False, aggregates=False),
        Source("https://news.google.com/rss/topics", own=False, aggregates=True),
    ]


def test_switched_off_search_leaves_the_feeds() -> None:
    assert [one.url for one in sources("a", "https://a.example/", "")] == ["https://a.example/"]


def test_feeds_of_one_position_are_bounded() -> None:
    feeds = "\n".join(f"https://a.example/{number}" for number in range(MOST_FEEDS + 5))
    assert len(sources("", feeds, "")) == MOST_FEEDS


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://u:p@a.example/rss/x%20y?token=secret#f", "a.example/rss/x y"),
        (f"{GOOGLE}%28a%20OR%20b%29+when:1d", "news.google.com: (a OR b) when:1d"),
        ("https://[broken", "https://[broken"),
        ("no address", "no address"),
    ],
)
def test_label_names_an_address_without_what_may_be_secret(url: str, named: str) -> None:
    assert label(url) == named


@pytest.mark.parametrize(
    ("domain", "trust"),
    [
        ("reuters.com", "wire"),
        ("feeds.reuters.com", "wire"),
        ("notreuters.com", "press"),
        ("reuters.com.evil.example", "press"),
        ("old.reddit.com", "social"),
        ("polymarket.com", "adversarial"),
        ("dawn.com", "press"),
        ("", "social"),
    ],
)
def test_trust_goes_by_the_domain_and_its_parents(domain: str, trust: str) -> None:
    assert tier(domain) == trust
