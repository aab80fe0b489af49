"""Recorded prices as replay reads them: Polymarket's history or CSV.

Shapes: CONTRACT "Replay". `{"history": [{"t": unix seconds, "p": price}]}`, or CSV with the header
`time,bid[,ask]`, times ISO 8601 (without a zone UTC) or unix seconds. An empty bid (null p) is a
reading without a usable price, so that a gap in a source can be replayed as what it was.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from positions.domain.policy import PolicyError, loads, number
from positions.domain.wording import Sentence, gettext_noop

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS = Decimal(10) ** 11  # as seconds that would be the year 5138
COLUMNS = ("time", "bid", "ask")

AT_LINE = gettext_noop("line %(n)s: %(what)s")
AT_POINT = gettext_noop("point %(n)s: %(what)s")
NO_POINTS = gettext_noop("holds no prices")
NOT_JSON = gettext_noop("is not JSON: %(why)s")
NO_HISTORY = gettext_noop('needs a list under "history", as Polymarket answers')
NO_POINT = gettext_noop('needs "t" and "p"')
BAD_HEADER = gettext_noop("the header must be time,bid or time,bid,ask, not “%(header)s”")
BAD_WIDTH = gettext_noop("%(found)s columns, the header has %(wanted)s")
BAD_TIME = gettext_noop("“%(text)s” is neither an ISO time nor unix seconds")
BAD_MILLISECONDS = gettext_noop("“%(text)s” looks like milliseconds; unix seconds are needed")
BAD_NUMBER = gettext_noop("%(why)s")
BACKWARD = gettext_noop("the time %(time)s lies before the reading above it")


class SeriesError(ValueError):
    """A series that cannot be replayed; `sentence` says where and why, in any language."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Point:
    """One reading; `bid` None: no usable price. `place` says where it stands in its file."""

    at: datetime
    bid: Decimal | None
    ask: Decimal | None = None
    place: Callable[[Sentence], Sentence] = lambda what: what


@dataclass(frozen=True, slots=True)
class Series:
    """At least one reading, times never backward. `source` "mid": prices are middles, not bids."""

    source: Literal["bid", "mid"]
    points: tuple[Point, ...]


def read(text: str) -> Series:
    """The series in a file's text. Raises SeriesError with the line or the point."""
    text = text.removeprefix("\ufeff")
    source: Literal["bid", "mid"] = "mid" if text.lstrip().startswith(("{", "[")) else "bid"
    points = tuple(_forward(_history(text) if source == "mid" else _rows(text)))
    if not points:
        raise SeriesError(Sentence(NO_POINTS))
    return Series(source, points)


def _forward(points: Iterable[Point]) -> Iterator[Point]:
    """Equal times are allowed (two trades in a second), backward is an error."""
    last: datetime | None = None
    for point in points:
        if last is not None and point.at < last:
            raise SeriesError(point.place(Sentence(BACKWARD, {"time": stamp(point.at)})))
        last = point.at
        yield point


def _history(text: str) -> Iterator[Point]:
    try:
        document = loads(text)
    except (ValueError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise SeriesError(_placed(AT_LINE, line)(Sentence(NOT_JSON, {"why": why}))) from None
    history = document.get("history") if isinstance(document, Mapping) else None
    if not isinstance(history, list):
        raise SeriesError(Sentence(NO_HISTORY))
    for index, item in enumerate(history):
        place = _placed(AT_POINT, index)
        if not isinstance(item, Mapping) or "t" not in item or "p" not in item:
            raise SeriesError(place(Sentence(NO_POINT)))
        price = None if item["p"] is None else _price("p", item["p"], place)
        yield Point(moment(str(item["t"]), place), price, None, place)


def _rows(text: str) -> Iterator[Point]:
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if sorted(header) not in (["bid", "time"], sorted(COLUMNS)):
            shown = Sentence(BAD_HEADER, {"header": ",".join(header)})
            raise SeriesError(_placed(AT_LINE, 1)(shown))
        for row in reader:
            if row:
                yield _point(dict(zip(header, row, strict=False)), row, reader.line_num, header)
    except csv.Error as error:
        what = Sentence(BAD_NUMBER, {"why": str(error)})
        raise SeriesError(_placed(AT_LINE, reader.line_num)(what)) from None


def _point(values: Mapping[str, str], row: list[str], line: int, header: list[str]) -> Point:
    place = _placed(AT_LINE, line)
    if len(row) != len(header):
        counts = {"found": str(len(row)), "wanted": str(len(header))}
        raise SeriesError(place(Sentence(BAD_WIDTH, counts)))
    prices = {
        name: _price(name, text, place) if (text := values.get(name, "").strip()) else None
        for name in ("bid", "ask")
    }
    return Point(moment(values["time"].strip(), place), prices["bid"], prices["ask"], place)


def _price(name: str, value: Any, place: Callable[[Sentence], Sentence]) -> Decimal:
    try:
        return number(name, value)
    except PolicyError as error:
        raise SeriesError(place(Sentence(BAD_NUMBER, {"why": str(error)}))) from None


def moment(text: str, place: Callable[[Sentence], Sentence] = lambda what: what) -> datetime:
    """A time in UTC, exact to the microsecond. Raises SeriesError."""
    try:
        seconds = Decimal(text)
        if seconds.is_finite() and abs(seconds) >= MILLISECONDS:
            raise SeriesError(place(Sentence(BAD_MILLISECONDS, {"text": text})))
        return EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except (InvalidOperation, OverflowError, ValueError) as error:
        if isinstance(error, SeriesError):
            raise
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise SeriesError(place(Sentence(BAD_TIME, {"text": text}))) from None


def stamp(at: datetime) -> str:
    """`2026-02-01T12:00:03Z`; microseconds only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _placed(template: str, n: int) -> Callable[[Sentence], Sentence]:
    return lambda what: Sentence(template, {"n": str(n), "what": what})
