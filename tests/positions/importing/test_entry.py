"""One entry: what is taken, what is refused, and that every wrong field is named."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from positions.importing.entry import Entry, EntryError, parse_entry
from tests.positions.conftest import NOW

LEAST: dict[str, object] = {"market": "sim:rain", "entry_price": "0.45", "shares": "100"}


def read(**more: object) -> Entry:
    return parse_entry({**LEAST, **more}, now=NOW)


def refusal(**more: object) -> dict[str, str]:
    with pytest.raises(EntryError) as caught:
        read(**more)
    return caught.value.errors


def test_least_entry_is_read_exactly() -> None:
    assert read() == Entry("sim:rain", Decimal("0.45"), Decimal(100))


def test_empty_text_and_null_count_as_not_given() -> None:
    assert read(outcome="", thesis=None, stop_loss_pct="", policy=None) == read()


@pytest.mark.parametrize("bad", ["\ud800", "a\x00b"])
def test_text_that_no_database_takes_is_a_wrong_field(bad: str) -> None:
    policy = {"stop_loss_pct": "5", bad: [{"x": bad}]}
    found = refusal(market=bad, strategy=bad, thesis=bad, opened_at=bad, policy=policy)
    assert set(found) == {"market", "strategy", "thesis", "opened_at", "policy"}
    assert set(found.values()) == {"holds a zero byte or half a character (a lone surrogate)"}


def test_key_that_no_database_takes_is_named_without_it() -> None:
    assert list(refusal(**{"a\ud800": 1})) == ["a?"]


def test_every_wrong_field_is_named_at_once() -> None:
    raw = {"shares": "x", "fair_value": "2", "opened_at": "soon", "colour": "red"}
    with pytest.raises(EntryError) as caught:
        parse_entry(raw, now=NOW)
    wanted = {"market", "entry_price", "shares", "fair_value", "opened_at", "colour"}
    assert set(caught.value.errors) == wanted


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("0.450", "0.450"), (" 45 ", "45"), (".5", "0.5"), ("1e2", "100"), (Decimal("0.1"), "0.1")],
)
def test_numbers_are_read_to_the_digit(written: object, read_as: str) -> None:
    assert read(entry_price=written).entry_price == Decimal(read_as)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("0,45", "with a point"),
        ("45¢", "not a number"),
        ("1_000", "not a number"),
        ("٤٥", "not a number"),
        ("NaN", "not a number"),
        ("Infinity", "not a number"),
        ("1e99", "too many digits"),
        ("1e-99", "too many digits"),
        ("0." + "1" * 40, "too many digits"),
        ("0", "above 0"),
        ("-1", "above 0"),
        (True, "must be a number"),
        (["1"], "must be a number"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(written: object, reason: str) -> None:
    assert reason in refusal(entry_price=written)["entry_price"]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-20T10:30", datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T10:30:00Z", datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        ("2026-11-20T15:30:00+05:00", datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_utc(written: str, moment: datetime) -> None:
    entry = read(opened_at=written)
    assert (entry.opened_at, entry.opened_text) == (moment, written)


@pytest.mark.parametrize(
    "written", ["yesterday", "2027-01-01", "1970-01-01", "9999-12-31T23:59-14:00"]
)
def test_times_that_cannot_be_meant_are_refused(written: str) -> None:
    assert list(refusal(opened_at=written)) == ["opened_at"]


def test_columns_become_the_policy() -> None:
    entry = read(stop_loss_pct="10", take_profit_pct="25", trailing_pct="7")
    assert entry.policy == {
        "stop_loss_pct": Decimal(10),
        "take_profit": [{"after_minutes": "0", "pct": Decimal(25), "sell_pct": "100"}],
        "trailing_stop": [{"distance_pct": Decimal(7), "activation_pct": "0"}],
    }


def test_fair_value_is_kept_as_the_thesis_own() -> None:
    entry = read(fair_value="0.7")
    assert (entry.fair_value, entry.policy) == (Decimal("0.7"), {"fair_value": "thesis"})


def test_policy_comes_through_with_its_nulls() -> None:
    document = {"stop_loss_pct": "9", "momentum_exit": None}
    assert read(policy=document).policy == document


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"stop_loss_pct": "100"}, "stop_loss_pct"),
        ({"stop_loss_pct": "-1"}, "stop_loss_pct"),
        ({"trailing_pct": "0"}, "trailing_pct"),
        ({"policy": {"stop": "1"}}, "policy.stop"),
        ({"policy": {"stop_loss_pct": "1e-400"}}, "policy.stop_loss_pct"),
        ({"policy": {"take_profit": [{"pct": "5"}, {"pct": "-5"}]}}, "policy.take_profit[1].pct"),
        ({"policy": []}, "policy"),
        ({"policy": {"stop_loss_pct": "9"}, "stop_loss_pct": "8"}, "stop_loss_pct"),
        ({"policy": {"fair_value": "0.6"}, "fair_value": "0.7"}, "fair_value"),
        ({"fair_value": "0"}, "fair_value"),
        ({"currency": "12"}, "currency"),
        ({"market": 5}, "market"),
        ({"thesis": "a\x00b"}, "thesis"),
        ({"outcome": "x" * 101}, "outcome"),
    ],
)
def test_what_cannot_be_meant_is_named(given: dict[str, Any], field: str) -> None:
    assert list(refusal(**given)) == [field]


def test_currency_is_upper_case() -> None:
    assert read(currency="pkr").currency == "PKR"
