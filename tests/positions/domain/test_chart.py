"""The replay's picture: valid XML by itself, readable without seeing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from positions.domain.chart import BOTTOM, LABEL_GAP, LEFT, RIGHT, TOP, chart
from positions.domain.policy import parse
from positions.domain.replay import Replay, position, replay
from positions.domain.series import Point, Series

NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"
POLICY = {
    "stop_loss_pct": "10",
    "trailing_stop": [{"distance_pct": "5", "activation_pct": "5"}],
    "take_profit": [{"pct": "10", "sell_pct": "50"}, {"pct": "40"}],
}


def played(
    bids: Sequence[str | None], policy: dict[str, Any] = POLICY, minutes: float = 1
) -> Replay:
    points = [
        Point(NOON + timedelta(minutes=minutes * index), None if bid is None else Decimal(bid))
        for index, bid in enumerate(bids)
    ]
    series = Series("bid", tuple(points))
    return replay(series, parse(policy), position(series, Decimal("0.50")))


def drawn(result: Replay, name: str = "prices") -> ET.Element:
    return ET.fromstring(chart(result, name))


def paths(root: ET.Element) -> dict[str, str]:
    found = [path for path in root.iter(f"{SVG}path") if "mark" not in path.get("class", "")]
    return {path.get("class", ""): path.get("d", "") for path in found}


def words(root: ET.Element, kind: str) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text") if text.get("class") == kind]


def test_chart_says_everything_in_words() -> None:
    root = drawn(played(["0.50", "0.55", "0.56", "0.53"]), "Fed cuts & more <2026>")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "name about"
    title, about = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert about is not None
    assert title.text == "Fed cuts & more <2026>"
    assert about.text == (
        "4 readings from 2026-02-01 12:00 to 2026-02-01 12:03 UTC, entry at 50.0¢, lowest 50.0¢,"
        " highest 56.0¢ while the position was open."
        " 50 shares at 55.0¢, +$2.50: 55.0¢ has reached the 55.0¢ target."
        " 50 shares at 53.0¢, +$1.50: 53.0¢ is at or below the 53.2¢ trailing stop."
    )


def test_chart_says_what_is_still_open() -> None:
    about = drawn(played(["0.50", "0.55"])).find(f"{SVG}desc")
    assert about is not None
    assert (about.text or "").endswith("50 shares are still open.")


def test_stop_is_a_step_line_with_its_history() -> None:
    result = played(["0.50", "0.54", "0.52", "0.545"])
    stop = paths(drawn(result))["stop"]
    assert [row.stop for row in result.judged] == [
        Decimal("0.45"),
        Decimal("0.513"),
        Decimal("0.513"),
        Decimal("0.51775"),
    ]
    assert re.sub(r"[\d.]+", "", stop) == "M HVHVH"


def test_gap_in_the_prices_is_a_gap_in_the_line() -> None:
    assert re.sub(r"[\d.]+", "", paths(drawn(played(["0.50", None, "0.52", None])))["price"]) == (
        "M HM H"
    )


def test_exits_are_marked_by_shape_and_name() -> None:
    root = drawn(played(["0.50", "0.55", "0.56", "0.53"]))
    assert words(root, "said rising") == ["target 55.0¢"]
    assert words(root, "said falling") == ["trailing stop 53.0¢"]
    assert [circle.get("class") for circle in root.iter(f"{SVG}circle")] == ["mark rising"]
    assert [
        path.get("class") for path in root.iter(f"{SVG}path") if "mark" in path.get("class", "")
    ] == ["mark falling"]
    neutral = drawn(played(["0.50", "0.51"], {"max_hold_minutes": 1}))
    assert words(neutral, "said neutral") == ["time exit 51.0¢"]


def test_each_mark_tells_why_when_hovered() -> None:
    groups = drawn(played(["0.50", "0.44"])).findall(f"{SVG}g/{SVG}title")
    assert [title.text for title in groups] == [
        "100 shares at 44.0¢, −$6.00: 44.0¢ is at or below the 45.0¢ stop."
    ]


def test_names_of_near_exits_do_not_cover_each_other() -> None:
    rungs = [{"pct": pct, "sell_pct": "10"} for pct in ("10", "10.5", "11", "11.5")]
    root = drawn(
        played(
            ["0.50", "0.55", "0.5525", "0.555", "0.5575", *["0.55"] * 300], {"take_profit": rungs}
        )
    )
    heights = sorted(
        float(text.get("y", "0"))
        for text in root.iter(f"{SVG}text")
        if (text.get("class") or "").startswith("said")
    )
    assert len(heights) == 4
    assert min(high - low for low, high in pairwise(heights)) > LABEL_GAP - 1


def test_open_position_shows_its_levels_at_the_right() -> None:
    root = drawn(played(["0.50", "0.54"]))
    assert words(root, "entry") == ["entry 50.0¢"]
    assert words(root, "stop") == ["stop 51.3¢"]
    assert words(root, "target") == ["target 55.0¢"]
    assert words(root, "price") == ["bid 54.0¢"]


def test_position_sold_early_fills_half_the_picture() -> None:
    root = drawn(played(["0.50", "0.51", "0.44", *["0.60"] * 500]))
    assert paths(root)["price"].endswith(
        f"H{(LEFT + RIGHT) / 2:.1f}V" + paths(root)["price"].split("V")[-1]
    )
    assert paths(root)["after"].endswith(f"H{RIGHT:.1f}")


def test_long_series_stays_small() -> None:
    bids = [f"0.{50 + index % 3}" for index in range(20_000)]
    text = chart(played(bids, {"stop_loss_pct": "50"}), "long")
    assert len(text) < 80_000


@pytest.mark.parametrize(
    "bids",
    [["0.50"], [None], [None, None], ["0.50", "0.50"], ["0.0001", "0.0001"], ["0.44"]],
    ids=str,
)
def test_smallest_series_can_be_drawn(bids: list[str | None]) -> None:
    root = drawn(played(bids))
    numbers = [float(value) for value in re.findall(r"[\d.]+", " ".join(paths(root).values()))]
    assert all(LEFT <= number <= RIGHT or TOP <= number <= BOTTOM for number in numbers)


def test_nothing_in_the_name_can_break_out() -> None:
    root = drawn(played(["0.50"]), 'a\x00b</title><script>alert("x")</script>')
    assert root.find(f".//{SVG}script") is None
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == 'a b</title><script>alert("x")</script>'


def test_chart_follows_the_viewers_colours() -> None:
    assert "@media (prefers-color-scheme:dark)" in chart(played(["0.50"]), "x")


def test_chart_speaks_the_readers_language() -> None:
    text = chart(
        played(["0.50", "0.44"]), "x", lambda message: "Einstieg" if message == "entry" else message
    )
    assert "Einstieg 50.0¢" in text


@pytest.mark.parametrize(
    ("minutes", "count", "labels"),
    [
        (0.02, 100, ["12:00:00", "12:00:30", "12:01:00", "12:01:30"]),
        (1, 60, ["12:00", "12:15", "12:30", "12:45"]),
        (60, 49, ["12:00", "02 Feb", "12:00", "03 Feb", "12:00"]),
        (1440, 15, ["03 Feb", "05 Feb", "07 Feb", "09 Feb", "11 Feb", "13 Feb", "15 Feb"]),
    ],
)
def test_times_are_round(minutes: float, count: int, labels: list[str]) -> None:
    root = drawn(played(["0.50"] * count, {}, minutes))
    shown = [
        text.text
        for text in root.iter(f"{SVG}text")
        if text.get("text-anchor") == "middle" and float(text.get("y", "0")) > BOTTOM
    ]
    assert shown == labels
