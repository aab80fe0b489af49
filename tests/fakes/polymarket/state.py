"""What the local Polymarket knows: markets, books, wallets, and the log of books it has served."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes.polymarket.replay import Replay
from tests.fakes.polymarket.shapes import (
    BOOK_KNOBS,
    SHAPERS,
    FakeBook,
    Offers,
    Shape,
    levels,
    mirrored,
)

MICRO = 1_000_000


@dataclass
class FakeMarket:
    """One binary market; `payouts` in micro-USDC a share once resolved, `raw` a recorded object."""

    condition_id: str
    gamma_id: str
    slug: str
    question: str
    tokens: tuple[str, ...]
    outcomes: tuple[str, ...] = ("Yes", "No")
    event_slug: str = ""
    end: str | None = "2027-06-30T00:00:00Z"
    game_start: str | None = None
    description: str = ""
    tick: str = "0.01"
    min_size: str = "5"
    fee_rate: str = "0.05"
    fee_exponent: int = 1
    neg_risk: bool = False
    version: str = "v1"
    closed: bool = False
    accepting: bool = True
    payouts: tuple[int, ...] | None = None
    prices: tuple[str, ...] = ("0.5", "0.5")
    prices_at: float = 0.0
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Served:
    """One book that went out; `read` counts the requests that asked for books."""

    read: int
    at: float
    token: str
    book: FakeBook

    def view(self) -> dict[str, Any]:
        """Levels as [price, size], best first."""
        return {
            "read": self.read,
            "at": iso(self.at),
            "token": self.token,
            "bids": [list(level) for level in reversed(self.book.bids)],
            "asks": [list(level) for level in reversed(self.book.asks)],
        }


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def made_id(seed: str) -> str:
    """A 0x + 64 hex id that depends on `seed` only."""
    return "0x" + hashlib.sha256(seed.encode()).hexdigest()


def made_token(seed: str) -> str:
    """A token id of 77 digits, far beyond what a 64-bit integer holds."""
    digits = str(int(hashlib.sha512(seed.encode()).hexdigest(), 16))
    return "1" + digits[:76]


class Venue:
    """The state behind all routes. Not thread-safe by itself: the server holds its lock."""

    gamma_lag = 120.0  # seconds during which Gamma keeps showing the same price

    def __init__(self, *, log: Path | None = None) -> None:
        self.markets: dict[str, FakeMarket] = {}
        self.by_token: dict[str, FakeMarket] = {}
        self.books: dict[str, FakeBook] = {}
        self.history: dict[str, list[dict[str, Any]]] = {}
        self.wallets: dict[str, list[dict[str, Any]]] = {}
        self.activity: dict[str, list[dict[str, Any]]] = {}
        self.shapes: list[Shape] = []
        self.replay = Replay()
        self.served: deque[Served] = deque(maxlen=20_000)
        self.reads = 0
        self.page_limit = 1000
        self._stamps: dict[str, int] = {}
        self._log = log.open("a", encoding="utf-8") if log else None

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def add(self, market: FakeMarket) -> FakeMarket:
        self.markets[market.condition_id] = market
        for token in market.tokens:
            self.by_token[token] = market
        return market

    def make(self, question: str, **details: Any) -> FakeMarket:
        """A market with invented ids for whatever is not given."""
        number = len(self.markets) + 1
        outcomes = tuple(details.pop("outcomes", ("Yes", "No")))
        base = {
            "condition_id": made_id(f"{number} {question}"),
            "gamma_id": str(500_000 + number),
            "slug": f"market-{number}",
            "tokens": tuple(made_token(f"{number} {question} {name}") for name in outcomes),
        }
        fields = {**base, **details, "outcomes": outcomes, "question": question}
        fields["tokens"] = tuple(fields["tokens"])
        return self.add(FakeMarket(**fields))

    def market(self, ref: str) -> FakeMarket:
        """By condition id, token id or slug; KeyError otherwise."""
        found = self.markets.get(ref) or self.by_token.get(ref)
        if found is None:
            found = next((m for m in self.markets.values() if m.slug == ref), None)
        if found is None:
            raise KeyError(f"no market {ref!r}")
        return found

    def put_book(
        self, token: str, bids: Offers, asks: Offers, now: float, *, mirror: bool = False
    ) -> None:
        book = FakeBook(levels(bids, best_high=True), levels(asks, best_high=False), now)
        self.books[token] = book
        market = self.by_token.get(token)
        if mirror and market is not None:
            other = next(t for t in market.tokens if t != token)
            self.books[other] = mirrored(book)

    def shape(self, kind: str, token: str, times: int | None) -> None:
        if kind not in BOOK_KNOBS:
            raise ValueError(f"unknown book knob {kind!r}")
        self.shapes.append(Shape(kind, token, times))

    def serve(self, token: str, now: float) -> tuple[FakeBook, int] | None:
        """The book as this read shows it with its timestamp in ms; None where there is none.

        Moves a replayed token one frame on and uses up counted knobs.
        """
        market = self.by_token.get(token)
        if market is None or market.closed:
            return None
        shapes = [shape for shape in self.shapes if shape.token in {"*", token}]
        self._count(shapes)
        if any(shape.kind == "missing" for shape in shapes):
            return None
        frozen = next((shape for shape in shapes if shape.kind == "frozen"), None)
        if frozen is None:
            return self._live(token, shapes, now)
        if token not in frozen.seen:
            frozen.seen[token] = self._last(token) or self._live(token, shapes, now)
        held: tuple[FakeBook, int] = frozen.seen[token]
        return held

    def record(self, token: str, book: FakeBook, now: float) -> None:
        served = Served(self.reads, now, token, book)
        self.served.append(served)
        if self._log is not None:
            self._log.write(json.dumps(served.view()) + "\n")
            self._log.flush()

    def _last(self, token: str) -> tuple[FakeBook, int] | None:
        """The book that was served last: what a freeze stops at."""
        for served in reversed(self.served):
            if served.token == token:
                return served.book, self._stamps[token]
        return None

    def _live(self, token: str, shapes: Sequence[Shape], now: float) -> tuple[FakeBook, int]:
        frame = self.replay.advance(token)
        if frame is not None:
            self.put_book(token, frame[0], frame[1], now)
        book = self.books.get(token, FakeBook())
        kinds = {shape.kind for shape in shapes}
        for kind in kinds & SHAPERS.keys():
            book = SHAPERS[kind](book)
        stamp = int((book.changed_at if "quiet" in kinds else now) * 1000)
        if "backwards" in kinds:
            stamp = self._stamps.get(token, stamp) - 60_000
        self._stamps[token] = stamp
        return book, stamp

    def _count(self, shapes: Sequence[Shape]) -> None:
        for shape in shapes:
            if shape.times is not None:
                shape.times -= 1
                if shape.times <= 0:
                    self.shapes.remove(shape)

    def settle(self, ref: str, payouts: Sequence[int]) -> None:
        market = self.market(ref)
        if len(payouts) != len(market.outcomes):
            raise ValueError(f"{len(market.outcomes)} payouts wanted, got {list(payouts)}")
        market.closed, market.accepting, market.payouts = True, False, tuple(payouts)
        market.prices = tuple(format(payout / MICRO, "g") for payout in payouts)

    def shut(self, ref: str) -> None:
        market = self.market(ref)
        market.closed, market.accepting, market.payouts = True, False, None

    def wallet_rows(self, address: str) -> list[dict[str, Any]]:
        return self.wallets.get(address.lower(), [])

    def put_wallet(self, address: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.wallets[address.lower()] = [dict(row) for row in rows]

    def put_activity(self, address: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.activity[address.lower()] = [dict(row) for row in rows]

    def edit(self, ref: str, **changes: Any) -> FakeMarket:
        """Changes fields of a market in place, e.g. `accepting=False` for a pause."""
        old = self.market(ref)
        new = replace(old, **changes)
        self.markets.pop(old.condition_id)
        for token in old.tokens:
            self.by_token.pop(token, None)
        return self.add(new)
