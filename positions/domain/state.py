"""What the watch must remember of a position between two readings, and nothing else.

It survives restarts as JSON; a restart between any two readings changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final


@dataclass(slots=True, unsafe_hash=True)
class WatchState:
    """Memory of one position's watch.

    `watched_since`: first usable reading. `best`: best usable bid since. `trail_level`: the trailing
    level reached so far. `*_since`: moment of a breach that still stands. `rungs`: shares sold by
    rung key. `momentum_high`: high of the last momentum exit. `*_asked`: this episode has been
    asked. `unarmed`: rules breached when watching began. `blocked`: a wide spread held back a stop
    and that was told. `paused`: the rule held back by the pause switch, told once.
    `unpriced_since`, `problem`, `unpriced_told`: the present silence. `last_bid`: last usable bid.

    Made anew in almost every judgement: Final to the type checker, not frozen at run time, which
    would cost seven times as much.
    """

    watched_since: Final[datetime | None] = None
    best: Final[Decimal | None] = None
    trail_level: Final[Decimal | None] = None
    stop_since: Final[datetime | None] = None
    trail_since: Final[datetime | None] = None
    soft_since: Final[datetime | None] = None
    rungs: Final[Mapping[str, Decimal] | None] = None
    momentum_high: Final[Decimal | None] = None
    soft_asked: Final[bool] = False
    adverse_asked: Final[bool] = False
    unarmed: Final[frozenset[str]] = frozenset()
    blocked: Final[bool] = False
    paused: Final[str] = ""
    unpriced_since: Final[datetime | None] = None
    problem: Final[str] = ""
    unpriced_told: Final[bool] = False
    last_bid: Final[Decimal | None] = None

    def seen(self, at: datetime, bid: Decimal, best: Decimal, level: Decimal | None) -> WatchState:
        """The memory after a usable bid. Spelt out: `dataclasses.replace` takes five times as long."""
        return WatchState(
            watched_since=self.watched_since or at,
            best=best,
            trail_level=level,
            stop_since=self.stop_since,
            trail_since=self.trail_since,
            soft_since=self.soft_since,
            rungs=self.rungs,
            momentum_high=self.momentum_high,
            soft_asked=self.soft_asked,
            adverse_asked=self.adverse_asked,
            unarmed=self.unarmed,
            blocked=self.blocked,
            paused=self.paused,
            last_bid=bid,
        )

    @property
    def calm(self) -> bool:
        """Nothing stands that the next usable reading could end: no breach, question or guard."""
        return not (
            self.stop_since
            or self.trail_since
            or self.soft_since
            or self.soft_asked
            or self.adverse_asked
            or self.unarmed
            or self.blocked
        )

    def sold(self, rung: str) -> Decimal:
        """Shares the rung has sold so far."""
        return (self.rungs or {}).get(rung, Decimal(0))


def changed(state: WatchState, **values: object) -> WatchState:
    """`replace` only when something differs, so that an unchanged memory is the same object."""
    if all(getattr(state, name) == value for name, value in values.items()):
        return state
    return replace(state, **values)  # type: ignore[arg-type]


AHEAD = timedelta(minutes=1)  # more than two readings of one source ever disagree


def not_ahead(since: datetime | None, at: datetime) -> datetime:
    """When something that still stands at `at` began; now, where it has just begun, or where a
    clock that was set back since would have it wait until it has caught up.
    """
    return at if since is None or since - at > AHEAD else since


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _numbers(found: Mapping[str, str]) -> dict[str, Decimal]:
    return {key: Decimal(text) for key, text in found.items()}


def _texts(found: Mapping[str, Decimal]) -> dict[str, str]:
    return {key: format(number, "f") for key, number in found.items()}


TIMES = ("watched_since", "stop_since", "trail_since", "soft_since", "unpriced_since")
NUMBERS = ("best", "trail_level", "momentum_high", "last_bid")
# How a field is written and read where JSON has no such value; the others stay as they are.
WRITE: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(TIMES, datetime.isoformat),
    **dict.fromkeys(NUMBERS, "{:f}".format),
    "rungs": _texts,
    "unarmed": sorted,
}
READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(TIMES, _moment),
    **dict.fromkeys(NUMBERS, Decimal),
    "rungs": _numbers,
    "unarmed": frozenset,
}
NAMES = tuple(field.name for field in fields(WatchState))
EMPTY = WatchState()
encode = json.JSONEncoder(separators=(",", ":")).encode


def dump(state: WatchState, without: Collection[str] = ()) -> str:
    """Compact JSON of what differs from an empty memory; `without`: fields kept elsewhere."""
    out: dict[str, object] = {}
    for name in NAMES:
        value = getattr(state, name)
        if (value or isinstance(value, Decimal)) and name not in without:
            write = WRITE.get(name)
            out[name] = write(value) if write else value
    return encode(out)


def load(text: str) -> WatchState:
    """The memory that `dump` wrote; an empty text is an empty memory."""
    if not text or text == "{}":
        return EMPTY
    raw: dict[str, Any] = json.loads(text)
    return WatchState(
        **{name: READ[name](value) if name in READ else value for name, value in raw.items()}
    )


def sold_rungs(state: WatchState, parts: Mapping[str, Decimal], filled: Decimal) -> WatchState:
    """`filled` shares of an exit booked to its rungs, lowest level first (`parts` in that order)."""
    rungs = dict(state.rungs or {})
    left = filled
    for key, part in parts.items():
        share = min(left, part)
        if share > 0:
            rungs[key] = rungs.get(key, Decimal(0)) + share
            left -= share
    return replace(state, rungs=rungs)
