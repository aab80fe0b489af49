"""Headlines that nobody rests on, and feeds that nobody reads any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from monitoring.models import Decision, Feed, Headline, Screening
from monitoring.retention.pace import CHUNK, Pace

KEPT = timedelta(days=30)  # as long as a position's page shows them
# One without a date would come back as new while it stands in its feed.
UNDATED_KEPT = timedelta(days=365)
AGAINST_KEPT = timedelta(days=365)
FEEDS_KEPT = timedelta(days=7)  # since the last try; one in use is tried each day at least


def prune_news(*, now: datetime, pace: Pace) -> dict[str, int]:
    """Deletes them with their mentions and screenings, and returns how many by name. Kept: what a
    decision cites, what a question came from, and for a year what was found to be against us.
    """
    feeds = Feed.objects.filter(tried_at__lt=now - FEEDS_KEPT)
    headlines = 0
    for chunk in _uncited(now, pace):
        headlines += pace.delete(Headline, chunk)
    return {"headlines": headlines, "feeds": pace.delete(Feed, feeds.values_list("pk", flat=True))}


def _uncited(now: datetime, pace: Pace) -> Iterator[list[int]]:
    """Ids of old headlines that no decision cites, oldest first, a chunk at a time."""
    cited: set[int] | None = None
    place = 0
    while not pace.over:
        rows = _old(now).filter(pk__gt=place).order_by("pk").values_list("pk", flat=True)[:CHUNK]
        chunk = list(rows)
        if not chunk:
            return
        place, cited = chunk[-1], _cited() if cited is None else cited
        yield [pk for pk in chunk if pk not in cited]


def _old(now: datetime) -> QuerySet[Headline]:
    against = Screening.objects.filter(
        direction=Screening.Direction.AGAINST, at__gte=now - AGAINST_KEPT
    )
    age = Q(first_seen__lt=now - KEPT, published_at__isnull=False)
    age |= Q(first_seen__lt=now - UNDATED_KEPT)
    age |= Q(is_demo=True, mentions=None)  # its position went with the demo
    rows = Headline.objects.filter(age, questions=None)
    return rows.exclude(pk__in=against.values("headline"))


def _cited() -> set[int]:
    """Of all decisions; their evidence is copied text with the headline's id."""
    found: set[int] = set()
    rows = Decision.objects.exclude(evidence=[]).values_list("evidence", flat=True)
    for evidence in rows.iterator(chunk_size=CHUNK):
        found.update(one["headline"] for one in evidence if one.get("headline"))
    return found
