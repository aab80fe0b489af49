"""Who decides when the AI suggests a sale: who, old and new in the journal; nothing odd is stored."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from positions.models import AdvicePolicy, JournalEntry, Position
from positions.services import ServiceError, StaleError, advice_of, advice_set
from tests.positions.holdings import NOON, holding

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
WHO: dict[str, Any] = {"actor": "ann", "now": NOON}
NIGHT: dict[str, Any] = {
    "mode": "auto_hours",
    "auto_from": time(23),
    "auto_to": time(7),
    "time_zone": "Asia/Karachi",
}


def last() -> JournalEntry:
    return JournalEntry.objects.latest("pk")


def test_position_without_a_row_asks_and_holds() -> None:
    policy = advice_of(holding().pk)
    assert AdvicePolicy.objects.count() == 0
    assert (policy.mode, policy.if_unanswered, policy.answer_minutes) == ("advisory", "hold", 15)


def test_journal_has_who_old_and_new() -> None:
    position = holding()
    advice_set(position_id=position.pk, **WHO, **NIGHT, min_confidence=Decimal("0.8"))
    entry = last()
    assert (entry.kind, entry.actor, entry.position_id) == ("advice_changed", "ann", position.pk)
    assert entry.text == (
        "AI stage asks you → sells by itself in these hours, else asks you;"
        " by itself from none → 23:00; by itself until none → 07:00;"
        " time zone UTC → Asia/Karachi; least confidence 0.7 → 0.8"
    )
    assert entry.data["old"]["min_confidence"] == "0.7"
    assert entry.data["new"] == {
        "mode": "auto_hours",
        "auto_from": "23:00",
        "auto_to": "07:00",
        "time_zone": "Asia/Karachi",
        "min_confidence": "0.8",
    }
    assert AdvicePolicy.objects.get().auto_to == time(7)


def test_same_again_writes_nothing_new() -> None:
    position = holding()
    advice_set(position_id=position.pk, **WHO, mode="advisory", min_confidence=Decimal("0.7"))
    assert (last().kind, AdvicePolicy.objects.count()) == ("position_opened", 0)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"answer_minutes": 0}, ["answer_minutes"]),
        ({"answer_minutes": 1441}, ["answer_minutes"]),
        ({"min_confidence": Decimal("1.01")}, ["min_confidence"]),
        ({"min_confidence": Decimal("-0.1")}, ["min_confidence"]),
        ({"reduce_pct": Decimal(0)}, ["reduce_pct"]),
        ({"reduce_pct": Decimal("100.1")}, ["reduce_pct"]),
        ({"cooldown_minutes": -1}, ["cooldown_minutes"]),
        ({"daily_sells": 101}, ["daily_sells"]),
        ({"time_zone": "Mars/Olympus"}, ["time_zone"]),
        ({"time_zone": "../etc/passwd"}, ["time_zone"]),
        ({"mode": "auto_hours"}, ["auto_from", "auto_to"]),
        (NIGHT | {"auto_to": None}, ["auto_to"]),
        (NIGHT | {"auto_to": time(23)}, ["auto_to"]),
        ({"mode": "whenever"}, ["mode"]),
        ({"if_unanswered": "ask"}, ["if_unanswered"]),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_field(
    fields: dict[str, Any], wrong: list[str]
) -> None:
    position = holding()
    with pytest.raises(ValidationError) as refused:
        advice_set(position_id=position.pk, **WHO, **fields)
    assert sorted(refused.value.message_dict) == wrong
    assert (AdvicePolicy.objects.count(), last().kind) == (0, "position_opened")


@pytest.mark.parametrize(
    "fields",
    [
        {"answer_minutes": 1440},
        {"answer_minutes": 1},
        {"min_confidence": Decimal(0)},
        {"reduce_pct": Decimal(100)},
        {"daily_sells": 0},
        {"mode": "auto"},
        NIGHT,
    ],
)
def test_what_is_at_an_end_of_its_range_is_taken(fields: dict[str, Any]) -> None:
    position = holding()
    advice_set(position_id=position.pk, **WHO, **fields)
    assert {name: getattr(advice_of(position.pk), name) for name in fields} == fields


def test_row_that_moved_meanwhile_is_not_overwritten() -> None:
    position = holding()
    advice_set(position_id=position.pk, version=position.version, **WHO, mode="auto")
    with pytest.raises(StaleError):
        advice_set(position_id=position.pk, version=position.version, **WHO, mode="advisory")
    assert advice_of(position.pk).mode == "auto"


def test_closed_position_has_nothing_to_decide_any_more() -> None:
    position = holding()
    Position.objects.filter(pk=position.pk).update(state="closed")
    with pytest.raises(ServiceError, match="closed already"):
        advice_set(position_id=position.pk, **WHO, mode="auto")


def test_mistyped_field_is_an_error_of_the_program() -> None:
    with pytest.raises(TypeError, match="of the AI policy: modus"):
        advice_set(position_id=holding().pk, **WHO, modus="auto")
