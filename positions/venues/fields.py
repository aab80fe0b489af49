"""Reading single fields strictly: each error names the field, the value found and where it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from positions.venues.base import ProtocolError

Raw = Mapping[str, Any]


def wrong(where: str, field: str, value: Any, wanted: str) -> ProtocolError:
    """The error for one field; a long value is cut."""
    return ProtocolError(f"{where}: {field} is {value!r:.80}, {wanted} wanted")


def record(value: Any, where: str) -> Raw:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise wrong(where, "the entry", value, "an object")
    return value


def rows(value: Any, where: str, field: str) -> Sequence[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise wrong(where, field, value, "a list")
    return value


def text(raw: Raw, field: str, where: str) -> str:
    """A non-empty string."""
    value = raw.get(field)
    if not isinstance(value, str) or not value:
        raise wrong(where, field, value, "a text")
    return value


def loose_text(raw: Raw, field: str) -> str:
    """A label that nothing depends on; empty where there is none."""
    value = raw.get(field)
    return value if isinstance(value, str) else ""


def whole(raw: Raw, field: str, where: str, *, default: int) -> int:
    """A whole number of at least 0; `default` where the field is absent or null."""
    value = raw.get(field)
    number = Decimal(default) if value is None else decimal(value, field, where)
    if number != number.to_integral_value():
        raise wrong(where, field, value, "a whole number")
    return int(number)


def decimal(value: Any, field: str, where: str) -> Decimal:
    """A finite number that is not negative, sent as text or as a number."""
    number = _decimal(value)
    if number is None or not number.is_finite() or number < 0:
        raise wrong(where, field, value, "a number of at least 0")
    return number


def optional_decimal(raw: Raw, field: str, where: str) -> Decimal | None:
    """`decimal`, or None where the field is absent, null or empty."""
    value = raw.get(field)
    return None if value is None or value == "" else decimal(value, field, where)


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def flag(raw: Raw, field: str, where: str, *, default: bool) -> bool:
    """A boolean; `default` where the field is absent or null."""
    value = raw.get(field)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise wrong(where, field, value, "true or false")
    return value


def texts(value: Any, field: str, where: str) -> tuple[str, ...]:
    """A list of strings, sent as a JSON array or as JSON text inside a string."""
    found = value
    if isinstance(value, str) and value:
        try:
            found = json.loads(value)
        except ValueError:
            raise wrong(where, field, value, "a JSON list inside a text") from None
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise wrong(where, field, value, "a list of texts")
    return tuple(found)


def moment(raw: Raw, field: str, where: str) -> datetime | None:
    """An ISO 8601 time as aware UTC (`2026-07-24 00:00:16+00` too); None where there is none."""
    value = raw.get(field)
    if value is None or value == "":
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise wrong(where, field, value, "an ISO 8601 time") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def unix(seconds: int) -> datetime:
    """Unix seconds as aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)
