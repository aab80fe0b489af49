"""A change of rules as the journal and the activity list tell it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions.domain.policy import FIELDS
from positions.services.wording import NAMES, changed_text

TRAIL = [{"distance_pct": "8"}, {"distance_pct": "5", "activation_pct": Decimal(12)}]
RUNGS = [{"pct": "12", "after_minutes": "60", "sell_pct": "50"}]
WHERE = "trailing stop (% below the best bid)"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ({}, {"trailing_stop": TRAIL}, f"{WHERE} inherited → 8; 5 from 12"),
        (
            {"take_profit": RUNGS},
            {"take_profit": None},
            "targets (% above entry) 12 after 60 sell 50 → off",
        ),
        ({"trailing_stop": []}, {}, f"{WHERE} off → inherited"),
        (
            {"adverse_move": {"pct": "6", "window_minutes": "15"}, "confirm_seconds": Decimal(5)},
            {"adverse_move": {"pct": "6", "window_minutes": "15"}, "confirm_seconds": Decimal(0)},
            "confirm (seconds) 5 → 0",
        ),
    ],
)
def test_change_is_told_in_words(old: dict[str, Any], new: dict[str, Any], text: str) -> None:
    assert changed_text(old, new) == text


def test_every_field_has_a_name() -> None:
    assert tuple(NAMES) == tuple(FIELDS)
