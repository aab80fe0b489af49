"""The exit policy: the contract's JSON, parsed strictly and straight to Decimal.

A position's document overrides its strategy's field by field; an explicit null turns an inherited
rule off. Every complaint names the field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal

HUNDRED = Decimal(100)
CENTURY = 52_596_000  # minutes; dates end in the year 9999


class PolicyError(ValueError):
    """A policy that cannot be meant. `field` is the JSON path, such as `take_profit[1].pct`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class ProfitRow:
    """One row of take_profit: from `after_minutes` of age on, `pct` above the entry."""

    after_minutes: Decimal
    pct: Decimal
    sell_pct: Decimal
    key: str = made(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # How a sold rung is remembered; survives edits of the other rows.
        key = f"{self.after_minutes.normalize():f}:{self.pct.normalize():f}"
        object.__setattr__(self, "key", key)


@dataclass(frozen=True, slots=True)
class TrailStage:
    """Trails `distance_pct` below the best bid once the best profit exceeds `activation_pct`."""

    distance_pct: Decimal
    activation_pct: Decimal


@dataclass(frozen=True, slots=True)
class MomentumExit:
    """Books `sell_pct` of what is left when a fast rise has begun to fade."""

    window_minutes: Decimal
    rise_pct: Decimal
    fade_pct: Decimal
    sell_pct: Decimal


@dataclass(frozen=True, slots=True)
class AdverseMove:
    """Asks when the bid fell by `pct` from the window's high."""

    window_minutes: Decimal
    pct: Decimal


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules and guards of one position; `stated` names the guards the documents state.

    Sorted once for thousands of judgements: `full_rows`, the table by age (rows that sell
    everything, the latest first); `rungs`, the ladder (rows that sell a part of the original size
    once each, the lowest first); `by_age`: a row of take_profit waits for an age.
    """

    stop_loss_pct: Decimal | None = None
    stop_loss_price: Decimal | None = None
    take_profit: tuple[ProfitRow, ...] = ()
    take_profit_price: Decimal | None = None
    trailing_stop: tuple[TrailStage, ...] = ()
    momentum_exit: MomentumExit | None = None
    soft_stop_pct: Decimal | None = None
    adverse_move: AdverseMove | None = None
    max_hold_minutes: Decimal | None = None
    exit_before_end_minutes: Decimal | None = None
    fair_value: Decimal | Literal["thesis"] | None = None
    confirm_seconds: Decimal = Decimal(3)
    through_pct: Decimal = Decimal(5)
    max_slippage_pct: Decimal = Decimal(10)
    max_spread: Decimal = Decimal("0.10")
    max_spread_pct: Decimal = Decimal(5)
    wide_spread_seconds: Decimal = Decimal(60)
    max_quote_age_seconds: Decimal = Decimal(120)
    stated: frozenset[str] = frozenset()
    full_rows: tuple[ProfitRow, ...] = made(init=False, repr=False, compare=False)
    rungs: tuple[ProfitRow, ...] = made(init=False, repr=False, compare=False)
    by_age: bool = made(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows = sorted(self.take_profit, key=lambda row: (row.pct, row.after_minutes))
        full = [row for row in rows if row.sell_pct >= HUNDRED]
        full.sort(key=lambda row: row.after_minutes, reverse=True)
        object.__setattr__(self, "full_rows", tuple(full))
        object.__setattr__(self, "rungs", tuple(row for row in rows if row.sell_pct < HUNDRED))
        object.__setattr__(self, "by_age", any(row.after_minutes > 0 for row in rows))

    @property
    def window_minutes(self) -> Decimal | None:
        """Longest price window any rule looks back on; None when none does."""
        windows = [rule.window_minutes for rule in (self.momentum_exit, self.adverse_move) if rule]
        return max(windows, default=None)


GUARDS = (
    "confirm_seconds",
    "through_pct",
    "max_slippage_pct",
    "max_spread",
    "max_spread_pct",
    "wide_spread_seconds",
    "max_quote_age_seconds",
)
RULE_FIELDS = (
    "stop_loss_pct",
    "stop_loss_price",
    "take_profit",
    "take_profit_price",
    "trailing_stop",
    "momentum_exit",
    "soft_stop_pct",
    "adverse_move",
    "max_hold_minutes",
    "exit_before_end_minutes",
    "fair_value",
)
FIELDS = RULE_FIELDS + GUARDS


def number(field: str, value: object) -> Decimal:
    """`value` as a finite Decimal that is not negative. Raises PolicyError naming the field."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise PolicyError(field, f"{value!r} is not a number")
    text = str(value).strip()
    try:
        # Decimal would also take "1_5" and other scripts' digits.
        parsed = Decimal(text if text.isascii() and "_" not in text else "?")
    except InvalidOperation:
        raise PolicyError(field, f"{value!r} is not a number") from None
    if not parsed.is_finite():
        raise PolicyError(field, f"{value!r} is not a finite number")
    if parsed < 0:
        raise PolicyError(field, f"{value} is negative")
    # Plain notation of 1e-999999 would fill memory.
    if len(parsed.as_tuple().digits) > 30 or abs(parsed.adjusted()) > 18:
        raise PolicyError(field, "has too many digits")
    return parsed.copy_abs()  # "-0" is zero


def bounded(
    field: str, value: object, *, below: int | None = None, most: int | None = None
) -> Decimal:
    """A number below or at most a bound. Raises PolicyError."""
    parsed = number(field, value)
    if below is not None and parsed >= below:
        raise PolicyError(field, f"{value} must be below {below}")
    if most is not None and parsed > most:
        raise PolicyError(field, f"{value} must be at most {most}")
    return parsed


def positive(
    field: str, value: object, *, below: int | None = None, most: int | None = None
) -> Decimal:
    """A number above zero. Raises PolicyError."""
    parsed = bounded(field, value, below=below, most=most)
    if parsed == 0:
        raise PolicyError(field, "must be above 0")
    return parsed


def loads(text: str) -> Any:
    """JSON with its numbers as Decimal; a doubled key is an error rather than a silent winner."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise PolicyError(key, "is given twice")
            found[key] = value
        return found

    return json.loads(text, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=pairs)


def _table(field: str, value: object, known: Iterable[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PolicyError(field, "must be an object")
    for key in value:
        if key not in known:
            raise PolicyError(f"{field}.{key}", "is not a known key")
    return value


def _need(field: str, table: Mapping[str, Any], key: str) -> Any:
    if table.get(key) is None:
        raise PolicyError(f"{field}.{key}", "is required")
    return table[key]


def _rows(field: str, value: object) -> Sequence[Any]:
    if isinstance(value, Mapping | str) or not isinstance(value, Sequence):
        raise PolicyError(field, "must be a list")
    return value


def _profit_row(field: str, value: object) -> ProfitRow:
    table = _table(field, value, ("after_minutes", "pct", "sell_pct"))
    after, sell = table.get("after_minutes"), table.get("sell_pct")
    return ProfitRow(
        _minutes(f"{field}.after_minutes", 0 if after is None else after),
        number(f"{field}.pct", _need(field, table, "pct")),
        positive(f"{field}.sell_pct", 100 if sell is None else sell, most=100),
    )


def _take_profit(field: str, value: object) -> tuple[ProfitRow, ...]:
    rows = tuple(_profit_row(f"{field}[{i}]", row) for i, row in enumerate(_rows(field, value)))
    seen: set[tuple[Decimal, ...]] = set()
    for i, row in enumerate(rows):
        full = row.sell_pct >= HUNDRED
        key = (row.after_minutes,) if full else (row.after_minutes, row.pct)
        if key in seen:
            raise PolicyError(f"{field}[{i}]", "is a duplicate stage")
        seen.add(key)
    if sum((row.sell_pct for row in rows if row.sell_pct < HUNDRED), Decimal(0)) > HUNDRED:
        raise PolicyError(field, "the ladder sells more than 100 %")
    return rows


def _trailing(field: str, value: object) -> tuple[TrailStage, ...]:
    stages: list[TrailStage] = []
    seen: set[Decimal | None] = set()
    for i, row in enumerate(_rows(field, value)):
        at = f"{field}[{i}]"
        table = _table(at, row, ("distance_pct", "activation_pct"))
        distance = positive(f"{at}.distance_pct", _need(at, table, "distance_pct"), below=100)
        given = table.get("activation_pct")
        activation = None if given is None else number(f"{at}.activation_pct", given)
        if activation in seen:
            raise PolicyError(at, "is a duplicate stage")
        seen.add(activation)
        stages.append(TrailStage(distance, activation or Decimal(0)))
    return tuple(stages)


def _window(field: str, table: Mapping[str, Any]) -> Decimal:
    value = _need(field, table, "window_minutes")
    return positive(f"{field}.window_minutes", value, most=CENTURY)


def _momentum(field: str, value: object) -> MomentumExit:
    table = _table(field, value, ("window_minutes", "rise_pct", "fade_pct", "sell_pct"))
    sell = table.get("sell_pct")
    return MomentumExit(
        _window(field, table),
        positive(f"{field}.rise_pct", _need(field, table, "rise_pct")),
        bounded(f"{field}.fade_pct", _need(field, table, "fade_pct"), below=100),
        positive(f"{field}.sell_pct", 100 if sell is None else sell, most=100),
    )


def _adverse(field: str, value: object) -> AdverseMove:
    table = _table(field, value, ("window_minutes", "pct"))
    return AdverseMove(
        _window(field, table),
        positive(f"{field}.pct", _need(field, table, "pct"), below=100),
    )


def _fair_value(field: str, value: object) -> Decimal | Literal["thesis"]:
    return "thesis" if value == "thesis" else positive(field, value, most=1)


def _below_hundred(field: str, value: object) -> Decimal:
    return bounded(field, value, below=100)


def _at_most_hundred(field: str, value: object) -> Decimal:
    return bounded(field, value, most=100)


def _at_most_one(field: str, value: object) -> Decimal:
    return bounded(field, value, most=1)


def _minutes(field: str, value: object) -> Decimal:
    return bounded(field, value, most=CENTURY)


def _seconds(field: str, value: object) -> Decimal:
    return bounded(field, value, most=CENTURY * 60)


PARSERS: Mapping[str, Callable[[str, object], Any]] = {
    "stop_loss_pct": _below_hundred,
    "stop_loss_price": positive,
    "take_profit": _take_profit,
    "take_profit_price": positive,
    "trailing_stop": _trailing,
    "momentum_exit": _momentum,
    "soft_stop_pct": _below_hundred,
    "adverse_move": _adverse,
    "max_hold_minutes": _minutes,
    "exit_before_end_minutes": _minutes,
    "fair_value": _fair_value,
    "confirm_seconds": _seconds,
    "through_pct": _at_most_hundred,
    "max_slippage_pct": _at_most_hundred,
    "max_spread": _at_most_one,
    "max_spread_pct": number,
    "wide_spread_seconds": _seconds,
    "max_quote_age_seconds": _seconds,
}


def parse(document: object) -> Policy:
    """The contract's policy JSON (already loaded) as a Policy. Raises PolicyError."""
    if not isinstance(document, Mapping):
        raise PolicyError("policy", "must be an object")
    values: dict[str, Any] = {}
    for field, value in document.items():
        if field not in PARSERS:
            raise PolicyError(str(field), "is not a known key")
        if value is not None:
            values[field] = PARSERS[field](field, value)
    return Policy(**values, stated=frozenset(key for key in values if key in GUARDS))


def merge(strategy: Mapping[str, Any], position: Mapping[str, Any]) -> dict[str, Any]:
    """The position's fields over its strategy's; an explicit null stays and turns a rule off."""
    return {**strategy, **position}


@lru_cache(maxsize=4096)
def effective(strategy: str, position: str) -> Policy:
    """Policy of two stored documents (JSON texts, either may be empty). Raises PolicyError."""
    return parse(merge(loads(strategy or "{}"), loads(position or "{}")))


def check_market(policy: Policy, payout: Decimal | None) -> None:
    """What only the market can tell: prices within the payout. Raises PolicyError."""
    for field in ("stop_loss_price", "take_profit_price"):
        price: Decimal | None = getattr(policy, field)
        if payout is not None and price is not None and price > payout:
            raise PolicyError(field, f"{price} is above the payout of {payout}")
    if policy.fair_value is not None and payout is None:
        raise PolicyError("fair_value", "needs a market with a payout")


def dumps(document: Mapping[str, Any]) -> str:
    """A document as stored: numbers as strings in plain notation, keys in the contract's order."""

    def convert(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: convert(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [convert(inner) for inner in value]
        if isinstance(value, Decimal):
            return format(value, "f")
        return value if value is None or isinstance(value, str) else str(value)

    ordered = {key: convert(document[key]) for key in FIELDS if key in document}
    return json.dumps(ordered)
