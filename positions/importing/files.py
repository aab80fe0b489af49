"""CSV and JSON files as rows of keys and values, each with its line."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from positions.domain import policy as policies
from positions.importing.entry import COLUMNS, REQUIRED
from positions.text import storable

LARGEST = 20_000_000
# One transaction holds all of them, and the watch waits for it: some two milliseconds a row.
MOST_ROWS = 5000
JSON_GAP = re.compile(r"[ \t\r\n,]*")


class FileError(ValueError):
    """A file that cannot be read at all; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `line` is the line on which it begins, `item` its number in a JSON list (from 1),
    for several may stand on one line; 0 in a CSV file.

    `errors`: what was wrong with its shape already.
    """

    line: int
    values: Mapping[str, object]
    errors: Mapping[str, str] = field(default_factory=dict)
    item: int = 0


def read_rows(path: Path) -> list[Row]:
    """All rows of a `.csv` or JSON file (told apart by the content). Raises FileError."""
    text = _text(path)
    rows = list(_json(text) if text.lstrip().startswith(("[", "{")) else _csv(text))
    if not rows:
        raise FileError(_("the file holds no positions"))
    if len(rows) > MOST_ROWS:
        raise FileError(_("more than %(most)s rows: split the file") % {"most": MOST_ROWS})
    return rows


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise FileError(_("cannot be read: %(why)s") % {"why": error.strerror or error}) from error
    if len(raw) > LARGEST:
        raise FileError(_("larger than %(mb)s MB: split the file") % {"mb": LARGEST // 1_000_000})
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError(_("is UTF-16: save it as UTF-8"))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileError(
            _("line %(line)s is not UTF-8: save it as UTF-8") % {"line": line}
        ) from None


def _json(text: str) -> Iterator[Row]:
    try:
        found = policies.loads(text)
    except json.JSONDecodeError as error:
        raise FileError(
            _("line %(line)s: no JSON: %(why)s") % {"line": error.lineno, "why": error.msg}
        ) from None
    except policies.PolicyError as error:
        raise FileError(storable(str(error))) from None
    except (RecursionError, ValueError, ArithmeticError):
        raise FileError(_("no JSON that could be meant")) from None
    if not isinstance(found, list):
        raise FileError(_("must be a list of objects"))
    for number, (item, line) in enumerate(zip(found, _lines(text), strict=True), 1):
        if isinstance(item, Mapping):
            yield Row(line, item, item=number)
        else:
            yield Row(line, {}, {"row": _("must be an object")}, item=number)


def _lines(text: str) -> Iterator[int]:
    """The line on which each item of a JSON list begins; `text` has been read as one before."""
    decode = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode
    at, line = text.index("[") + 1, 1 + text.count("\n", 0, text.index("["))
    while (begins := _next_item(text, at)) is not None:
        line += text.count("\n", at, begins)
        yield line
        _item, at = decode(text, begins)
        line += text.count("\n", begins, at)


def _next_item(text: str, at: int) -> int | None:
    begins = JSON_GAP.match(text, at)
    assert begins is not None  # it matches nothing at all as well
    return None if text[begins.end()] == "]" else begins.end()


def _csv(text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    try:
        last = 0
        for cells in reader:
            line, last = last + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells)
            elif len(cells) != len(header):
                many = {"found": len(cells), "wanted": len(header)}
                yield Row(
                    line,
                    {},
                    {"row": _("has %(found)s cells, the header has %(wanted)s") % many},
                )
            else:
                yield Row(line, dict(zip(header, (cell.strip() for cell in cells), strict=True)))
    except csv.Error as error:
        raise FileError(
            _("line %(line)s: no CSV: %(why)s") % {"line": reader.line_num, "why": error}
        ) from None


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise FileError(_("line 1: columns must be separated by commas"))
    twice = [name for name, times in Counter(names).items() if times > 1]
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in REQUIRED if name not in names]
    for wrong, text in (
        (twice, _("line 1: column given twice: %(names)s")),
        (unknown, _("line 1: unknown column: %(names)s; known are %(known)s")),
        (missing, _("line 1: column missing: %(names)s")),
    ):
        if wrong:
            listed = ", ".join(repr(name)[1:-1] or "''" for name in wrong)
            raise FileError(text % {"names": listed, "known": ", ".join(COLUMNS)})
    return names
