"""CLOB's routes: books, tick sizes, fees, price history."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from tests.fakes.polymarket.gamma import padded
from tests.fakes.polymarket.shapes import FakeBook
from tests.fakes.polymarket.state import FakeMarket, Venue
from tests.fakes.wire import Reply, Request, json_reply

BATCH = 500


def answer(venue: Venue, request: Request, path: str, now: float) -> Reply:
    """`path` without the /clob prefix."""
    name, _, rest = path.strip("/").partition("/")
    route = ROUTES.get((request.method, name))
    if route is None:
        return _error("not found", 404)
    return route(venue, request, rest, now)


def _error(text: str, status: int) -> Reply:
    return json_reply({"error": text}, status)


def _no_book() -> Reply:
    return _error("No orderbook exists for the requested token id", 404)


def _book(venue: Venue, request: Request, rest: str, now: float) -> Reply:
    token = request.param("token_id")
    if not token.isdecimal():
        return _error("Invalid token id", 400)
    venue.reads += 1
    body = _summary(venue, token, now)
    return _no_book() if body is None else json_reply(body, note={"read": venue.reads})


def _books(venue: Venue, request: Request, rest: str, now: float) -> Reply:
    try:
        tokens = [str(entry["token_id"]) for entry in request.json()]
    except (ValueError, TypeError, KeyError):
        return _error("Invalid payload", 400)
    if len(tokens) > BATCH:
        return _error("Payload exceeds the limit", 400)
    if not all(token.isdecimal() for token in tokens):
        return _error("Invalid token id", 400)
    venue.reads += 1
    found = [_summary(venue, token, now) for token in dict.fromkeys(tokens)]
    # Reversed on purpose: whoever matches by index instead of asset_id is found out.
    return json_reply([book for book in reversed(found) if book], note={"read": venue.reads})


def _summary(venue: Venue, token: str, now: float) -> dict[str, Any] | None:
    served = venue.serve(token, now)
    if served is None:
        return None
    book, stamp = served
    venue.record(token, book, now)
    market = venue.by_token[token]
    return {
        "market": padded(market.condition_id),
        "asset_id": token,
        "timestamp": str(stamp),
        "hash": hashlib.sha1(f"{token}{stamp}".encode()).hexdigest(),
        "bids": _side(book.bids),
        "asks": _side(book.asks),
        "min_order_size": market.min_size,
        "tick_size": market.tick,
        "neg_risk": market.neg_risk,
        "last_trade_price": "0.5",
    }


def _side(levels: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"price": price, "size": size} for price, size in levels]


def _open_book(venue: Venue, token: str) -> FakeBook | None:
    market = venue.by_token.get(token)
    return None if market is None or market.closed else venue.books.get(token)


def _price(venue: Venue, request: Request, rest: str, now: float) -> Reply:
    """The venue's trap: side=BUY is the best bid."""
    side = request.param("side")
    book = _open_book(venue, request.param("token_id"))
    if book is None:
        return _no_book()
    if side not in {"BUY", "SELL"}:
        return _error("Invalid side", 400)
    return json_reply({"price": str(book.bid if side == "BUY" else book.ask)})


def _midpoint(venue: Venue, request: Request, rest: str, now: float) -> Reply:
    book = _open_book(venue, request.param("token_id"))
    return _no_book() if book is None else json_reply({"mid": str((book.bid + book.ask) / 2)})


def _history(venue: Venue, request: Request, rest: str, now: float) -> Reply:
    return json_reply({"history": venue.history.get(request.param("market"), [])})


def _time(venue: Venue, request: Request, rest: str, now: float) -> Reply:
    return json_reply(int(now))


def _ok(venue: Venue, request: Request, rest: str, now: float) -> Reply:
    return json_reply("OK")


def _market(venue: Venue, request: Request, rest: str, now: float) -> Reply:
    """Wants the 64-digit form of the id, as the real route does."""
    for market in venue.markets.values():
        if padded(market.condition_id) == rest:
            return json_reply(_abbreviated(market))
    return _error("market not found", 404)


def _abbreviated(market: FakeMarket) -> dict[str, Any]:
    pairs = zip(market.tokens, market.outcomes, strict=True)
    body: dict[str, Any] = {
        "r": {"mi": 50, "ma": 4.5, "moas": 30},
        "t": [{"t": token, "o": outcome} for token, outcome in pairs],
        "c": padded(market.condition_id),
        "mos": float(market.min_size),
        "mts": float(market.tick),
        "mbf": 1000,
        "tbf": 1000,
        "ao": market.accepting,
        "itode": True,
        "v": market.version,
    }
    if float(market.fee_rate):
        body["fd"] = {"r": float(market.fee_rate), "e": market.fee_exponent, "to": True}
    if market.neg_risk:
        body["nr"] = True
    if market.game_start:
        body["gst"] = market.game_start
    return body


ROUTES: dict[tuple[str, str], Callable[[Venue, Request, str, float], Reply]] = {
    ("GET", "book"): _book,
    ("POST", "books"): _books,
    ("GET", "price"): _price,
    ("GET", "midpoint"): _midpoint,
    ("GET", "prices-history"): _history,
    ("GET", "clob-markets"): _market,
    ("GET", "time"): _time,
    ("GET", "ok"): _ok,
}
