"""A pass asks the database the same number of questions, whatever the number of positions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.engine import run_pass
from positions.models import Mark, Market, Position, Strategy
from tests.benchmarks.book import fill
from tests.benchmarks.source import BEGINNING, Prices
from tests.benchmarks.walk import SCENES, Scene, Walk

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]

STILL = Scene(0, 0)
FEW, MANY = 10, 300


def world(positions: int) -> Prices:
    """As many positions, each in a market of its own, in an otherwise empty house."""
    for model in (Position, Market, Strategy):
        model.objects.all().delete()
    run_pass(Prices(0).ports())  # the very first one also makes the lease
    return Prices(positions, fill(positions, Walk(positions).bids, BEGINNING))


def queries(prices: Prices) -> int:
    """Statements of one complete pass, transactions included."""
    with CaptureQueriesContext(connection) as captured:
        result = run_pass(prices.ports())
    assert (result.complete, result.exits) == (True, [])
    return len(captured)


def judged(prices: Prices) -> int:
    return Mark.objects.filter(judged_at=prices.now()).count()


def first(positions: int) -> tuple[int, int]:
    prices = world(positions)
    return queries(prices), judged(prices)


def after(scene: Scene) -> Callable[[int], tuple[int, int]]:
    def measure(positions: int) -> tuple[int, int]:
        prices = world(positions)
        run_pass(prices.ports())
        prices.advance(scene)
        # Where the first pass left no calm: that is another case.
        Mark.objects.filter(quiet_low=None).update(quiet_low=0, quiet_high=9)
        return queries(prices), judged(prices)

    return measure


def test_first_pass_judges_all_in_the_same_number_of_queries() -> None:
    (few, _), (many, all_of_them) = first(FEW), first(MANY)
    assert (few, all_of_them) == (many, MANY)


@pytest.mark.parametrize("scene", [STILL, SCENES["stormy"]], ids=["still", "stormy"])
def test_calm_pass_makes_the_same_number_of_queries(scene: Scene) -> None:
    measure = after(scene)
    (few, _), (many, none) = measure(FEW), measure(MANY)
    assert (few, none) == (many, 0)


def test_quotes_and_best_bids_are_written_all_the_same() -> None:
    """Lest the counts above count passes that do nothing."""
    prices = world(MANY)
    run_pass(prices.ports())
    before = set(Mark.objects.values_list("position_id", "best"))
    prices.advance(SCENES["stormy"])
    run_pass(prices.ports())
    after = set(Mark.objects.values_list("position_id", "best"))
    assert len(after - before) == MANY * SCENES["stormy"].highs
