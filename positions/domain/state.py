"""What the watch must remember of a position between two readings, and nothing else.

It survives restarts as JSON; a restart between any two readings changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

STOP, TRAIL, SOFT = "stop_loss", "trailing_stop", "soft_stop"


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


TIMES = ("watched_since", "stop_since", "trail_since", "soft_since", "unpriced_since")
NUMBERS = ("best", "trail_level", "momentum_high", "last_bid")
EMPTY = WatchState()


def dump(state: WatchState) -> str:
    """Compact JSON of what differs from an empty memory."""
    out: dict[str, Any] = {}
    for field in fields(state):
        name, value = field.name, getattr(state, field.name)
        if value is None or value is False or value == "" or value == frozenset() or value == {}:
            continue
        if name in TIMES:
            out[name] = value.isoformat()
        elif name in NUMBERS:
            out[name] = format(value, "f")
        elif name == "rungs":
            out[name] = {key: format(sold, "f") for key, sold in value.items()}
        elif name == "unarmed":
            out[name] = sorted(value)
        else:
            out[name] = value
    return json.dumps(out, separators=(",", ":"))


def load(text: str) -> WatchState:
    """The memory that `dump` wrote; an empty text is an empty memory."""
    if not text or text == "{}":
        return EMPTY
    raw: dict[str, Any] = json.loads(text)
    for name in TIMES:
        if name in raw:
            raw[name] = datetime.fromisoformat(raw[name]).astimezone(UTC)
    for name in NUMBERS:
        if name in raw:
            raw[name] = Decimal(raw[name])
    if "rungs" in raw:
        raw["rungs"] = {key: Decimal(sold) for key, sold in raw["rungs"].items()}
    if "unarmed" in raw:
        raw["unarmed"] = frozenset(raw["unarmed"])
    return WatchState(**raw)


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
