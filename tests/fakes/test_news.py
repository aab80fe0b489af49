from __future__ import annotations

import feedparser
import pytest
import requests

from tests.fakes.news import PAGES, NewsServer


def test_search_has_google_s_shape() -> None:
    with NewsServer(clock=lambda: 1795348800.0) as server:
        server.publish("Tax & policy", publisher="Dawn", source="https://dawn.com")
        answer = requests.get(server.template.replace("{query}", "tax"), timeout=5)
    entry = feedparser.parse(answer.content).entries[0]
    assert entry.title == "Tax & policy - Dawn"
    assert (entry.source.title, entry.source.href) == ("Dawn", "https://dawn.com")
    assert entry.published == "Sun, 22 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize("atom", [False, True])
def test_feed_is_unchanged_until_something_is_published(atom: bool) -> None:
    with NewsServer() as server:
        url = server.feed("a", atom=atom)
        etag = requests.get(url, timeout=5).headers["ETag"]
        same = requests.get(url, headers={"If-None-Match": etag}, timeout=5)
        server.publish("News", "a")
        other = requests.get(url, headers={"If-None-Match": etag}, timeout=5)
    assert (same.status_code, same.content, other.status_code) == (304, b"", 200)


@pytest.mark.parametrize("name", PAGES)
def test_page_answers_as_it_is_named(name: str) -> None:
    with NewsServer() as server:
        answer = requests.get(server.page(name), timeout=5)
    assert (answer.status_code, answer.content) == (200, PAGES[name][0])
