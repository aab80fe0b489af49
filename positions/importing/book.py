"""The import itself: check everything, then write everything in one transaction, or nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from positions.domain.pnl import plain
from positions.importing.checking import check_against_market, read_entry, strategy_documents
from positions.importing.compare import differences
from positions.importing.entry import Entry, EntryError
from positions.importing.files import Row, read_rows
from positions.importing.placing import Markets
from positions.markets import market_ensure
from positions.models import Market, Position, Strategy
from positions.services import position_open
from positions.venues.base import VenueError

SOURCE = "import"
PREFIX = f"{SOURCE}:"
BATCH = 500

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of one row; `line` and `item` as in `files.Row`."""

    line: int
    field: str
    error: str
    item: int = 0

    def __str__(self) -> str:
        return f"{place(self.line, self.item)}: {self.field}: {self.error}"


def place(line: int, item: int) -> str:
    """Where a row stands: `line 7`, or `line 7, item 2` of a JSON list."""
    text = _("line %(line)s, item %(item)s") if item else _("line %(line)s")
    return text % {"line": line, "item": item}


class ImportRefusedError(Exception):
    """The file was not imported, not even in part; `problems` names every bad row."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that can be meant, with its market and its key for all time."""

    line: int
    entry: Entry
    market: Market
    reference: str
    item: int = 0


@dataclass(slots=True)
class Result:
    """`added`: ids of new positions. `known`: rows that were there. `differs`: those of them whose
    rules are not the file's: line, position and what differs.
    """

    added: list[int] = field(default_factory=list)
    known: int = 0
    differs: list[dict[str, Any]] = field(default_factory=list)


def import_file(
    path: Path, *, now: datetime, actor: str, arm_now: bool = False, say: Say = lambda _text: None
) -> Result:
    """Adds the file's positions that are not in the book yet, all or nothing.

    `say` is told of progress. Raises FileError when the file cannot be read, ImportRefusedError
    when any row is wrong.
    """
    candidates = _candidates(read_rows(path), now, say)
    try:
        return _write(candidates, now, actor, arm_now=arm_now, say=say)
    except IntegrityError:
        # Somebody imported the same rows at the same moment: now they are known.
        return _write(candidates, now, actor, arm_now=arm_now, say=say)


def reference_of(entry: Entry, market: Market, occurrence: int) -> str:
    """A row's identity as the contract lists it; the nth equal row of a file is its own position."""
    parts = (
        market.venue,
        market.key,
        market.outcome,
        entry.strategy,
        plain(entry.entry_price),
        plain(entry.shares),
        entry.opened_text,
        str(occurrence),
    )
    return PREFIX + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _candidates(rows: Sequence[Row], now: datetime, say: Say) -> list[Candidate]:
    """Raises ImportRefusedError naming every row that cannot be meant."""
    problems: list[Problem] = []
    found: list[Candidate] = []
    markets, seen, known = Markets(), Counter[str](), strategy_documents()
    for number, row in enumerate(rows, 1):
        if number % BATCH == 0:
            say(_("%(done)s of %(all)s rows checked") % {"done": number, "all": len(rows)})
        try:
            entry, market = _checked(row, markets, known, now)
        except EntryError as error:
            problems += [
                Problem(row.line, name, text, row.item) for name, text in error.errors.items()
            ]
            continue
        first = reference_of(entry, market, 1)
        seen[first] += 1
        reference = reference_of(entry, market, seen[first])
        found.append(Candidate(row.line, entry, market, reference, row.item))
    if problems:
        raise ImportRefusedError(problems)
    return found


def _checked(
    row: Row, markets: Markets, known: Mapping[str, str], now: datetime
) -> tuple[Entry, Market]:
    """Raises EntryError."""
    if row.errors:
        raise EntryError(row.errors)
    entry = read_entry(row.values, now=now, known=known)
    try:
        market = markets.of(entry)
    except VenueError as error:
        raise EntryError({"market": str(error)}) from error
    check_against_market(entry, market, known)
    return entry, market


def _write(
    candidates: Sequence[Candidate], now: datetime, actor: str, *, arm_now: bool, say: Say
) -> Result:
    result = Result()
    strategies = {strategy.name: strategy for strategy in Strategy.objects.all()}
    with transaction.atomic():
        held = dict(_held([candidate.reference for candidate in candidates]))
        for number, candidate in enumerate(candidates, 1):
            if number % BATCH == 0:
                done = {"done": number, "all": len(candidates)}
                say(_("%(done)s of %(all)s rows written") % done)
            position = held.get(candidate.reference)
            if position is not None:
                _compare(position, candidate, result)
                continue
            result.added.append(_open(candidate, strategies, now, actor, arm_now=arm_now).pk)
    return result


def _held(references: Sequence[str]) -> Iterator[tuple[str, Position]]:
    rows = Position.objects.select_related("policy", "thesis")
    for start in range(0, len(references), BATCH):
        for position in rows.filter(reference__in=references[start : start + BATCH]):
            yield position.reference or "", position


def _compare(position: Position, candidate: Candidate, result: Result) -> None:
    result.known += 1
    found = differences(candidate.entry, position)
    if found:
        row = {"line": candidate.line, "position": position.pk, "differs": found}
        result.differs.append(row | ({"item": candidate.item} if candidate.item else {}))


def _open(
    candidate: Candidate,
    strategies: Mapping[str, Strategy],
    now: datetime,
    actor: str,
    *,
    arm_now: bool,
) -> Position:
    entry = candidate.entry
    return position_open(
        market=market_ensure(candidate.market),
        entry_price=entry.entry_price,
        shares=entry.shares,
        now=now,
        strategy=strategies.get(entry.strategy),
        opened_at=entry.opened_at,
        policy=entry.policy,
        thesis=entry.thesis,
        probability=entry.fair_value,
        reference=candidate.reference,
        source=SOURCE,
        actor=actor,
        arm_now=arm_now,
    )
