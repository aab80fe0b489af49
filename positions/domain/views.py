"""What a rule is given, what it answers, and how urgent each is.

Rules read the usable bid only. Levels are inclusive (a stop fires AT its level), never rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from positions.domain.policy import Policy
from positions.domain.state import WatchState
from positions.domain.window import Run, window
from positions.domain.wording import Part, Sentence, gettext_noop, price_text

ZERO, ONE = Decimal(0), Decimal(1)
MICROSECOND = timedelta(microseconds=1)

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


@dataclass(slots=True, unsafe_hash=True)
class Held:
    """A position as the rules see it. `bought` is every share ever bought, `ends_at` the earlier of
    game start and end date, `probability` the thesis's own for the held outcome (0..1).

    Like Moment and View it is made for every position in every pass: Final to the type checker,
    not frozen at run time, which would cost seven times as much.
    """

    entry: Final[Decimal]
    shares: Final[Decimal]
    bought: Final[Decimal]
    opened_at: Final[datetime]
    payout: Final[Decimal | None] = ONE
    currency: Final[str] = "USDC"
    tick: Final[Decimal | None] = None
    min_size: Final[Decimal | None] = None
    ends_at: Final[datetime | None] = None
    probability: Final[Decimal | None] = None

    def price(self, value: Decimal) -> str:
        """`value` as a person writes it in this market."""
        return price_text(value, self.payout, self.currency)


@dataclass(slots=True, unsafe_hash=True)
class Moment:
    """Everything a rule may look at; `state` already counts the present bid."""

    held: Final[Held]
    policy: Final[Policy]
    state: Final[WatchState]
    at: Final[datetime]
    bid: Final[Decimal | None]
    runs: Final[Sequence[Run]] = ()


@dataclass(slots=True, unsafe_hash=True)
class View:
    """How one rule stands: `distance` is how far the bid is from firing (negative: past it).

    `shares` and `floor` are what it would sell and never below what; a floor of None leaves it to
    the slippage guard. `parts`: ladder rungs by key, lowest level first. `say` words it, on demand:
    a pass judges thousands of positions and reads almost none of their sentences.
    """

    rule: Final[str]
    hit: Final[bool]
    level: Final[Decimal | None]
    distance: Final[Decimal | None]
    moment: Final[Moment]
    say: Final[Callable[[View], Sentence]]
    shares: Final[Decimal] = ZERO
    floor: Final[Decimal | None] = None
    parts: Final[tuple[tuple[str, Decimal], ...]] = ()
    high: Final[Decimal | None] = None

    @property
    def sentence(self) -> Sentence:
        """Why it fires, or what it waits for."""
        return self.say(self)


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
    bid = moment.bid
    if bid is None:
        return View(rule, False, level, None, moment, _say_floor)
    return View(rule, bid <= level, level, bid - level, moment, _say_floor, moment.held.shares)


def target_view(rule: str, moment: Moment, level: Decimal, shares: Decimal) -> View:
    """A rule that fires at bid >= level and never sells below it."""
    bid = moment.bid
    if bid is None:
        return View(rule, False, level, None, moment, say_target)
    return View(rule, bid >= level, level, level - bid, moment, say_target, shares, level)


def _say_floor(view: View) -> Sentence:
    return _say(view, BELOW if view.hit else ABOVE_STOP)


def say_target(view: View) -> Sentence:
    """Words of a rule that waits for a price from below."""
    return _say(view, REACHED if view.hit else NOT_REACHED)


def _say(view: View, template: str) -> Sentence:
    """Fills in the bid, the level and the distance between them."""
    bid, level, price = view.moment.bid, view.level or ZERO, view.moment.held.price
    if bid is None:
        return Sentence(UNPRICED, {"level": level}, price)
    texts: dict[str, Part] = {
        "bid": bid,
        "level": level,
        "distance": abs(bid - level),
        "name": NAMES[view.rule],
    }
    return Sentence(template, texts, price)


def age_minutes(moment: Moment) -> Decimal:
    """Minutes since the entry; zero for an entry that lies ahead of the source's clock."""
    return max(minutes(moment.at - moment.held.opened_at), ZERO)


def seconds(span: timedelta) -> Decimal:
    """A time span in seconds, exact to the microsecond."""
    return Decimal(span // MICROSECOND) / 1_000_000


def minutes(span: timedelta) -> Decimal:
    """A time span in minutes, exact to the microsecond."""
    return Decimal(span // MICROSECOND) / 60_000_000


def after(start: datetime, span_minutes: Decimal) -> datetime:
    """`start` and a span in minutes, down to the whole microsecond (negative: before it)."""
    return start + timedelta(microseconds=int(span_minutes * 60_000_000))


def windowed(moment: Moment, window_minutes: Decimal) -> list[Run]:
    """The readings a window rule may look at; the moment must be priced."""
    if moment.bid is None:
        raise ValueError("a window needs a priced reading")
    since = moment.state.watched_since or moment.at
    return window(moment.runs, moment.bid, moment.at, window_minutes, since)
