"""What a screener has not looked at yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from monitoring.models import Headline, Screening
from positions.models import Position

MOST = 15  # headlines in one prompt
OLDEST = timedelta(hours=48)


def oldest(opened_at: datetime, now: datetime) -> datetime:
    """What was published before this is no news for a position opened then."""
    return max(opened_at, now - OLDEST)


def mentioned(position_id: int, since: datetime) -> QuerySet[Headline]:
    """The position's headlines, newest first: of when they were published, or first seen by us
    where their feed gives no time.
    """
    young = Q(published_at__gte=since) | Q(published_at=None, first_seen__gte=since)
    rows = Headline.objects.filter(young, mentions__position=position_id)
    return rows.order_by(Coalesce(F("published_at"), F("first_seen")).desc(), "-pk")


def fresh(
    position_id: int, *, screener: str, thesis_version: int, now: datetime, most: int = MOST
) -> list[Headline]:
    """Headlines of an open position that this screener has not judged under this version of the
    thesis: at most `most`, newest first, none older than its opening or 48 hours.
    """
    opened = Position.objects.filter(pk=position_id).values_list("opened_at", flat=True).first()
    if opened is None:
        return []
    judged = Screening.objects.filter(
        headline=OuterRef("pk"),
        position=position_id,
        screener=screener,
        thesis_version=thesis_version,
    )
    return list(mentioned(position_id, oldest(opened, now)).filter(~Exists(judged))[:most])
