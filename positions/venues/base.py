"""The ports between the house and the venues, and the few shapes that cross them.

Prices and sizes are `Decimal` in the instrument's currency and in shares; times are aware UTC.
An adapter never guesses: what it could not read it names, and a missing price is never zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, runtime_checkable

from positions.domain.book import Book
from positions.domain.pnl import FillPart

MarketState = Literal["open", "paused", "closed", "resolved"]


class VenueError(Exception):
    """A venue could not answer; the text names route and reason and holds no secret."""


class TransientError(VenueError):
    """Worth another try; `retry_after` is the venue's own wish in seconds, if it named one."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(VenueError):
    """Asking again will not help (404, 400, refused host)."""


class ProtocolError(VenueError):
    """The answer arrived and is not what the venue promises; the text names field and value."""


class UncertainError(VenueError):
    """An order was sent and no answer came: it may or may not have been executed."""


class RejectedError(VenueError):
    """The venue refused the order; nothing was sold."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One outcome of one market as its venue knows it. `id` is our Market row's primary key."""

    id: int
    venue: str
    key: str
    outcome: str
    token: str
    payout: Decimal | None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Readings:
    """One look at many instruments, by `Instrument.id`.

    `books`: what the venue told; `missing`: instruments it answered about without a book (closed,
    unknown); `errors`: instruments whose own reading failed. An id is in exactly one of the three.
    """

    books: Mapping[int, Book]
    missing: frozenset[int] = frozenset()
    errors: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarketStatus:
    """Whether an instrument still trades; `settle_price` (per share, 0..payout) once resolved."""

    state: MarketState
    settle_price: Decimal | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MarketInfo:
    """All a venue knows of one outcome when a position is added; `None` = the venue does not say."""

    venue: str
    key: str
    outcome: str
    token: str
    question: str
    slug: str = ""
    url: str = ""
    outcome_index: int | None = None
    payout: Decimal | None = None
    currency: str = "USDC"
    tick: Decimal | None = None
    min_size: Decimal | None = None
    fee_rate: Decimal = Decimal(0)
    fee_exponent: int = 1
    ends_at: datetime | None = None
    game_at: datetime | None = None
    criteria: str = ""  # how it resolves, in the venue's own words
    state: MarketState = "open"
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What may change while a market is held, as its venue tells it now; `None` = it did not say."""

    ends_at: datetime | None = None
    game_at: datetime | None = None
    tick: Decimal | None = None
    min_size: Decimal | None = None
    fee_rate: Decimal | None = None
    fee_exponent: int | None = None
    criteria: str = ""


@dataclass(frozen=True, slots=True)
class WalletHolding:
    """One row of a wallet: `shares` of `token`, bought at `entry_price` on average (fees apart)."""

    token: str
    key: str
    outcome: str
    question: str
    slug: str
    shares: Decimal
    entry_price: Decimal
    redeemable: bool
    entry_fees: Decimal = Decimal(0)


class PriceSource(Protocol):
    """Reads prices. `deadline` is a `time.monotonic()` value after which it must have given up."""

    venue: str

    def read(self, instruments: Sequence[Instrument], *, deadline: float) -> Readings:
        """Books of all instruments in as few requests as the venue allows.

        Raises VenueError only when nothing at all could be read.
        """

    def status(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketStatus]:
        """States by `Instrument.id`; ids the venue does not know are left out."""

    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]:
        """The outcomes meant by a slug, URL or id (only `outcome` when given, case-insensitive).

        Raises PermanentError, naming the reference, when there is none.
        """


@runtime_checkable
class FactSource(Protocol):
    """A price source whose markets' facts change; those of the others are their owner's settings."""

    def facts(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketFacts]:
        """Facts by `Instrument.id`; ids that could not be read are left out.

        Raises VenueError when nothing at all could be read.
        """


@dataclass(frozen=True, slots=True)
class Order:
    """Sell at most `shares`, no fill below `floor`. The same `key` is never executed twice."""

    key: str
    instrument: Instrument
    shares: Decimal
    floor: Decimal
    fee_rate: Decimal = Decimal(0)
    fee_exponent: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What came of an order; no fills = nothing matched at or above the floor."""

    key: str
    fills: tuple[FillPart, ...]


class Executor(Protocol):
    """Sells. Immediate-or-cancel: whatever is not filled at once is gone."""

    def sell(self, order: Order, book: Book) -> Report:
        """Raises UncertainError (sent, no answer), RejectedError (refused) or TransientError
        (never reached the venue). After UncertainError the caller asks `lookup` before all else.
        """

    def lookup(self, order: Order) -> Report | None:
        """What became of `order.key`; None when the venue never saw it. Raises TransientError."""
