"""Past bids of markets, as runs of equal bids with the one that still goes on at the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, F
from django.db.models.functions import Mod

from positions.domain.window import Run
from positions.models import PricePoint, Quote

DAY = timedelta(hours=24)
SPARK_POINTS = 64
CHART_POINTS = 6000

Sparks = Mapping[int, Sequence[Run]]


def runs_of(market_id: int, since: datetime, *, until: datetime | None = None) -> list[Run]:
    """Bids of one market from `since` on, oldest first; the newest CHART_POINTS where there are
    more. `until`: no run that began later, but for the one that still goes on. Empty for a market
    that never had a usable bid.
    """
    points = PricePoint.objects.filter(market_id=market_id, until__gte=since)
    if until is not None:
        points = points.filter(since__lte=until)
    rows = points.order_by("-until", "-id").values_list("since", "until", "bid")[:CHART_POINTS]
    runs = [Run(start, until, bid) for start, until, bid in rows][::-1]
    quote = Quote.objects.filter(market_id=market_id).first()
    return runs + _present(quote)


def spark_runs(quotes: Iterable[Quote], now: datetime) -> Sparks:
    """About SPARK_POINTS runs of the last day for each market, by market id.

    Every n-th point by id, n a power of two chosen by how many a market has: a day of a busy market
    is tens of thousands of rows, of which a sparkline shows sixty.
    """
    present = {quote.market_id: _present(quote) for quote in quotes}
    points = PricePoint.objects.filter(market_id__in=present, until__gte=now - DAY)
    counts = points.order_by().values_list("market_id").annotate(n=Count("id"))
    strides: dict[int, list[int]] = defaultdict(list)
    for market_id, count in counts:
        strides[1 << max(count // SPARK_POINTS, 1).bit_length() - 1].append(market_id)
    found: dict[int, list[Run]] = defaultdict(list)
    for stride, markets in strides.items():
        rows = points.filter(market_id__in=markets)
        if stride > 1:
            rows = rows.annotate(nth=Mod(F("id"), stride)).filter(nth=0)
        for market_id, since, until, bid in rows.order_by("until", "id").values_list(
            "market_id", "since", "until", "bid"
        ):
            found[market_id].append(Run(since, until, bid))
    return {market_id: found[market_id] + last for market_id, last in present.items()}


def _present(quote: Quote | None) -> list[Run]:
    """The run that still goes on."""
    if quote is None or quote.bid is None or quote.bid_at is None:
        return []
    return [Run(quote.bid_since or quote.bid_at, quote.bid_at, quote.bid)]
