"""Journal entries in words."""

from __future__ import annotations

from typing import Any

import pytest

from positions.presenting.entries import Entry, EntryView, entry_view
from tests.positions.presenting.rows import NOW


def view(kind: str, **values: Any) -> EntryView:
    facts: dict[str, Any] = {
        "id": 3,
        "at": NOW,
        "urgency": "low",
        "position": 7,
        "rule": "",
        "actor": "watch",
        "text": "44.1¢ is at or below the 45.0¢ stop",
        "data": {"question": "Fed cuts?", "outcome": "Yes"},
    }
    return entry_view(Entry(kind=kind, **(facts | values)))


def test_entry_carries_what_the_contract_names() -> None:
    found = view("exit_done", rule="stop_loss", urgency="critical")
    assert (found["type"], found["id"], found["at"]) == ("exit_done", 3, "2026-11-22T12:00:00Z")
    assert (found["title"], found["icon"]) == ("Stop loss: sold", "stop")
    assert (found["name"], found["url"]) == ("Fed cuts? · Yes", "/positions/7/")


@pytest.mark.parametrize(("pnl", "tone"), [("-97.96", "bad"), ("12.10", "good"), ("0", "")])
def test_sale_is_coloured_by_its_profit(pnl: str, tone: str) -> None:
    assert view("exit_done", data={"pnl": pnl}, urgency="critical")["tone"] == tone


@pytest.mark.parametrize(
    ("urgency", "tone"), [("critical", "crit"), ("high", "warn"), ("medium", ""), ("low", "")]
)
def test_other_entries_are_coloured_by_urgency(urgency: str, tone: str) -> None:
    assert view("unpriced", urgency=urgency)["tone"] == tone


def test_unknown_kind_is_shown_by_its_own_name() -> None:
    found = view("market_paused", position=None, data={})
    assert (found["title"], found["icon"], found["url"]) == ("Market paused", "pulse", "")


@pytest.mark.parametrize(
    ("kind", "brief"), [("fill", False), ("exit_decided", False), ("exit_done", True)]
)
def test_short_list_leaves_out_what_repeats(kind: str, brief: object) -> None:
    assert view(kind, rule="stop_loss")["brief"] is brief


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("ask", "/decisions/7/"),
        ("ai_decision", "/decisions/7/"),
        ("exit_done", "/positions/3/"),
        ("priced", "/positions/3/"),
    ],
)
def test_what_is_about_a_question_leads_to_it(kind: str, url: str) -> None:
    assert view(kind, position=3, data={"question_id": 7})["url"] == url
    assert view(kind, position=3, data={"question_id": "7/../"})["url"] == "/positions/3/"
