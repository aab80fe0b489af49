"""The table of cases with known answers, and the reference's own where it is at hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from positions.domain.policy import FIELDS
from tests.positions.domain.casebook import Case, Player, cases, expected

ALL = cases()
REFERENCE = Path(__file__).parents[4] / "shared/data/exit_cases.json"


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["id"])
def test_case_has_its_known_answer(case: Case) -> None:
    assert list(Player(case).events()) == expected(case)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case["id"])
def test_case_survives_a_restart_between_any_two_ticks(case: Case) -> None:
    assert list(Player(case, restart=True).events()) == expected(case)


def test_table_names_every_case_once() -> None:
    names = [case["id"] for case in ALL]
    assert len(names) == len(set(names))
    assert len(names) >= 250


def test_table_has_a_case_for_every_field() -> None:
    """max_slippage_pct bounds the sale and max_quote_age_seconds the reading; neither is judged."""
    used = {field for case in ALL for field in case["policy"]}
    assert set(FIELDS) - used == {"max_slippage_pct", "max_quote_age_seconds", "max_spread"}


def reference() -> list[Case]:
    """The reference's cases in this table's terms: minutes, and no confirmation."""
    if not REFERENCE.exists():
        return []
    return [
        {
            "id": case["id"],
            "entry": case["entry_price"],
            "policy": case["policy"] | {"confirm_seconds": 0},
            "ticks": [[minutes * 60, price] for minutes, price in case["ticks"]],
            "manual": case.get("manual_exit_at_tick"),
            "expect": case["expect"],
        }
        for case in json.loads(REFERENCE.read_text())["cases"]
    ]


@pytest.mark.parametrize("case", reference(), ids=lambda case: case["id"])
def test_reference_case_has_its_known_answer(case: Case) -> None:
    known = case["expect"]
    tick, _, rule, level, *_ = next(Player(case).events())
    assert (tick, rule) == (known["tick"], known["rule"])
    if "level" in known:
        assert f"{level.normalize():f}" == known["level"]
