"""Kinds of entries and rules by the names that people know them under. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from positions.presenting.badges import rule_name
from positions.presenting.entries import Entry, title


def what(kind: str, rule: str) -> str:
    """`No usable price`, `Not armed · Stop loss`, `Stop loss: sold`; "" for neither."""
    name = rule_name(rule) if rule else ""
    if not kind:
        return name
    bare = Entry(0, datetime.min.replace(tzinfo=UTC), kind, "", None, rule, "", "", {})
    said = title(bare)
    return f"{said} · {name}" if name and name not in said else said
