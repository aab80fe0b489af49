"""Opaque cursors, as both list APIs hand them out."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"o": offset}).encode()).decode()


def offset(text: str) -> int:
    """ValueError for a cursor that this server did not make."""
    if not text:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(text))["o"])
    except (binascii.Error, KeyError, TypeError) as error:
        raise ValueError("invalid cursor") from error


def page(rows: Sequence[T], start: int, limit: int) -> tuple[Sequence[T], str | None]:
    """One page and the cursor of the next, None at the end."""
    end = start + limit
    return rows[start:end], cursor(end) if end < len(rows) else None
