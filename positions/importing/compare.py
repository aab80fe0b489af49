"""What a known position's rules say that the file says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from positions.domain import policy as policies
from positions.importing.entry import Entry
from positions.models import Position
from positions.services import jsonable


def differences(entry: Entry, position: Position) -> dict[str, dict[str, Any]]:
    """Field → {"file": …, "book": …} for each rule, and thesis, in which the two differ.

    `position` comes with its policy and thesis. A field that one side does not state is None.
    """
    owned = getattr(position, "policy", None)
    stored = policies.loads(owned.document) if owned is not None else {}
    written, kept = _meant(entry.policy), _meant(stored)
    found = {
        name: {"file": jsonable(entry.policy.get(name)), "book": jsonable(stored.get(name))}
        for name in policies.FIELDS
        if written.get(name, ...) != kept.get(name, ...)
    }
    thesis = getattr(position, "thesis", None)
    text = thesis.text if thesis is not None else ""
    probability = thesis.probability if thesis is not None else None
    if text != entry.thesis:
        found["thesis"] = {"file": entry.thesis, "book": text}
    if probability != entry.fair_value:
        found["probability"] = {"file": jsonable(entry.fair_value), "book": jsonable(probability)}
    return found


def _meant(document: Mapping[str, Any]) -> dict[str, Any]:
    """Each stated field as the rules read it, so that 15 and "15.0" are the same; null stays."""
    return {
        name: None if value is None else policies.PARSERS[name](name, value)
        for name, value in document.items()
    }
