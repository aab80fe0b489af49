from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from monitoring.advisor import schemas
from monitoring.advisor.schemas import Decision, Note, ScreenResult

GOOD: dict[str, Any] = {
    "reasoning": "CPI is out.",
    "evidence_ids": ["h1"],
    "against": "",
    "thesis_status": "broken",
    "decision": "SELL",
    "confidence": "0.86",
}


@pytest.mark.parametrize("schema", [Decision, Note, ScreenResult, schemas.Alert])
def test_every_field_is_required_and_no_other_is_known(schema: type[schemas.Answer]) -> None:
    form = schema.model_json_schema()
    assert form["required"] == list(form["properties"])
    assert form["additionalProperties"] is False


@pytest.mark.parametrize(
    ("schema", "grounds", "verdict"),
    [
        (Decision, ["reasoning", "evidence_ids", "against"], "decision"),
        (schemas.Alert, ["headline_ids", "summary"], "direction"),
    ],
)
def test_grounds_stand_before_the_verdict(
    schema: type[schemas.Answer], grounds: list[str], verdict: str
) -> None:
    names = list(schema.model_fields)
    assert all(names.index(name) < names.index(verdict) for name in grounds)


def test_no_field_is_an_amount() -> None:
    everything = (Decision, Note, ScreenResult, schemas.Alert)
    names = {name for one in everything for name in one.model_fields}
    assert names & {"size", "shares", "price", "amount", "market", "side", "limit"} == set()


def test_missing_field_fails_by_its_name() -> None:
    for name in GOOD:
        with pytest.raises(ValidationError, match=name):
            Decision.model_validate({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    "change",
    [
        {"confidence": "1.01"},
        {"confidence": "-0.1"},
        {"confidence": "NaN"},
        {"confidence": None},
        {"decision": "BUY"},
        {"decision": "sell"},
        {"thesis_status": "fine"},
        {"reasoning": " \n"},
        {"reasoning": "x" * 2401},
        {"evidence_ids": ["x" * 41]},
        {"evidence_ids": [""]},
        {"evidence_ids": [f"h{n}" for n in range(41)]},
        {"evidence_ids": "h1"},
        {"shares": 10},
    ],
)
def test_what_is_out_of_bounds_fails(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Decision.model_validate(GOOD | change)


def test_text_a_little_too_long_is_cut() -> None:
    decision = Decision.model_validate(GOOD | {"reasoning": "x" * 601, "against": "y" * 300})
    assert (decision.reasoning, decision.against) == ("x" * 599 + "…", "y" * 300)


def test_text_is_storable_on_one_line() -> None:
    note = Note.model_validate(
        {"evidence_ids": [], "text": " a\x00\n b ", "thesis_status": "unknown"}
    )
    assert note.text == "a b"


@pytest.mark.parametrize(
    ("sent", "kept"), [("0.7", "0.7"), ("1", "1"), ("0", "0"), ("0.86004", "0.86")]
)
def test_confidence_is_exact_to_four_digits(sent: str, kept: str) -> None:
    body = str(GOOD | {"confidence": 0}).replace("'", '"').replace(": 0}", f": {sent}}}")
    confidence = Decision.model_validate_json(body).confidence
    assert (confidence, format(confidence, "f")) == (Decimal(kept), kept)


def test_alert_without_a_headline_fails() -> None:
    alert = {"headline_ids": [], "summary": "x", "direction": "for", "urgency": "low"}
    with pytest.raises(ValidationError, match="at least one"):
        ScreenResult.model_validate({"alerts": [alert], "suspected_injection_ids": []})
