"""The price chart's values."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

from positions.presenting.chart import Chart, Mark, chart
from positions.presenting.rows import Row, levels
from tests.positions.presenting.rows import NOW, policy, row, runs

SERIES = runs("0.60", "0.66", "0.634")


def drawn(one: Row | None = None, marks: tuple[Mark, ...] = ()) -> Chart:
    one = one or row()
    found = chart(one, levels(one, NOW), SERIES, marks, NOW, since=NOW - timedelta(hours=1))
    assert found is not None
    return found


def test_chart_without_a_price_is_none() -> None:
    one = row(None)
    assert chart(one, levels(one, NOW), (), (), NOW, since=NOW) is None


def test_price_runs_from_left_to_right() -> None:
    points = drawn()["price"].split()
    assert (len(points), points[0].split(",")[0], points[-1].split(",")[0]) == (240, "0", "1000")


def test_labels_stand_by_their_price_and_never_on_each_other() -> None:
    tags = [tag for tag in drawn()["tags"] if tag["cls"] != "t-grid"]
    assert [tag["text"] for tag in tags] == [
        "Target 69.6¢",
        "Price 63.4¢",
        "Entry 58.0¢",
        "Stop 49.3¢",
    ]
    heights = [Decimal(tag["y"].removesuffix("%")) for tag in tags]
    assert min(low - high for high, low in itertools.pairwise(heights)) >= Decimal("5.6")


def test_close_labels_are_pushed_apart() -> None:
    tight = row("0.634", policy=policy(take_profit_price="0.636", take_profit=None))
    heights = [
        Decimal(tag["y"].removesuffix("%"))
        for tag in drawn(tight)["tags"]
        if tag["cls"] in {"t-target", "t-price"}
    ]
    assert heights[1] - heights[0] == Decimal("5.6")


def test_hard_stop_is_a_straight_line() -> None:
    heights = {point.split(",")[1] for point in drawn()["stop"].split()}
    assert len(heights) == 1


def test_trailing_stop_rises_in_steps_and_never_falls() -> None:
    trailing = row(policy=policy(trailing_stop=[{"distance_pct": "5"}]), best=Decimal("0.66"))
    points = [point.split(",") for point in drawn(trailing)["stop"].split()]
    heights = [int(y) for _, y in points]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 2
    corner = next(n for n in range(1, len(points)) if points[n][1] != points[n - 1][1])
    assert points[corner][0] == points[corner - 1][0]


def test_marks_outside_the_time_are_left_out() -> None:
    inside = Mark(NOW - timedelta(minutes=15), Decimal("0.60"), "good", "Take profit")
    before = Mark(NOW - timedelta(days=2), Decimal("0.58"), "", "Opened")
    (found,) = drawn(marks=(before, inside))["marks"]
    assert (found["x"], found["tone"], found["text"]) == ("50.0%", "good", "Take profit")


def test_label_says_the_chart_in_a_sentence() -> None:
    assert drawn()["label"] == (
        "Price over 30 min: from 60.0¢ to 63.4¢, lowest 60.0¢, highest 66.0¢; stop 49.3¢;"
        " target 69.6¢."
    )


def test_table_has_the_newest_price_first() -> None:
    table = drawn()["table"]
    assert (len(table), table[0]) == (24, ("2026-11-22T12:00:00Z", "63.4¢"))
