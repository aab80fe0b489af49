"""Exit rules as a trader types them: `12 after 60 sell 50`, one row a line. And back.

What is typed is only split here; `domain.policy` checks it. The contract's JSON is taken as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from positions.domain import policy as policies
from positions.domain.pnl import plain
from positions.domain.policy import PolicyError

# For each field: the key of the first number of a line, and the words that lead in the others.
ROWS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "take_profit": ("pct", {"after": "after_minutes", "sell": "sell_pct"}),
    "trailing_stop": ("distance_pct", {"from": "activation_pct"}),
}
ONE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "momentum_exit": (
        "rise_pct",
        {"in": "window_minutes", "fade": "fade_pct", "sell": "sell_pct"},
    ),
    "adverse_move": ("pct", {"in": "window_minutes"}),
}
# What need not be written because it is what an absent key means.
USUAL = {"after_minutes": Decimal(0), "sell_pct": Decimal(100), "activation_pct": Decimal(0)}


def parse_field(field: str, text: str) -> Any:
    """The contract's JSON value of one field, checked. Raises PolicyError naming the row."""
    if text.startswith(("[", "{")):
        value = _json(field, text)
    elif field in ROWS:
        lines = [line for line in text.splitlines() if line.strip()]
        value = [_row(f"{field}[{n}]", line, *ROWS[field]) for n, line in enumerate(lines)]
    elif field in ONE:
        value = _row(field, text, *ONE[field])
    else:
        value = text
    policies.PARSERS[field](field, value)
    return value


def format_field(field: str, value: Any) -> str:
    """What a trader would type for this JSON value; `parse_field` reads it back."""
    if value is None:
        return ""
    if field in ROWS:
        return "\n".join(_line(row, *ROWS[field]) for row in value)
    if field in ONE:
        return _line(value, *ONE[field])
    return _number(value)


def _json(field: str, text: str) -> Any:
    try:
        return policies.loads(text)
    except (json.JSONDecodeError, ValueError, RecursionError, ArithmeticError) as error:
        if isinstance(error, PolicyError):
            raise
        raise PolicyError(field, "is no JSON") from None


def _row(at: str, line: str, first: str, words: Mapping[str, str]) -> dict[str, Any]:
    """`20 after 60 sell 50` → {"pct": "20", "after_minutes": "60", "sell_pct": "50"}."""
    parts = line.replace("%", " ").replace(",", " ").split()
    found: dict[str, Any] = {}
    key: str | None = first
    for part in parts:
        if part.lower() in words:
            if key is not None:
                raise PolicyError(at, f"“{part}” stands where a number should")
            key = words[part.lower()]
            if key in found:
                raise PolicyError(at, f"“{part}” is given twice")
        elif key is None:
            expected = ", ".join(words)
            raise PolicyError(at, f"“{part}” is not understood; words are: {expected}")
        else:
            found[key] = part
            key = None
    if key is not None:
        raise PolicyError(at, "a number is missing at the end")
    return found


def _line(row: Mapping[str, Any], first: str, words: Mapping[str, str]) -> str:
    parts = [_number(row[first])]
    for word, key in words.items():
        value = row.get(key)
        if value is not None and Decimal(str(value)) != USUAL.get(key):
            parts += [word, _number(value)]
    return " ".join(parts)


def _number(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return str(value).strip()


def shown(field: str, document: Mapping[str, Any]) -> str:
    """A field of a document on one line, "" when the document does not state it or turns it off."""
    return "; ".join(format_field(field, document.get(field)).splitlines())


def texts(document: Mapping[str, Any], fields: Sequence[str] = policies.FIELDS) -> dict[str, str]:
    """All fields of a document as they are typed."""
    return {field: format_field(field, document.get(field)) for field in fields}
