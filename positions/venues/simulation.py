"""The simulated market's prices: a pure function of name, script and time.

Every process that asks for the same moment gets the same book, so that web, worker and tests agree
without talking to each other. No float takes part: hashes are read as integers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from hashlib import blake2b
from typing import Any

from positions.domain.book import Book, Level
from positions.domain.window import Run, extend

LEVELS = 8
HASH_HALF = Decimal(1 << 63)
# A free walk: (seconds between its turning points, reach as a part of the payout).
OCTAVES = (
    (20, Decimal("0.006")),
    (180, Decimal("0.02")),
    (1500, Decimal("0.05")),
    (9000, Decimal("0.09")),
    (86400, Decimal("0.10")),
)
JUMP_EVERY = 1800
EDGE = Decimal("0.03")
# A script's events are told without noise from here to there, in seconds around its epoch.
STILL = (Decimal(-90), Decimal(40))
ERROR_AFTER = Decimal(8)

Waypoints = tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a simulated market plays.

    Without a `scenario` it walks at random, seeded by `name`. With one, `start` is the bid of
    `outcome` at `epoch`, `entry` what it was an hour before; the other outcome is its mirror.
    Prices lie between 0 and `payout`, in the market's currency.
    """

    name: str
    payout: Decimal
    scenario: str = ""
    epoch: datetime | None = None
    start: Decimal = Decimal(0)
    entry: Decimal = Decimal(0)
    outcome: str = "Yes"

    @property
    def tick(self) -> Decimal:
        """Price step: a cent of a dollar's payout, a tenth where a share pays a hundred."""
        return self.payout / (100 if self.payout <= 1 else 1000)


def scene_of(name: str, payout: Decimal | None, data: Mapping[str, Any]) -> Scene:
    """The scene that a market's stored data describe. Raises ValueError naming what is wrong."""
    paid = Decimal(1) if payout is None else payout
    scenario = str(data.get("scenario", ""))
    if not scenario:
        return Scene(name, paid)
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario {scenario!r} is not one of {', '.join(SCENARIOS)}")
    try:
        epoch = datetime.fromisoformat(data["epoch"]).astimezone(UTC)
        start, entry = Decimal(data["start"]), Decimal(data["entry"])
    except (KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise ValueError(f"scenario {scenario!r} is not told completely: {error!r}") from None
    return Scene(name, paid, scenario, epoch, start, entry, str(data.get("outcome", "Yes")))


def script(scene: Scene) -> dict[str, str]:
    """A scenario as it is stored with its market; `scene_of` reads it back."""
    if scene.epoch is None:
        return {}
    return {
        "scenario": scene.scenario,
        "epoch": scene.epoch.isoformat(),
        "start": format(scene.start, "f"),
        "entry": format(scene.entry, "f"),
        "outcome": scene.outcome,
    }


def _stop(scene: Scene) -> Waypoints:
    fallen = scene.entry * Decimal("0.828")
    return ((-3600, scene.entry), (-900, scene.start), (5, scene.start), (12, fallen))


def _target(scene: Scene) -> Waypoints:
    risen = scene.entry * Decimal("1.24")
    return ((-3600, scene.entry), (-600, scene.start), (6, scene.start), (18, risen))


def _momentum(scene: Scene) -> Waypoints:
    """A fast rise within the hour; a first high just above the start; the fade after the epoch."""
    low, high = scene.entry * Decimal("0.99"), scene.start * Decimal("1.02")
    faded = scene.start * Decimal("0.98")
    flat = ((-3600, scene.entry), (-1500, low))
    return (*flat, (-300, high), (-120, scene.start), (8, scene.start), (22, faded))


def _drift(scene: Scene) -> Waypoints:
    return ((-3600, scene.entry), (0, scene.start))


def _jump(scene: Scene) -> Waypoints:
    jumped = scene.start * Decimal("1.1")
    return ((-3600, scene.entry), (0, scene.start), (15, scene.start), (15, jumped))


SCENARIOS: Mapping[str, Callable[[Scene], Waypoints]] = {
    "stop": _stop,
    "target": _target,
    "momentum": _momentum,
    "hold": _drift,
    "error": _drift,
    "jump": _jump,
}


def price(scene: Scene, at: datetime) -> Decimal:
    """What the scene's own outcome is worth at `at`, between its steps; aware UTC."""
    if scene.epoch is None:
        raw = scene.payout * _walk(scene.name, at)
    else:
        since = _seconds(at - scene.epoch)
        raw = _along(SCENARIOS[scene.scenario](scene), since)
        if not STILL[0] <= since <= STILL[1]:
            raw += scene.tick * _noise(scene.name, 15, at)
        if scene.scenario == "hold":
            raw += 2 * scene.tick * _noise(scene.name, 40, at)
    return min(max(raw, scene.payout * EDGE), scene.payout * (1 - EDGE))


def fails(scene: Scene, at: datetime) -> bool:
    """Whether the source of this scene has stopped answering."""
    if scene.scenario != "error" or scene.epoch is None:
        return False
    return _seconds(at - scene.epoch) >= ERROR_AFTER


def book(scene: Scene, outcome: str, at: datetime) -> Book:
    """The order book of one outcome at `at`: eight levels a side, best first, sizes in shares."""
    bid = (price(scene, at) / scene.tick).to_integral_value(ROUND_FLOOR) * scene.tick
    ask = bid + scene.tick * (1 if _hash(f"{scene.name} spread", at, 60) < 0 else 2)
    bids = _levels(scene, at, bid, -scene.tick)
    asks = _levels(scene, at, ask, scene.tick)
    if outcome.casefold() in {"", scene.outcome.casefold()}:
        return Book(at, bids, asks)
    return Book(at, _mirrored(asks, scene.payout), _mirrored(bids, scene.payout))


def history(scene: Scene, outcome: str, since: datetime, until: datetime, step: int) -> list[Run]:
    """Runs of equal best bids, read every `step` seconds from `since` to `until` inclusive."""
    runs: list[Run] = []
    at = since
    while at <= until:
        top = book(scene, outcome, at).top
        if top is not None:
            extend(runs, at, top)
        at += timedelta(seconds=step)
    return runs


def _levels(scene: Scene, at: datetime, best: Decimal, step: Decimal) -> tuple[Level, ...]:
    found = []
    for number in range(LEVELS):
        level = best + number * step
        if 0 < level < scene.payout:
            part = _hash(f"{scene.name} {level:f}", at, 45) + 1
            found.append(Level(level, (120 + part * 90 * (1 + number)).quantize(Decimal("0.01"))))
    return tuple(found)


def _mirrored(levels: tuple[Level, ...], payout: Decimal) -> tuple[Level, ...]:
    """A bid for one outcome is an offer of the other at the rest of the payout."""
    return tuple(Level(payout - level.price, level.size) for level in levels)


def _along(points: Waypoints, since: Decimal) -> Decimal:
    """The value on straight lines between (seconds, value); flat before the first, after the last."""
    before = points[0]
    for point in points:
        if since < point[0]:
            width = point[0] - before[0]
            if width <= 0:
                return point[1]
            part = max(since - before[0], Decimal(0)) / width
            return before[1] + (point[1] - before[1]) * part
        before = point
    return before[1]


def _walk(name: str, at: datetime) -> Decimal:
    """A part of the payout: octaves of noise around a middle of its own, with jumps that fade."""
    middle = Decimal("0.5") + _digest(f"{name} middle") * Decimal("0.18")
    drift = sum((reach * _noise(name, period, at) for period, reach in OCTAVES), Decimal(0))
    return middle + drift + _jumps(name, at)


def _jumps(name: str, at: datetime) -> Decimal:
    """In every third half hour the price leaps, by up to an eighth, and comes back slowly."""
    total = Decimal(0)
    for back in (0, 1):
        cell = _cell(at, JUMP_EVERY) - back
        size = _digest(f"{name} jump {cell}")
        moment = (_digest(f"{name} when {cell}") + 1) / 2 * JUMP_EVERY
        since = _unix(at) - cell * JUMP_EVERY - moment
        if abs(size) >= Decimal("0.66") and 0 <= since < JUMP_EVERY:
            total += size / 8 * (1 - since / JUMP_EVERY)
    return total


def _noise(name: str, period: int, at: datetime) -> Decimal:
    """Between -1 and 1: straight lines between hashed turning points every `period` seconds."""
    cell = _cell(at, period)
    here, there = (_digest(f"{name} {period} {number}") for number in (cell, cell + 1))
    return here + (there - here) * (_unix(at) - cell * period) / period


def _hash(name: str, at: datetime, period: int) -> Decimal:
    return _digest(f"{name} {_cell(at, period)}")


def _digest(text: str) -> Decimal:
    """A fixed number between -1 and 1 for each text."""
    raw = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
    return raw / HASH_HALF - 1


def _cell(at: datetime, period: int) -> int:
    return int(_unix(at) // period)


def _unix(at: datetime) -> Decimal:
    return _seconds(at - datetime(1970, 1, 1, tzinfo=UTC))


def _seconds(span: timedelta) -> Decimal:
    """Exact to the microsecond."""
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000
