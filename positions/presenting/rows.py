"""One position as the pages need it, read by `selectors` and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from positions.domain.pnl import FillPart, fee, proceeds, realised
from positions.domain.policy import Policy
from positions.domain.state import WatchState
from positions.domain.stops import stop_level, stop_loss, trailing_stop
from positions.domain.targets import fair_value, take_profit
from positions.domain.views import Held, Moment
from positions.domain.window import Run
from positions.domain.wording import price_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitNow:
    """The live exit of a position; `problem` is why it does not go on."""

    rule: str
    state: str
    shares: Decimal
    filled: Decimal
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A position with its market's quote. Prices per share, money in `held.currency`.

    `bid`: the last usable bid, kept when the present reading is unusable; then `problem` says why
    and no rule reads it. `runs`: past bids, oldest first, at most a day. `broken`: why its policy
    cannot be read; then nothing guards it. `paused`: all exits are, nothing sells. `absent`: its wallet no longer shows it;
    `wallet_shares`: what its wallet shows.
    """

    id: int
    question: str
    outcome: str
    held: Held
    policy: Policy
    state: WatchState
    entry_fees: Decimal = Decimal(0)
    fee_rate: Decimal = Decimal(0)
    fee_exponent: int = 1
    strategy: str = ""
    link: str = ""
    demo: bool = False
    dust: bool = False
    muted_until: datetime | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_at: datetime | None = None
    kind: str = "book"
    problem: str = ""
    exit: ExitNow | None = None
    is_open: bool = True
    closed_at: datetime | None = None
    close_reason: str = ""
    realised: Decimal = Decimal(0)
    broken: str = ""
    paused: bool = False
    absent: bool = False
    wallet_shares: Decimal | None = None
    runs: Sequence[Run] = ()

    @property
    def priced(self) -> bool:
        """Whether rules may read the bid now."""
        return self.bid is not None and not self.problem

    @property
    def currency(self) -> str:
        return self.held.currency

    def moment(self, now: datetime) -> Moment:
        """The position as its rules see it; unpriced readings give them no bid."""
        bid = self.bid if self.priced else None
        return Moment(self.held, self.policy, self.state, now, bid, self.runs)

    def price(self, value: Decimal) -> str:
        """A price of this market in words."""
        return price_text(value, self.held.payout, self.currency)

    def sale(self, price: Decimal) -> FillPart:
        """The whole holding sold at `price`, with the exit fee."""
        shares = self.held.shares
        cost = fee(shares, price, self.fee_rate, self.fee_exponent, self.held.payout)
        return FillPart(price, shares, cost)

    def pnl_at(self, price: Decimal) -> Decimal:
        """Profit if everything were sold at `price`, net of both fees, not rounded."""
        per_share = self.entry_fees / self.held.bought if self.held.bought else Decimal(0)
        return realised((self.sale(price),), self.held.entry, per_share)

    def value_at(self, price: Decimal) -> Decimal:
        """What a sale of everything at `price` would bring, net of the fee."""
        return proceeds((self.sale(price),))

    @property
    def cost(self) -> Decimal:
        """What the shares still held cost, entry fees included."""
        held = self.held
        part = held.shares / held.bought if held.bought else Decimal(0)
        return held.shares * held.entry + self.entry_fees * part


@dataclass(frozen=True, slots=True)
class Levels:
    """The prices at which a position leaves next: the highest stop and the lowest target in force.

    `static`: the hard stop where a trailing one has risen above it.
    """

    stop: Decimal | None = None
    stop_rule: str = ""
    static: Decimal | None = None
    target: Decimal | None = None
    target_rule: str = ""


def levels(row: Row, now: datetime) -> Levels:
    """The levels of the very rules that a pass runs, unarmed ones left out."""
    moment = row.moment(now)
    stops = [view for view in (stop_loss(moment), trailing_stop(moment)) if view]
    targets = [view for view in (take_profit(moment), fair_value(moment)) if view]
    stop = max(
        (view for view in stops if view.rule not in row.state.unarmed and view.level is not None),
        key=lambda view: view.level or 0,
        default=None,
    )
    target = min(
        (view for view in targets if view.rule not in row.state.unarmed and view.level is not None),
        key=lambda view: view.level or 0,
        default=None,
    )
    trailing = stop is not None and stop.rule == "trailing_stop"
    return Levels(
        stop.level if stop else None,
        stop.rule if stop else "",
        stop_level(row.policy, row.held.entry) if trailing else None,
        target.level if target else None,
        target.rule if target else "",
    )
