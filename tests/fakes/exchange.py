"""A venue that fills sell orders over HTTP and can lose its answers.

POST /orders {"key", "token", "shares", "floor"} sells at once or not at all, once a key;
GET /orders/{key} tells what became of it, 404 when it never arrived. Amounts are text.
`python -m tests.fakes.exchange --port 8103 [--store FILE] [--fallback floor|PRICE]`
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path
from typing import Any, ClassVar

from tests.fakes import cli
from tests.fakes.polymarket.shapes import Offers
from tests.fakes.server import FakeServer
from tests.fakes.wire import Call, Reply, Request, json_reply

FEE_STEP = Decimal("0.00001")
# Endless depth at the one price of a fallback.
DEPTH = Decimal(10) ** 12


@dataclass
class Order:
    """One executed order; `attempts` counts the POSTs that named its key."""

    key: str
    token: str
    shares: str
    floor: str
    at: float
    fills: list[dict[str, str]] = field(default_factory=list)
    attempts: int = 1

    @property
    def filled(self) -> Decimal:
        return sum((Decimal(fill["shares"]) for fill in self.fills), Decimal(0))

    def report(self) -> dict[str, Any]:
        filled = self.filled
        status = "filled" if filled >= Decimal(self.shares) else "partial"
        return {
            "key": self.key,
            "token": self.token,
            "filled": format(filled, "f"),
            "fills": self.fills,
            "status": status if filled else "unmatched",
        }


class ExchangeServer(FakeServer):
    """`store`: a file that keeps every executed order through a restart, fsynced."""

    controls: ClassVar[tuple[str, ...]] = (
        *FakeServer.controls,
        "set_book",
        "set_fallback",
        "lose_answers",
        "lose_requests",
        "late",
        "partial",
        "executed",
        "sold",
    )

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        store: Path | None = None,
        fallback: str | None = "floor",
        fee_rate: str = "0",
        seed: int = 1,
    ) -> None:
        super().__init__(port=port, clock=clock, seed=seed)
        self.orders: dict[str, Order] = {}
        self.fee_rate = Decimal(fee_rate)
        self._store = store
        self._fallback = fallback
        self._books: dict[str, list[list[Decimal]]] = {}
        self._partial: list[Decimal] = []
        self._late: list[float] = []
        self._timers: list[threading.Timer] = []
        self._load()

    def ready_line(self) -> str:
        return f"PAPER_EXCHANGE_URL={self.url}"

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        super().stop()
        for timer in self._timers:
            if timer.is_alive():
                timer.join()

    def set_book(self, token: str, bids: Offers) -> None:
        """Bids as (price, size) in any order; sales use them up. "*" is every token's book."""
        with self.lock:
            pairs = [[Decimal(str(part)) for part in level] for level in bids]
            self._books[token] = sorted(pairs, key=lambda pair: pair[0], reverse=True)

    def set_fallback(self, price: str | None) -> None:
        """For tokens without a book: "floor" fills all at the floor, a price at that price, None
        matches nothing."""
        self._fallback = price

    def lose_answers(self, times: int | None = 1, *, chance: float = 1.0) -> None:
        """The order is executed, the connection breaks."""
        self.knob("reset", route="orders", method="POST", times=times, chance=chance)

    def lose_requests(self, times: int | None = 1, *, chance: float = 1.0) -> None:
        """The connection breaks, nothing is executed."""
        self.knob("drop", route="orders", method="POST", times=times, chance=chance)

    def partial(self, shares: str, times: int = 1) -> None:
        """The next orders fill at most so many shares."""
        with self.lock:
            self._partial.extend([Decimal(shares)] * times)

    def late(self, seconds: float, times: int = 1) -> None:
        """The next orders: the connection breaks at once, the order is executed `seconds` later."""
        with self.lock:
            self._late.extend([seconds] * times)

    def executed(self) -> list[dict[str, Any]]:
        """Every order that was executed, oldest first."""
        with self.lock:
            return [
                {**asdict(order), "filled": format(order.filled, "f")}
                for order in self.orders.values()
            ]

    def sold(self, token: str | None = None) -> Any:
        """Shares sold of a token, or of each: what a double sale would show."""
        totals: dict[str, Decimal] = {}
        with self.lock:
            for order in self.orders.values():
                totals[order.token] = totals.get(order.token, Decimal(0)) + order.filled
        return totals if token is None else totals.get(token, Decimal(0))

    def log_view(self) -> Any:
        return self.executed()

    def handle(self, request: Request) -> Reply:
        match (request.method, *request.path.strip("/").split("/", 1)):
            case ("POST", "orders"):
                return self._post(request)
            case ("GET", "orders", key):
                return self._get(key)
        return json_reply({"error": "not found"}, 404)

    def _faulty(self, request: Request, call: Call) -> Reply:
        with self.lock:
            delay = self._late.pop(0) if self._late and request.method == "POST" else None
        if delay is None:
            return super()._faulty(request, call)
        call.fault = "late"
        timer = threading.Timer(delay, self._answer, (request, call))
        self._timers.append(timer)
        timer.start()
        return Reply(0, cut=True)

    def _get(self, key: str) -> Reply:
        order = self.orders.get(key)
        if order is None:
            return json_reply({"error": f"no order {key}"}, 404)
        return json_reply(order.report())

    def _post(self, request: Request) -> Reply:
        try:
            key, token = (str(request.json()[name]) for name in ("key", "token"))
            shares, floor = (Decimal(request.json()[name]) for name in ("shares", "floor"))
        except (ValueError, KeyError, TypeError, InvalidOperation) as error:
            return json_reply({"error": f"bad order: {error!r}"}, 400)
        if not (shares.is_finite() and floor.is_finite()) or shares <= 0 or floor < 0:
            return json_reply({"error": "shares must be positive, floor not negative"}, 400)
        known = self.orders.get(key)
        if known is not None:
            return self._again(known, token, shares)
        order = Order(key, token, str(shares), str(floor), self.clock())
        order.fills = self._match(order.token, shares, floor)
        self.orders[order.key] = order
        self._save(order)
        return json_reply(order.report())

    def _again(self, order: Order, token: str, shares: Decimal) -> Reply:
        """The same key is never executed twice; with another content it is a mistake."""
        order.attempts += 1
        if (order.token, Decimal(order.shares)) != (token, shares):
            return json_reply({"error": f"key {order.key} was used for another order"}, 409)
        return json_reply(order.report())

    def _match(self, token: str, shares: Decimal, floor: Decimal) -> list[dict[str, str]]:
        left = min(shares, self._partial.pop(0)) if self._partial else shares
        fills: list[dict[str, str]] = []
        for level in self._levels(token, floor):
            size = min(level[1], left)
            if level[0] < floor or size <= 0:
                break
            level[1] -= size
            left -= size
            fills.append(self._fill(level[0], size))
        return fills

    def _levels(self, token: str, floor: Decimal) -> list[list[Decimal]]:
        book = self._books.get(token, self._books.get("*"))
        if book is not None:
            book[:] = [level for level in book if level[1] > 0]
            return book
        if self._fallback is None:
            return []
        return [[floor if self._fallback == "floor" else Decimal(self._fallback), DEPTH]]

    def _fill(self, price: Decimal, size: Decimal) -> dict[str, str]:
        fee = (size * self.fee_rate * price * (1 - price)).quantize(FEE_STEP, ROUND_HALF_EVEN)
        return {name: format(v, "f") for name, v in zip(FILL, (price, size, fee), strict=True)}

    def _save(self, order: Order) -> None:
        if self._store is None:
            return
        with self._store.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(order)) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _load(self) -> None:
        if self._store is None or not self._store.exists():
            return
        for line in self._store.read_text().splitlines():
            order = Order(**json.loads(line))
            self.orders[order.key] = order


FILL = ("price", "shares", "fee")


def main() -> None:
    parser = cli.parser("A venue that fills sell orders. Prints its address when it is ready.")
    parser.add_argument("--store", type=Path, help="keeps every executed order, a JSON line each")
    parser.add_argument("--fallback", default="floor", help="floor, a price, or none")
    parser.add_argument("--fee-rate", default="0", help="fee = shares x rate x p(1-p)")
    options = parser.parse_args()
    fallback = None if options.fallback == "none" else options.fallback
    server = ExchangeServer(
        port=options.port, store=options.store, fallback=fallback, fee_rate=options.fee_rate
    )
    cli.serve(server, options.knob)


if __name__ == "__main__":
    main()
