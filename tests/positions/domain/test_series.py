"""Recorded prices: two shapes in, one series out, every bad row named with its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from positions.domain.series import SeriesError, moment, read, stamp

NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)


def rows(text: str) -> list[tuple[datetime, Decimal | None, Decimal | None]]:
    return [(point.at, point.bid, point.ask) for point in read(text).points]


def test_history_of_polymarket_is_a_middle() -> None:
    series = read('{"history": [{"t": 1769947200, "p": 0.285}, {"t": 1769947260, "p": 0.29}]}')
    assert series.source == "mid"
    assert [(point.at, point.bid, point.ask) for point in series.points] == [
        (NOON, Decimal("0.285"), None),
        (NOON + timedelta(minutes=1), Decimal("0.29"), None),
    ]


def test_history_keeps_every_digit() -> None:
    series = read('{"history": [{"t": 1769947200.25, "p": 0.12345678901234567891}]}')
    assert series.points[0].bid == Decimal("0.12345678901234567891")
    assert series.points[0].at == NOON + timedelta(milliseconds=250)


def test_csv_of_bids() -> None:
    assert read("time,bid\n1769947200,0.50\n").source == "bid"
    assert rows("time,bid\n1769947200,0.50\n2026-02-01T12:01:00Z,0.51\n") == [
        (NOON, Decimal("0.50"), None),
        (NOON + timedelta(minutes=1), Decimal("0.51"), None),
    ]


def test_csv_with_asks_in_any_order_of_columns() -> None:
    text = "\ufeffask, Bid ,time\r\n0.52,0.50,2026-02-01 12:00\r\n\r\n,0.51,2026-02-01T12:01\r\n"
    assert rows(text) == [
        (NOON, Decimal("0.50"), Decimal("0.52")),
        (NOON + timedelta(minutes=1), Decimal("0.51"), None),
    ]


def test_empty_bid_is_a_reading_without_a_price() -> None:
    assert rows("time,bid,ask\n1769947200,,0.5\n") == [(NOON, None, Decimal("0.5"))]
    assert rows('{"history": [{"t": 1769947200, "p": null}]}') == [(NOON, None, None)]


def test_equal_times_are_allowed() -> None:
    assert [at for at, _, _ in rows("time,bid\n1769947200,0.5\n1769947200,0.6\n")] == [NOON, NOON]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1769947200", NOON),
        ("1769947200.000001", NOON + timedelta(microseconds=1)),
        ("2026-02-01T12:00:00Z", NOON),
        ("2026-02-01T17:00:00+05:00", NOON),
        ("2026-02-01T12:00:00", NOON),
        ("2026-02-01 12:00", NOON),
    ],
)
def test_moment_reads_iso_and_unix(text: str, at: datetime) -> None:
    assert moment(text) == at


def test_stamp_ends_in_z() -> None:
    assert stamp(NOON) == "2026-02-01T12:00:00Z"
    assert stamp(NOON + timedelta(microseconds=5)) == "2026-02-01T12:00:00.000005Z"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: the header must be time,bid or time,bid,ask, not “”"),
        (
            "time,price\n1,2\n",
            "line 1: the header must be time,bid or time,bid,ask, not “time,price”",
        ),
        (
            "time,bid,bid\n",
            "line 1: the header must be time,bid or time,bid,ask, not “time,bid,bid”",
        ),
        ("time,bid\n", "holds no prices"),
        ("time,bid\n1769947200\n", "line 2: 1 columns, the header has 2"),
        ("time,bid\n1769947200,0.5,0.6\n", "line 2: 3 columns, the header has 2"),
        (
            "time,bid\n1769947200,0.5\nx,0.5\n",
            "line 3: “x” is neither an ISO time nor unix seconds",
        ),
        ("time,bid\n,0.5\n", "line 2: “” is neither an ISO time nor unix seconds"),
        ("time,bid\nNaN,0.5\n", "line 2: “NaN” is neither an ISO time nor unix seconds"),
        ("time,bid\n9e99,0.5\n", "line 2: “9e99” looks like milliseconds; unix seconds are needed"),
        (
            "time,bid\n1769947200000,0.5\n",
            "line 2: “1769947200000” looks like milliseconds; unix seconds are needed",
        ),
        ("time,bid\n1769947200,abc\n", "line 2: bid: 'abc' is not a number"),
        ("time,bid\n1769947200,-0.1\n", "line 2: bid: -0.1 is negative"),
        ("time,bid,ask\n1769947200,0.5,NaN\n", "line 2: ask: 'NaN' is not a finite number"),
        (
            "time,bid\n1769947200,0.5\n1769947199,0.5\n",
            "line 3: the time 2026-02-01T11:59:59Z lies before the reading above it",
        ),
        ('time,bid\n\n1769947200,"0.5\n', "line 3: unexpected end of data"),
        ("{", "line 1: is not JSON: Expecting property name enclosed in double quotes"),
        ("[]", 'needs a list under "history", as Polymarket answers'),
        ('{"history": {}}', 'needs a list under "history", as Polymarket answers'),
        ('{"history": []}', "holds no prices"),
        ('{"history": [{"t": 1}]}', 'point 0: needs "t" and "p"'),
        ('{"history": [{"t": 1, "p": 0.5}, 7]}', 'point 1: needs "t" and "p"'),
        ('{"history": [{"t": 1, "p": "x"}]}', "point 0: p: 'x' is not a number"),
        ('{"history": [{"t": 1, "p": true}]}', "point 0: p: True is not a number"),
        (
            '{"history": [{"t": {}, "p": 0.5}]}',
            "point 0: “{}” is neither an ISO time nor unix seconds",
        ),
        (
            '{"history": [{"t": 1769947200, "p": 0.5}, {"t": 1769947199, "p": 0.5}]}',
            "point 1: the time 2026-02-01T11:59:59Z lies before the reading above it",
        ),
        ('{"history": [{"t": 1, "t": 2, "p": 0.5}]}', "line 1: is not JSON: t: is given twice"),
    ],
)
def test_bad_row_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(SeriesError) as caught:
        read(text)
    assert str(caught.value) == message


def test_deeply_nested_text_is_an_error_and_no_crash() -> None:
    with pytest.raises(SeriesError):
        read('{"history":' + "[" * 100_000)
