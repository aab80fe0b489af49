"""Text from outside, fit to be stored."""

from __future__ import annotations


def storable(text: str, most: int = 300) -> str:
    """At most `most` characters, without NUL (PostgreSQL refuses it) and lone surrogates (neither
    database takes them): a venue's garbled word must not stop a pass.
    """
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return clean[:most]
