"""The import itself: check everything, then write everything in one transaction, or nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from positions.domain.pnl import plain
from positions.domain.policy import PolicyError
from positions.importing.compare import differences
from positions.importing.entry import Entry, EntryError, parse_entry
from positions.importing.files import Row, read_rows
from positions.importing.placing import Place, Places, market_at
from positions.models import Position, Strategy
from positions.services import ServiceError, position_open
from positions.venues.base import VenueError

SOURCE = "import"
PREFIX = f"{SOURCE}:"
BATCH = 500

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of one row; `line` as in `files.Row`."""

    line: int
    field: str
    error: str

    def __str__(self) -> str:
        return _("line %(line)s: %(field)s: %(error)s") % {
            "line": self.line,
            "field": self.field,
            "error": self.error,
        }


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
    place: Place
    reference: str


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


def reference_of(entry: Entry, place: Place, occurrence: int) -> str:
    """A row's identity as the contract lists it; the nth equal row of a file is its own position."""
    parts = (
        place.venue,
        place.key,
        place.outcome,
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
    places, seen = Places(), Counter[str]()
    strategies = set(Strategy.objects.values_list("name", flat=True))
    for number, row in enumerate(rows, 1):
        if number % BATCH == 0:
            say(_("%(done)s of %(all)s rows checked") % {"done": number, "all": len(rows)})
        entry = _entry(row, now, strategies, problems)
        if entry is None:
            continue
        try:
            place = places.of(entry)
        except VenueError as error:
            problems.append(Problem(row.line, "market", str(error)))
            continue
        first = reference_of(entry, place, 1)
        seen[first] += 1
        found.append(Candidate(row.line, entry, place, reference_of(entry, place, seen[first])))
    if problems:
        raise ImportRefusedError(problems)
    return found


def _entry(row: Row, now: datetime, strategies: set[str], problems: list[Problem]) -> Entry | None:
    try:
        if row.errors:
            raise EntryError(row.errors)
        entry = parse_entry(row.values, now=now)
        check_strategy(entry.strategy, strategies)
    except EntryError as error:
        problems += [Problem(row.line, name, text) for name, text in error.errors.items()]
        return None
    return entry


def check_strategy(name: str, known: Iterable[str]) -> None:
    """Raises EntryError naming the strategies there are."""
    if name and name not in known:
        raise EntryError(
            {
                "strategy": _("“%(name)s” is not known; known are %(known)s")
                % {"name": name, "known": ", ".join(sorted(known))}
            }
        )


def _write(
    candidates: Sequence[Candidate], now: datetime, actor: str, *, arm_now: bool, say: Say
) -> Result:
    result, problems = Result(), list[Problem]()
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
            try:
                result.added.append(_open(candidate, strategies, now, actor, arm_now=arm_now).pk)
            except (ServiceError, PolicyError) as error:
                problems.append(_refusal(candidate, error))
        if problems:
            raise ImportRefusedError(problems)
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
        result.differs.append({"line": candidate.line, "position": position.pk, "differs": found})


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
        market=market_at(candidate.place),
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


def _refusal(candidate: Candidate, error: ServiceError | PolicyError) -> Problem:
    if isinstance(error, PolicyError):
        return Problem(candidate.line, f"policy.{error.field}", error.message)
    return Problem(candidate.line, "row", str(error))
