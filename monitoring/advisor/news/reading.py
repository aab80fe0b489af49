"""One reading of everything that is due: fetch, then store; a feed's trouble is kept with the feed."""

from __future__ import annotations

import hashlib
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from monitoring.advisor.news.items import SourceError
from monitoring.advisor.news.parsing import parse
from monitoring.advisor.news.relevance import keywords_of
from monitoring.advisor.news.sources import Source, label, sources
from monitoring.advisor.news.storing import Reader, Stored, store
from monitoring.models import Feed
from positions.models import Position
from positions.text import storable

if TYPE_CHECKING:
    from monitoring.advisor.news.fetching import Clients

logger = logging.getLogger(__name__)

BUDGET = 120.0  # seconds; the task has 300, and the screen comes after
PAUSE = (0.5, 1.5)  # seconds between two questions to one host, a random time of these
LONGEST_BACKOFF, LONGEST_WISH = timedelta(hours=6), timedelta(hours=24)
SPREAD = 0.1  # of a back-off, so that what failed together does not return together
# A schedule of a quarter of an hour is never exact: a tenth early is still the next turn.
EARLY = 0.1


@dataclass(slots=True)
class NewsResult:
    """What came of a reading, in addresses but for `headlines` and `mentions`, which are new rows.

    `left`: due, but the time was up. `problems`: the addresses' names and what was wrong.
    """

    read: int = 0
    unchanged: int = 0
    failed: int = 0
    left: int = 0
    headlines: int = 0
    mentions: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)

    def add(self, stored: Stored) -> None:
        """Counts what was written."""
        self.headlines += stored.headlines
        self.mentions += stored.mentions


@dataclass(slots=True)
class Wanted:
    """An address and all positions that read it."""

    source: Source
    readers: list[Reader]

    @property
    def fingerprint(self) -> str:
        """Changes with whoever reads it and what they look for: then a feed is read whole again,
        because what it held all along may concern them now.
        """
        seen = sorted(
            (r.position_id, f"{r.opened_at}", r.question, r.keywords) for r in self.readers
        )
        return hashlib.sha256(repr(seen).encode()).hexdigest()


def wanted(template: str) -> dict[str, Wanted]:
    """The addresses of all open positions but the demo's, each once, by key."""
    found: dict[str, Wanted] = {}
    rows = Position.objects.filter(state=Position.State.OPEN, is_demo=False, thesis__isnull=False)
    for row in rows.select_related("thesis", "market").order_by("pk"):
        reader = Reader(
            row.pk, row.opened_at, row.market.question, keywords_of(row.thesis.keywords)
        )
        for source in sources(row.thesis.keywords, row.thesis.feeds, template):
            found.setdefault(source.key, Wanted(source, [])).readers.append(reader)
    return found


def read_news(
    *,
    now: datetime,
    calls: Clients | None = None,
    rng: random.Random | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    budget: float = BUDGET,
) -> NewsResult:
    """Reads every address of the open positions that is due, longest unread first, and stores what
    concerns them; the demo's positions are given their recorded items. Never raises for a feed.

    `budget` in seconds of `clock`; what it did not suffice for stays due.
    """
    result = NewsResult()
    _demo(now, result)
    due = _due(wanted(settings.NEWS_QUERY_URL), now)
    end = clock() + budget
    if due:
        turn = _Round(now, calls or _calls(), rng or random.Random(), sleep, result)
        turn.read(due, lambda: clock() >= end)
    return result


def _calls() -> Clients:
    from monitoring.advisor.news.fetching import clients  # brings requests along

    return clients(settings.WEBHOOK_ALLOWED_HOSTS)


def _due(found: dict[str, Wanted], now: datetime) -> list[tuple[Wanted, Feed | None]]:
    feeds = {feed.key: feed for feed in Feed.objects.filter(key__in=found)}
    early = now + EARLY * _interval()
    due = []
    for key, one in found.items():
        feed = feeds.get(key)
        if feed is None or feed.not_before is None or feed.not_before <= early:
            due.append((one, feed))
    never = datetime.min.replace(tzinfo=now.tzinfo)
    return sorted(due, key=lambda pair: (pair[1] and pair[1].tried_at) or never)


def _row(source: Source) -> Feed:
    """The address's row; another reading may have made it in the meantime."""
    return Feed.objects.get_or_create(key=source.key, defaults={"url": source.url})[0]


def _interval() -> timedelta:
    return timedelta(minutes=settings.AI_SCREEN_MINUTES)


@dataclass(slots=True)
class _Round:
    """One round over the addresses. `resting`: hosts that asked for peace, until when."""

    now: datetime
    calls: Clients
    rng: random.Random
    sleep: Callable[[float], None]
    result: NewsResult
    resting: dict[str, datetime] = field(default_factory=dict)
    asked: str = ""

    def read(self, due: list[tuple[Wanted, Feed | None]], over: Callable[[], bool]) -> None:
        for number, (one, feed) in enumerate(due):
            if over():
                self.result.left = len(due) - number
                return
            self._one(one, feed or _row(one.source))

    def _one(self, one: Wanted, feed: Feed) -> None:
        try:
            if one.source.host in self.resting:
                self._rested(one.source, feed)
            else:
                self._read(one, feed)
        except SourceError as error:
            self._failed(one.source, feed, error)
        except Exception:
            # One feed's oddity must not keep the others from being read; the log has the rest.
            logger.exception("news of %s could not be read", label(feed.url))
            self._failed(one.source, feed, SourceError(_("could not be read (see the log)")))

    def _rested(self, source: Source, feed: Feed) -> None:
        text = _("not asked: %(host)s wants to be left alone") % {"host": source.host}
        feed.not_before = self.resting[source.host]
        self._troubled(feed, text)

    def _read(self, one: Wanted, feed: Feed) -> None:
        from monitoring.advisor.news.fetching import fetch

        source = one.source
        if source.host == self.asked:
            self.sleep(self.rng.uniform(*PAUSE))
        self.asked = source.host
        same = feed.readers == one.fingerprint and not feed.problem
        got = fetch(source, feed if same else None, calls=self.calls)
        if got.body is None:
            self.result.unchanged += 1
            self._answered(feed, feed.items)
            return
        items = parse(got.body, source, kind=got.kind, url=got.url)
        self.result.add(store(items, one.readers, now=self.now))
        self.result.read += 1
        feed.etag, feed.modified, feed.readers = got.etag, got.modified, one.fingerprint
        self._answered(feed, len(items))

    def _answered(self, feed: Feed, items: int) -> None:
        feed.items, feed.problem, feed.failures = items, "", 0
        feed.tried_at = feed.answered_at = self.now
        feed.not_before = self.now + _interval()
        feed.save()

    def _failed(self, source: Source, feed: Feed, error: SourceError) -> None:
        feed.failures += 1
        feed.not_before = self.now + self._wait(feed.failures, error.retry_after)
        if error.resting:
            self.resting[source.host] = feed.not_before
        self._troubled(feed, str(error))

    def _troubled(self, feed: Feed, problem: str) -> None:
        feed.problem, feed.tried_at = storable(problem), self.now
        feed.save()
        self.result.failed += 1
        self.result.problems.append((label(feed.url), feed.problem))

    def _wait(self, failures: int, wish: float | None) -> timedelta:
        """The interval, doubled with each failure in a row up to six hours, or what it asked for, up
        to a day.
        """
        doubled = min(_interval() * (1 << min(failures - 1, 10)), LONGEST_BACKOFF)
        doubled = max(doubled, _interval()) * (1 + SPREAD * self.rng.random())
        asked = timedelta(seconds=min(wish or 0.0, LONGEST_WISH.total_seconds()))
        return max(doubled, asked)


def _demo(now: datetime, result: NewsResult) -> None:
    """Recorded headlines for the demo's open positions; nothing is called for them."""
    from monitoring.advisor import demo_news  # which makes items of this package's

    for row in Position.objects.filter(state=Position.State.OPEN, is_demo=True).select_related(
        "market"
    ):
        reader = Reader(row.pk, row.opened_at, row.market.question, demo=True)
        try:
            result.add(store(demo_news.items(row, now), [reader], now=now))
        except Exception:
            # A sample whose script somebody has edited must not cost the others their news.
            logger.exception("recorded news of position %s could not be read", row.pk)
