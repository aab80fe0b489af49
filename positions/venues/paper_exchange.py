"""Selling on paper at a venue of its own, over HTTP (PAPER_EXCHANGE_URL).

POST /orders {"key", "token", "shares", "floor"} and GET /orders/KEY, amounts as text. It stands for
what a live venue does to us: answers get lost, orders arrive late. A key is never executed twice.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

from pmsite.env import Env
from positions.domain.book import Book
from positions.domain.pnl import FillPart, plain
from positions.venues import fields
from positions.venues.base import (
    Order,
    PermanentError,
    ProtocolError,
    RejectedError,
    Report,
    TransientError,
    UncertainError,
    VenueError,
)
from positions.venues.http import HttpClient, NotSentError, StatusError, ThrottledError

SELL_SECONDS = 10.0
LOOKUP_SECONDS = 10.0
NOT_FOUND = 404


class HttpPaperExecutor:
    """An Executor. `base_url` without a trailing slash."""

    def __init__(self, http: HttpClient, base_url: str) -> None:
        self._http = http
        self._base = base_url

    def sell(self, order: Order, book: Book) -> Report:
        """Sends the order once, never a second time by itself; the venue has its own book.

        Raises TransientError when it cannot have arrived, RejectedError when it was refused,
        UncertainError in every other case without a readable answer.
        """
        body = {
            "key": order.key,
            "token": token_of(order),
            "shares": plain(order.shares),
            "floor": plain(order.floor),
        }
        url = f"{self._base}/orders"
        deadline = self._http.clock() + SELL_SECONDS
        try:
            answer = self._http.send("POST", url, body=body, deadline=deadline, tries=1)
            return report_of(answer.data, order)
        except (NotSentError, ThrottledError):
            raise
        except PermanentError as error:
            raise RejectedError(str(error)) from error
        except (TransientError, ProtocolError) as error:
            raise UncertainError(f"no answer to order {order.key}: {error}") from error

    def lookup(self, order: Order) -> Report | None:
        """What the venue says of `order.key`; None when it never saw it.

        Raises TransientError as long as the venue does not say it readably.
        """
        url = f"{self._base}/orders/{quote(order.key, safe='')}"
        try:
            answer = self._http.get(url, deadline=self._http.clock() + LOOKUP_SECONDS)
            return report_of(answer.data, order)
        except StatusError as error:
            if error.status == NOT_FOUND:
                return None
            raise TransientError(str(error)) from error
        except TransientError:
            raise
        except VenueError as error:
            raise TransientError(str(error)) from error


def paper_exchange(env: Env) -> HttpPaperExecutor:
    """The executor at PAPER_EXCHANGE_URL."""
    return HttpPaperExecutor(HttpClient(), env.paper_exchange_url)


def token_of(order: Order) -> str:
    """How the exchange knows the instrument: its token, else venue and key."""
    instrument = order.instrument
    return instrument.token or f"{instrument.venue}:{instrument.key}:{instrument.outcome}"


def report_of(data: Any, order: Order) -> Report:
    """The fills in a report. ProtocolError when it is about another order or cannot be true."""
    where = f"report of order {order.key}"
    raw = fields.record(data, where)
    if raw.get("key") != order.key:
        raise fields.wrong(where, "key", raw.get("key"), "the order's own")
    fills = tuple(_fill(entry, where) for entry in fields.rows(raw.get("fills"), where, "fills"))
    sold = sum((fill.shares for fill in fills), Decimal(0))
    if sold > order.shares or sold != fields.decimal(raw.get("filled"), "filled", where):
        raise fields.wrong(
            where, "filled", raw.get("filled"), f"the fills' sum {sold} of the order"
        )
    return Report(order.key, fills)


def _fill(entry: Any, where: str) -> FillPart:
    raw = fields.record(entry, where)
    return FillPart(
        *(fields.decimal(raw.get(name), name, where) for name in ("price", "shares", "fee"))
    )
