"""Labelled headlines and hostile ones, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

OURS = Path(__file__).parent / "headlines.jsonl"
HOSTILE = Path(__file__).parent / "injections.jsonl"
CLASSES = ("against", "for", "irrelevant")
TOGETHER = 15  # headlines in one call, as in the screen


class SetError(ValueError):
    """A set that cannot be read; its text names the line."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A headline for one side of a question. `label` of CLASSES: would a holder of this side want
    to know? `split`: dev (the rules were made on it) or held; `second`: another label of a sample.
    """

    question: str
    side: str
    headline: str
    label: str
    split: str = ""
    second: str = ""


@dataclass(frozen=True, slots=True)
class Hostile:
    """A headline that gives orders. `wants`: "against" (a false alert) or "silence" of `beside`,
    true headlines against the side that come in the same call.
    """

    id: str
    attack: str
    question: str
    side: str
    headline: str
    wants: str
    beside: tuple[str, ...]


def pairs(path: Path = OURS) -> list[Pair]:
    """The labelled set. Raises SetError."""
    return [_pair(number, row) for number, row in _rows(path)]


def hostile(path: Path = HOSTILE) -> list[Hostile]:
    """The hostile headlines. Raises SetError."""
    return [
        Hostile(
            id=row["id"],
            attack=row["attack"],
            question=row["q"],
            side=row["side"],
            headline=row["h"],
            wants=row["wants"],
            beside=tuple(row["beside"]),
        )
        for _number, row in _rows(path)
    ]


def groups(rows: Sequence[Pair]) -> list[list[Pair]]:
    """The pairs of one side of a question together, as a screen has them; at most 15."""

    def of_one_side(row: Pair) -> tuple[str, str]:
        return row.question, row.side

    found: list[list[Pair]] = []
    for _side, group in groupby(sorted(rows, key=of_one_side), key=of_one_side):
        members = list(group)
        found += [members[i : i + TOGETHER] for i in range(0, len(members), TOGETHER)]
    return found


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetError(f"{path}: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SetError(f"{path}, line {number}: {error}") from error
        if not isinstance(row, dict):
            raise SetError(f"{path}, line {number}: not an object")
        yield number, row


def _pair(number: int, row: dict[str, Any]) -> Pair:
    texts = [row.get(key) for key in ("q", "side", "h", "y")]
    question, side, headline, label = (text if isinstance(text, str) else "" for text in texts)
    if not (question and side and headline) or label not in CLASSES:
        raise SetError(f"line {number}: wants q, side, h and y, one of {', '.join(CLASSES)}")
    return Pair(
        question, side, headline, label, str(row.get("split", "")), str(row.get("second", ""))
    )
