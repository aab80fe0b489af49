"""What the watch must remember of a position between two readings, and nothing else.

It survives restarts as JSON; a restart between any two readings changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

STOP, TRAIL, SOFT = "stop_loss", "trailing_stop", "soft_stop"


@dataclass(frozen=True, slots=True)
class WatchState:
    """Memory of one position's watch.

    `watched_since`: first usable reading. `best`: best usable bid since. `trail_level`: the trailing
    level reached so far. `*_since`: moment of a breach that still stands. `rungs`: shares sold by
    rung key. `momentum_high`: high of the last momentum exit. `*_asked`: this episode has been
    asked. `unarmed`: rules breached when watching began. `blocked`: a wide spread held back a stop
    and that was told. `paused`: the rule held back by the pause switch, told once.
    `unpriced_since`, `problem`, `unpriced_told`: the present silence. `last_bid`: last usable bid.
    """

    watched_since: datetime | None = None
    best: Decimal | None = None
    trail_level: Decimal | None = None
    stop_since: datetime | None = None
    trail_since: datetime | None = None
    soft_since: datetime | None = None
    rungs: Mapping[str, Decimal] | None = None
    momentum_high: Decimal | None = None
    soft_asked: bool = False
    adverse_asked: bool = False
    unarmed: frozenset[str] = frozenset()
    blocked: bool = False
    paused: str = ""
    unpriced_since: datetime | None = None
    problem: str = ""
    unpriced_told: bool = False
    last_bid: Decimal | None = None

    def sold(self, rung: str) -> Decimal:
        """Shares the rung has sold so far."""
        return (self.rungs or {}).get(rung, Decimal(0))


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
