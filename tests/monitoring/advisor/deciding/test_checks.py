"""What is no decision although it has the shape of one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from monitoring.advisor.deciding.checks import faults
from monitoring.advisor.schemas import Decision

SENT = {"h1", "p1", "t1"}


def answer(**fields: Any) -> Decision:
    values: dict[str, Any] = {
        "reasoning": "The reason of the thesis is gone.",
        "evidence_ids": ["h1"],
        "against": "It may be denied.",
        "thesis_status": "broken",
        "decision": "SELL",
        "confidence": Decimal("0.8"),
    }
    return Decision(**(values | fields))


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, []),
        ({"evidence_ids": ["p1"], "decision": "REDUCE", "thesis_status": "intact"}, []),
        ({"evidence_ids": [], "decision": "HOLD", "thesis_status": "intact"}, []),
        ({"evidence_ids": ["h1", "h9"]}, ["cites h9, which was not sent"]),
        (
            {"evidence_ids": ["h2"], "decision": "HOLD", "thesis_status": "intact"},
            ["cites h2, which was not sent"],
        ),
        ({"evidence_ids": []}, ["SELL without evidence"]),
        ({"evidence_ids": [], "decision": "REDUCE"}, ["REDUCE without evidence"]),
        ({"thesis_status": "intact"}, ["SELL although the thesis is intact"]),
    ],
)
def test_faults_of_an_answer(fields: dict[str, Any], found: list[str]) -> None:
    assert faults(answer(**fields), SENT) == found
