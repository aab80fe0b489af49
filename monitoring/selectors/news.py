"""Headlines and their sources, for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from monitoring.advisor.news.reading import Wanted, wanted
from monitoring.advisor.news.sources import host_of, label
from monitoring.advisor.news.unseen import MOST, mentioned
from monitoring.models import Feed, Headline

SHOWN = timedelta(days=30)
ORDER = ("failing", "old", "waiting", "ok")


@dataclass(frozen=True, slots=True)
class NewsSource:
    """An address that open positions read. `state`: failing (it gave no news, `problem` says why),
    old (it should have been read again long ago), waiting (not read yet) or ok. `own`: made from
    NEWS_QUERY_URL, not typed at a position.
    """

    name: str
    own: bool
    held: int
    state: str
    items: int = 0
    tried_at: datetime | None = None
    answered_at: datetime | None = None
    next_at: datetime | None = None
    problem: str = ""


def headlines_of(position_id: int, now: datetime, most: int = MOST) -> list[Headline]:
    """The newest headlines of a position, at most a month old, screened or not."""
    return list(mentioned(position_id, now - SHOWN)[:most])


def news_sources(now: datetime) -> list[NewsSource]:
    """Every address that is in use, troubles first. Raises DatabaseError."""
    found = wanted(settings.NEWS_QUERY_URL)
    feeds = {feed.key: feed for feed in Feed.objects.filter(key__in=found)}
    rows = [_source(one, feeds.get(key), now) for key, one in found.items()]
    return sorted(rows, key=lambda row: (ORDER.index(row.state), row.name))


def searches_google() -> bool:
    """Whether the search is Google's, whose terms a person has to be told of."""
    return host_of(settings.NEWS_QUERY_URL) == "news.google.com"


def _source(one: Wanted, feed: Feed | None, now: datetime) -> NewsSource:
    name, own, held = label(one.source.url), one.source.own, len(one.readers)
    if feed is None:
        return NewsSource(name, own, held, "waiting")
    return NewsSource(
        name=name,
        own=own,
        held=held,
        state=_state(feed, now),
        items=feed.items,
        tried_at=feed.tried_at,
        answered_at=feed.answered_at,
        next_at=feed.not_before,
        problem=feed.problem,
    )


def _state(feed: Feed, now: datetime) -> str:
    """Old is two turns late: nobody reads, which must not look like quiet news."""
    if feed.problem:
        return "failing"
    late = timedelta(minutes=2 * settings.AI_SCREEN_MINUTES)
    if feed.not_before is not None and now - feed.not_before > late:
        return "old"
    return "ok"
