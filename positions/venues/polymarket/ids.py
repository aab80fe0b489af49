"""Polymarket's two kinds of ids, read strictly."""

from __future__ import annotations

from typing import Any

from positions.venues import fields

CONDITION_DIGITS = 64


def token(value: Any, field: str, where: str) -> str:
    """A token id: decimal digits, far longer than any integer column, so always text."""
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal():
        raise fields.wrong(where, field, value, "a token id of digits")
    return value


def condition_id(value: Any, field: str, where: str) -> str:
    """0x + 64 hex digits; Protocol V2's 62 are padded on the right, as CLOB and Data API want."""
    digits = value[2:].lower() if isinstance(value, str) and value.startswith("0x") else ""
    if len(digits) not in {62, CONDITION_DIGITS} or set(digits) - set("0123456789abcdef"):
        raise fields.wrong(where, field, value, "0x and 64 hex digits")
    return "0x" + digits.ljust(CONDITION_DIGITS, "0")
