"""The demo's news: recorded headlines that come out relative to when the demo was loaded."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitoring.advisor.budget import DEMO
from monitoring.advisor.news.items import Item
from monitoring.advisor.recording import recordings
from monitoring.models import AICall, Headline
from positions.models import Position


def items(position: Position, now: datetime) -> list[Item]:
    """The headlines of a demo position that are out at `now`; none for one without a recording."""
    found = recordings().get(position.market.key)
    loaded = _loaded(position)
    if found is None or loaded is None:
        return []
    dated = [(one, loaded + timedelta(seconds=one.after)) for one in found.news]
    return [
        Item(title=one.title, publisher=one.publisher, domain=one.domain, published_at=at)
        for one, at in dated
        if at <= now
    ]


def forget() -> None:
    """Deletes every recorded headline and every call of a recorded answer."""
    Headline.objects.filter(is_demo=True).delete()
    AICall.objects.filter(provider=DEMO).delete()


def _loaded(position: Position) -> datetime | None:
    """When its market's script began; None where it has none, as where a person made the position."""
    epoch = position.market.data.get("epoch")
    return datetime.fromisoformat(epoch) if position.is_demo and epoch else None
