"""Headlines and their sources, for the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitoring.advisor.news.unseen import MOST, mentioned
from monitoring.models import Headline

SHOWN = timedelta(days=30)


def headlines_of(position_id: int, now: datetime, most: int = MOST) -> list[Headline]:
    """The newest headlines of a position, at most a month old, screened or not."""
    return list(mentioned(position_id, now - SHOWN)[:most])
