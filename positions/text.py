"""Text from outside, fit to be stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def storable(text: str, most: int = 300) -> str:
    """At most `most` characters, without NUL (PostgreSQL refuses it) and lone surrogates (neither
    database takes them): a venue's garbled word must not stop a pass.
    """
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return clean[:most]


def is_storable(value: Any) -> bool:
    """Whether all texts in a JSON value, its keys too, hold neither NUL nor a lone surrogate."""
    if isinstance(value, str):
        return storable(value, len(value)) == value
    if isinstance(value, Mapping):
        return all(is_storable(key) and is_storable(inner) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_storable, value))
    return True


def all_storable(value: Any) -> Any:
    """A JSON value with every text in it made storable."""
    if isinstance(value, str):
        return storable(value, len(value))
    if isinstance(value, Mapping):
        return {all_storable(key): all_storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [all_storable(inner) for inner in value]
    return value
