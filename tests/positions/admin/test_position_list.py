"""The list: what a trader sees at a glance, and that a page costs the same however long it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from positions.models import Exit, Mark, Position, Quote
from tests.positions.admin.conftest import Open, Trader

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped")]


def cells(page: str) -> list[dict[str, str]]:
    """The rows of a list page by column."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL)
    found = [
        re.findall(r'class="field-(\w+)[^"]*"[^>]*>(.*?)</t[dh]>', row, re.DOTALL) for row in rows
    ]
    return [{name: re.sub(r"<[^>]+>", "", text) for name, text in row} for row in found]


def names(page: str) -> list[str]:
    return sorted(row["market_name"] for row in cells(page))


def queries(trader: Trader) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        trader.get("position/")
    return len(caught)


def test_a_row_shows_price_profit_and_distances(trader: Trader, open_one: Open) -> None:
    open_one("rain", entry="0.50", bid="0.48")
    [row] = cells(trader.get("position/"))
    assert (row["market_name"], row["outcome"]) == ("rain", "Yes")
    assert (row["shares_held"], row["entry"], row["bid"]) == ("100", "50.0¢", "48.0¢")
    assert row["pnl"] == "−$2.00 (−4.0 %)"
    assert (row["to_stop"], row["to_target"]) == ("5.5¢ (11.5 %)", "12.0¢ (25.0 %)")
    assert row["condition"] == "open"
    assert row["judged"].endswith("s ago")


def test_states_are_told_in_words(trader: Trader, open_one: Open) -> None:
    now = timezone.now()
    selling, unarmed, silent, dust, closed, muted = (open_one(name) for name in "abcdef")
    until = datetime(2099, 1, 2, 3, 4, tzinfo=UTC)
    Position.objects.filter(pk=muted.pk).update(muted_until=until)
    Exit.objects.create(position=selling, rule="stop_loss", shares=100, created_at=now)
    Mark.objects.filter(position=unarmed).update(
        state='{"unarmed":["stop_loss"]}', unarmed="stop_loss"
    )
    Quote.objects.filter(market=silent.market).update(problem="no bid")
    Position.objects.filter(pk=dust.pk).update(is_dust=True)
    Position.objects.filter(pk=closed.pk).update(
        state="closed", shares=0, close_reason="take_profit", realised_pnl=Decimal("7.5")
    )
    rows = {row["market_name"]: row for row in cells(trader.get("position/"))}
    assert {name: row["condition"] for name, row in rows.items()} == {
        "a": "selling: Stop loss",
        "b": "NOT ARMED: Stop loss",
        "c": "no price: no bid",
        "d": "dust",
        "e": "closed: Take profit",
        "f": "open · muted until 2099-01-02 03:04 UTC",
    }
    assert (rows["c"]["bid"], rows["e"]["pnl"]) == ("≈ 48.0¢", "+$7.50")


def test_a_page_takes_as_many_queries_for_forty_rows_as_for_two(
    trader: Trader, open_one: Open
) -> None:
    for name in ("a1", "a2"):
        open_one(name, thesis="x", policy={"stop_loss_pct": "9"})
    few = queries(trader)
    for number in range(38):
        open_one(f"b{number}", thesis="x", policy={"stop_loss_pct": "9"})
    assert queries(trader) == few


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=rain", ["rain"]),
        ("q=heavy+clouds", ["rain"]),
        ("state__exact=closed", ["snow"]),
        ("unarmed=yes", ["rain"]),
        ("unarmed=no", ["hail", "snow"]),
        ("muted=yes", ["hail"]),
        ("unpriced=yes", ["hail"]),
        ("q=fog", []),
        ("market__venue__exact=sim", ["hail", "rain", "snow"]),
        ("o=3", ["hail", "rain", "snow"]),
        ("o=5.-4.9", ["hail", "rain", "snow"]),
    ],
)
def test_filters_and_search_find(
    trader: Trader, open_one: Open, query: str, found: list[str]
) -> None:
    rain = open_one("rain", thesis="heavy clouds")
    snow, hail = open_one("snow"), open_one("hail")
    Mark.objects.filter(position=rain).update(unarmed="stop_loss")
    Position.objects.filter(pk=snow.pk).update(state="closed", shares=0)
    later = timezone.now() + timedelta(hours=1)
    Position.objects.filter(pk=hail.pk).update(muted_until=later)
    Mark.objects.filter(position=hail).update(unpriced_since=timezone.now())
    assert names(trader.get(f"position/?{query}")) == found


def test_shares_are_sorted_as_numbers(trader: Trader, open_one: Open) -> None:
    for name, shares in (("a", "9"), ("b", "100"), ("c", "20.5")):
        open_one(name, shares=shares)
    page = trader.get("position/?o=3")
    assert [row["shares_held"] for row in cells(page)] == ["9", "20.5", "100"]


def test_demo_rows_say_so(trader: Trader, open_one: Open) -> None:
    open_one("rain", is_demo=True)
    assert names(trader.get("position/")) == ["DEMO · rain"]


def test_open_positions_come_first(trader: Trader, open_one: Open) -> None:
    first, *_others = (open_one(name) for name in "abc")
    Position.objects.filter(pk=first.pk).update(state="closed", shares=0)
    assert [row["market_name"] for row in cells(trader.get("position/"))] == ["c", "b", "a"]
