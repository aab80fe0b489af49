"""Past bids for sparklines and charts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from positions.domain.window import Run
from positions.models import PricePoint, Quote
from positions.selectors import runs_of, spark_runs
from positions.selectors.prices import SPARK_POINTS
from tests.website import hold, tell

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def points(market_id: int, count: int, step: timedelta) -> None:
    """So many runs of a minute's bids that end now."""
    now = timezone.now()
    PricePoint.objects.bulk_create(
        PricePoint(
            market_id=market_id,
            since=now - step * (count - number),
            until=now - step * (count - number - 1),
            bid=Decimal(number + 1) / 10_000,
        )
        for number in range(count)
    )


def test_runs_end_with_the_one_that_still_goes_on() -> None:
    position = hold(bid="0.60")
    first = Quote.objects.get()
    tell(position, "0.61")
    last = Quote.objects.get()
    assert first.bid_since is not None
    assert last.bid_since is not None
    assert last.bid_at is not None
    assert runs_of(position.market_id, timezone.now() - timedelta(hours=1)) == [
        Run(first.bid_since, first.bid_since, Decimal("0.60")),
        Run(last.bid_since, last.bid_at, Decimal("0.61")),
    ]


def test_runs_of_a_market_without_a_price_are_none() -> None:
    assert runs_of(hold(bid=None).market_id, timezone.now() - timedelta(days=1)) == []


def test_busy_market_is_thinned_and_a_quiet_one_is_not() -> None:
    busy, quiet = hold("busy"), hold("quiet")
    points(busy.market_id, 1300, timedelta(minutes=1))
    points(quiet.market_id, 20, timedelta(minutes=1))
    found = spark_runs(Quote.objects.all(), timezone.now())
    assert len(found[quiet.market_id]) == 21
    assert SPARK_POINTS <= len(found[busy.market_id]) <= 2 * SPARK_POINTS + 1
    bids = [run.bid for run in found[busy.market_id][:-1]]
    assert bids == sorted(bids)


def test_yesterdays_prices_are_left_out() -> None:
    position = hold()
    points(position.market_id, 30, timedelta(hours=1))
    found = spark_runs(Quote.objects.all(), timezone.now())
    assert len(found[position.market_id]) == 25
