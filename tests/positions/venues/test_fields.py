from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from positions.venues import fields
from positions.venues.base import ProtocolError
from positions.venues.polymarket import ids


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("0.10", "0.10"), (".48", "0.48"), (5, "5"), (Decimal("0.7545"), "0.7545"), ("1e-3", "0.001")],
)
def test_decimal_reads_text_and_numbers(value: Any, wanted: str) -> None:
    assert fields.decimal(value, "price", "x") == Decimal(wanted)


@pytest.mark.parametrize("value", [None, "", "abc", "NaN", "Infinity", "-1", -1, True, [], 0.5])
def test_decimal_refuses_what_is_no_amount(value: Any) -> None:
    with pytest.raises(ProtocolError, match=r"^book of 7: bids\[0\]\.price is "):
        fields.decimal(value, "bids[0].price", "book of 7")


@pytest.mark.parametrize(
    ("value", "wanted"), [(None, None), ("", None), ("0.5", Decimal("0.5")), (0, Decimal(0))]
)
def test_optional_decimal_is_none_where_there_is_nothing(value: Any, wanted: Any) -> None:
    assert fields.optional_decimal({"a": value}, "a", "x") == wanted


@pytest.mark.parametrize("value", ['["Yes", "No"]', ["Yes", "No"]])
def test_texts_reads_arrays_and_arrays_inside_text(value: Any) -> None:
    assert fields.texts(value, "outcomes", "x") == ("Yes", "No")


@pytest.mark.parametrize("value", [None, "", "Yes", "[1, 2]", '{"a": 1}', [1], 5])
def test_texts_refuses_anything_else(value: Any) -> None:
    with pytest.raises(ProtocolError, match=r"^m: outcomes is "):
        fields.texts(value, "outcomes", "m")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2026-10-05T23:15:00Z", datetime(2026, 10, 5, 23, 15, tzinfo=UTC)),
        ("2026-10-04T23:08:46.486981Z", datetime(2026, 10, 4, 23, 8, 46, 486981, tzinfo=UTC)),
        ("2026-07-24 02:00:16+02", datetime(2026, 7, 24, 0, 0, 16, tzinfo=UTC)),
        ("2026-07-24", datetime(2026, 7, 24, tzinfo=UTC)),
        (None, None),
        ("", None),
    ],
)
def test_moment_reads_the_venues_times(value: Any, wanted: datetime | None) -> None:
    assert fields.moment({"endDate": value}, "endDate", "x") == wanted


@pytest.mark.parametrize("value", ["tomorrow", 1791238500, []])
def test_moment_refuses_other_times(value: Any) -> None:
    with pytest.raises(ProtocolError, match="ISO 8601"):
        fields.moment({"endDate": value}, "endDate", "x")


def test_flag_takes_only_booleans() -> None:
    assert [fields.flag({"a": v}, "a", "x", default=True) for v in (None, False)] == [True, False]
    with pytest.raises(ProtocolError, match="a is 'true', true or false wanted"):
        fields.flag({"a": "true"}, "a", "x", default=True)


def test_whole_refuses_fractions() -> None:
    assert [fields.whole({"e": v}, "e", "x", default=1) for v in (None, 2, Decimal("1.0"))] == [
        1,
        2,
        1,
    ]
    with pytest.raises(ProtocolError, match="whole number"):
        fields.whole({"e": Decimal("1.5")}, "e", "x", default=1)


def test_long_value_is_cut_in_the_text() -> None:
    with pytest.raises(ProtocolError) as caught:
        fields.record("x" * 5000, "books")
    assert len(str(caught.value)) < 140


@pytest.mark.parametrize("value", [None, 25070934, "0x12", "", "１２"])
def test_token_is_decimal_text(value: Any) -> None:
    with pytest.raises(ProtocolError, match="token id of digits"):
        ids.token(value, "asset_id", "books")


def test_condition_id_is_padded_to_64_digits() -> None:
    assert ids.condition_id("0x" + "AB" * 31, "c", "x") == "0x" + "ab" * 31 + "00"
    assert ids.condition_id("0x" + "ab" * 32, "c", "x") == "0x" + "ab" * 32


@pytest.mark.parametrize("value", [None, "ab" * 32, "0x" + "ab" * 30, "0x" + "zz" * 32])
def test_condition_id_refuses_anything_else(value: Any) -> None:
    with pytest.raises(ProtocolError, match="64 hex digits"):
        ids.condition_id(value, "c", "x")
