"""The table of /decisions/: what the looks back add up to, and when they say nothing yet."""

from __future__ import annotations

from decimal import Decimal

import pytest

from monitoring.models import Score
from monitoring.selectors.scores import score_table
from tests.monitoring.advisor.scoring.made import DAY, decision
from tests.positions.holdings import NOON, holding

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def looked(n: int, verdict: str, later: str | None, *, right: bool | None, regret: str) -> None:
    """`n` decisions at 0.50 that were looked back at after a day."""
    held = holding(f"{verdict} {later}")
    for _ in range(n):
        one = decision(verdict, position=held)
        Score.objects.create(
            decision=one,
            horizon="24h",
            due_at=NOON + DAY,
            at=NOON + DAY,
            bid=None if later is None else Decimal(later),
            net=Decimal("0.50"),
            right=right,
            regret=Decimal(regret),
        )


def test_no_decision_no_table() -> None:
    assert score_table() is None


def test_below_fifty_only_the_number_is_told() -> None:
    looked(49, "sell", "0.40", right=True, regret="0")
    looked(2, "sell", None, right=None, regret="0")
    Score.objects.create(decision=decision(), horizon="24h", due_at=NOON + DAY)
    table = score_table()
    assert table is not None
    assert (table.n, table.enough, table.note) == (49, False, "not enough data (49 of 50)")
    assert (table.waiting, table.excluded, table.bins) == (1, 2, [])
    assert {(line.right, line.regret, line.brier) for line in table.lines} == {("–", "–", "–")}


def test_ai_stands_beside_what_always_doing_the_same_would_have_come_to() -> None:
    looked(30, "sell", "0.40", right=True, regret="0")
    looked(20, "hold", "0.44", right=False, regret="0.06")
    table = score_table()
    assert table is not None
    assert [(line.name, line.right, line.regret, line.brier) for line in table.lines] == [
        ("The AI", "60 %", "2.4 ¢", "0.28"),
        ("Always hold", "0 %", "8.4 ¢", "1.00"),
        ("Always sell when asked", "100 %", "0.0 ¢", "0.00"),
        ("The AI’s answers, always half sure", "60 %", "2.4 ¢", "0.25"),
    ]
    assert [(one.name, one.n, one.sure, one.right) for one in table.bins][4:] == [
        ("80–100 %", 50, "80 %", "60 %")
    ]


def test_parts_are_told_apart_each_with_its_own_number() -> None:
    looked(50, "sell", "0.40", right=True, regret="0")
    table = score_table()
    assert table is not None
    assert {
        group.title: [(line.name, line.n) for line in group.lines] for group in table.groups
    } == {
        "After": [("1 hour", 0), ("24 hours", 50), ("7 days", 0), ("resolution", 0)],
        "By trigger": [("Adverse move", 50)],
        "By model": [("claude-sonnet-5-5", 50)],
        "By prompt": [("decide-1", 50)],
    }
