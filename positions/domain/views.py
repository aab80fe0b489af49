"""What a rule is given, what it answers, and how urgent each is.

Rules read the usable bid only. Levels are inclusive (a stop fires AT its level), never rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from positions.domain.policy import Policy
from positions.domain.state import WatchState
from positions.domain.window import Run, window
from positions.domain.wording import Sentence, gettext_noop, price_text

Urgency = Literal["critical", "high", "medium", "low"]
URGENCY: dict[str, Urgency] = {
    "manual": "medium",
    "stop_loss": "critical",
    "trailing_stop": "critical",
    "take_profit": "high",
    "soft_stop": "high",
    "adverse_move": "high",
    "ai_alert": "high",
    "ai_exit": "high",
    "time_exit": "medium",
    "fair_value": "medium",
    "momentum_exit": "medium",
    "settled": "medium",
}
# Rules whose exit, once begun, is sold to the end; the others are judged anew in every pass.
LATCHED = frozenset({"manual", "stop_loss", "trailing_stop", "time_exit", "ai_exit"})


@dataclass(frozen=True, slots=True)
class Held:
    """A position as the rules see it. `bought` is every share ever bought, `ends_at` the earlier of
    game start and end date, `probability` the thesis's own for the held outcome (0..1).
    """

    entry: Decimal
    shares: Decimal
    bought: Decimal
    opened_at: datetime
    payout: Decimal | None = Decimal(1)
    currency: str = "USDC"
    tick: Decimal | None = None
    min_size: Decimal | None = None
    ends_at: datetime | None = None
    probability: Decimal | None = None

    def price(self, value: Decimal) -> str:
        """`value` as a person writes it in this market."""
        return price_text(value, self.payout, self.currency)


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything a rule may look at; `state` already counts the present bid."""

    held: Held
    policy: Policy
    state: WatchState
    at: datetime
    bid: Decimal | None
    runs: Sequence[Run] = ()


@dataclass(frozen=True, slots=True)
class View:
    """How one rule stands: `distance` is how far the bid is from firing (negative: past it).

    `shares` and `floor` are what it would sell and never below what; a floor of None leaves it to
    the slippage guard. `parts`: ladder rungs by key, lowest level first.
    """

    rule: str
    hit: bool
    level: Decimal | None
    distance: Decimal | None
    sentence: Sentence
    shares: Decimal = Decimal(0)
    floor: Decimal | None = None
    parts: tuple[tuple[str, Decimal], ...] = ()
    high: Decimal | None = None


BELOW = gettext_noop("%(bid)s is at or below the %(level)s %(name)s")
ABOVE_STOP = gettext_noop("%(bid)s is %(distance)s above the %(level)s %(name)s")
REACHED = gettext_noop("%(bid)s has reached the %(level)s %(name)s")
NOT_REACHED = gettext_noop("%(bid)s is %(distance)s below the %(level)s %(name)s")
UNPRICED = gettext_noop("waits for a usable price; level %(level)s")
NAMES = {
    "stop_loss": gettext_noop("stop"),
    "trailing_stop": gettext_noop("trailing stop"),
    "soft_stop": gettext_noop("soft stop"),
    "adverse_move": gettext_noop("adverse-move level"),
    "take_profit": gettext_noop("target"),
    "fair_value": gettext_noop("fair value"),
}


def floor_view(rule: str, moment: Moment, level: Decimal) -> View:
    """A rule that fires at bid <= level and sells everything."""
    held, bid = moment.held, moment.bid
    if bid is None:
        return View(rule, False, level, None, Sentence(UNPRICED, {"level": level}, held.price))
    hit = bid <= level
    texts: dict[str, Decimal | str] = {
        "bid": bid,
        "level": level,
        "distance": abs(bid - level),
        "name": NAMES[rule],
    }
    sentence = Sentence(BELOW if hit else ABOVE_STOP, texts, held.price)
    return View(rule, hit, level, bid - level, sentence, held.shares)


def target_view(rule: str, moment: Moment, level: Decimal, shares: Decimal) -> View:
    """A rule that fires at bid >= level and never sells below it."""
    held, bid = moment.held, moment.bid
    if bid is None:
        return View(rule, False, level, None, Sentence(UNPRICED, {"level": level}, held.price))
    hit = bid >= level
    texts: dict[str, Decimal | str] = {
        "bid": bid,
        "level": level,
        "distance": abs(level - bid),
        "name": NAMES[rule],
    }
    sentence = Sentence(REACHED if hit else NOT_REACHED, texts, held.price)
    return View(rule, hit, level, level - bid, sentence, shares, level)


def age_minutes(moment: Moment) -> Decimal:
    """Minutes since the entry."""
    return minutes(moment.at - moment.held.opened_at)


def minutes(span: timedelta) -> Decimal:
    """A time span in minutes, exact to the microsecond."""
    return Decimal(span // timedelta(microseconds=1)) / 60_000_000


def after(start: datetime, span_minutes: Decimal) -> datetime:
    """`start` and a span in minutes, down to the whole microsecond (negative: before it)."""
    return start + timedelta(microseconds=int(span_minutes * 60_000_000))


def windowed(moment: Moment, window_minutes: Decimal) -> tuple[Run, ...]:
    """The readings a window rule may look at; the moment must be priced."""
    if moment.bid is None:
        raise ValueError("a window needs a priced reading")
    since = moment.state.watched_since or moment.at
    return window(moment.runs, moment.bid, moment.at, window_minutes, since)
