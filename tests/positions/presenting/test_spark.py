"""Sampling runs of equal bids, and the sparkline of a row."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from positions.presenting.spark import sample, spark
from tests.positions.presenting.rows import NOW, runs


def test_sample_holds_a_price_until_the_next_run_begins() -> None:
    prices = [price for _, price in sample(runs("0.5", "0.6"), NOW, 5)]
    assert prices == [Decimal(text) for text in ("0.5", "0.5", "0.6", "0.6", "0.6")]


def test_sample_begins_where_asked_and_ends_now() -> None:
    points = sample(runs("0.5", "0.6"), NOW, 3, since=NOW - timedelta(minutes=4))
    assert [at for at, _ in points] == [NOW - timedelta(minutes=n) for n in (4, 2, 0)]


def test_sample_of_nothing_is_nothing() -> None:
    assert sample((), NOW) == []


def test_spark_spans_its_box_and_marks_the_entry() -> None:
    found = spark(runs("0.50", "0.60"), Decimal("0.55"), NOW)
    assert found is not None
    points = found["points"].split()
    assert (points[0], points[-1]) == ("1.0,23.0", "69.0,3.0")
    assert (found["last"], found["entry"]) == ("3.0", "13.0")


def test_spark_of_a_price_that_never_moved_is_no_line() -> None:
    assert spark(runs("0.5"), Decimal("0.5"), NOW) is None


def test_entry_outside_the_line_is_not_drawn() -> None:
    found = spark(runs("0.50", "0.60"), Decimal("0.7"), NOW)
    assert found is not None
    assert found["entry"] is None
