"""Gamma's routes: markets and events, with prices that lag on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from tests.fakes.polymarket import pages
from tests.fakes.polymarket.state import FakeMarket, Venue
from tests.fakes.wire import Reply, Request, json_reply

FILTERS: dict[str, Callable[[FakeMarket], Iterable[str]]] = {
    "id": lambda market: (market.gamma_id,),
    "slug": lambda market: (market.slug,),
    "condition_ids": lambda market: (market.condition_id, padded(market.condition_id)),
    "clob_token_ids": lambda market: market.tokens,
}
CACHED = {"Cache-Control": "public, max-age=300"}


def padded(condition_id: str) -> str:
    """Protocol V2 ids have 62 hex digits in Gamma and 64, right-padded, everywhere else."""
    return condition_id.ljust(66, "0")


def answer(venue: Venue, request: Request, path: str, now: float) -> Reply:
    """`path` without the /gamma prefix."""
    match path.strip("/").split("/"):
        case ["markets", "keyset"]:
            return _keyset(venue, request, now)
        case ["markets", "slug", slug]:
            return _one(venue, lambda market: market.slug == slug, now)
        case ["markets", number]:
            return _one(venue, lambda market: market.gamma_id == number, now)
        case ["events", "slug", slug]:
            return _event(venue, slug, now)
    return json_reply({"type": "not found error", "error": "not found"}, 404)


def _keyset(venue: Venue, request: Request, now: float) -> Reply:
    if "offset" in request.query:
        return _invalid("offset is not allowed on keyset endpoints")
    limit = int(request.param("limit", "20"))
    if not 1 <= limit <= 100:
        return _invalid("limit must be between 1 and 100")
    try:
        start = pages.offset(request.param("after_cursor"))
    except ValueError as error:
        return _invalid(str(error))
    closed = request.param("closed", "false") == "true"
    found = [m for m in venue.markets.values() if m.closed == closed and _wanted(m, request)]
    rows, following = pages.page(found, start, limit)
    body: dict[str, Any] = {"markets": [view(venue, market, now) for market in rows]}
    if following:
        body["next_cursor"] = following
    return json_reply(body, headers=CACHED)


def _wanted(market: FakeMarket, request: Request) -> bool:
    return all(
        set(values(market)) & set(request.query[name])
        for name, values in FILTERS.items()
        if name in request.query
    )


def _invalid(text: str) -> Reply:
    return json_reply({"type": "validation error", "error": text}, 422)


def _one(venue: Venue, wanted: Callable[[FakeMarket], bool], now: float) -> Reply:
    for market in venue.markets.values():
        if wanted(market):
            return json_reply(view(venue, market, now), headers=CACHED)
    return json_reply({"type": "not found error", "error": "id not found"}, 404)


def _event(venue: Venue, slug: str, now: float) -> Reply:
    members = [market for market in venue.markets.values() if event_of(market) == slug]
    if not members:
        return json_reply({"type": "not found error", "error": "slug not found"}, 404)
    body = {
        "id": f"9{members[0].gamma_id}",
        "slug": slug,
        "title": members[0].raw.get("eventTitle") or slug.replace("-", " ").title(),
        "closed": all(market.closed for market in members),
        "negRisk": any(market.neg_risk for market in members),
        "markets": [view(venue, market, now) for market in members],
    }
    return json_reply(body, headers=CACHED)


def event_of(market: FakeMarket) -> str:
    """A market that nobody gave an event is an event by itself."""
    return market.event_slug or market.slug


def view(venue: Venue, market: FakeMarket, now: float) -> dict[str, Any]:
    """Gamma's object: arrays as JSON text inside strings, prices up to `gamma_lag` seconds old."""
    _refresh(venue, market, now)
    body: dict[str, Any] = {
        **(market.raw or _basics(market)),
        "closed": market.closed,
        "acceptingOrders": market.accepting,
        "outcomePrices": json.dumps(list(market.prices)),
    }
    if market.closed and not market.raw.get("closed"):
        body["closedTime"] = "2026-11-22 00:00:16+00"
        body["umaResolutionStatus"] = "resolved" if market.payouts else "proposed"
    return body


def _basics(market: FakeMarket) -> dict[str, Any]:
    return {
        "id": market.gamma_id,
        "question": market.question,
        "description": market.description,
        "conditionId": market.condition_id,
        "slug": market.slug,
        "active": True,
        "bestBid": float(market.prices[0]),
        "bestAsk": float(market.prices[0]),
        "clobTokenIds": json.dumps(list(market.tokens)) if market.version == "v1" else None,
        "positionIds": list(market.tokens) if market.version == "v2" else None,
        "startDate": "2026-01-04T23:08:46.486981Z",
        "endDate": market.end,
        "outcomes": json.dumps(list(market.outcomes)),
        "archived": False,
        "restricted": True,
        "enableOrderBook": True,
        "orderPriceMinTickSize": float(market.tick),
        "orderMinSize": float(market.min_size),
        "negRisk": market.neg_risk,
        "takerBaseFee": 1000,
        "feesEnabled": Decimal(market.fee_rate) > 0,
        "feeSchedule": {
            "exponent": market.fee_exponent,
            "rate": float(market.fee_rate),
            "takerOnly": True,
        },
        "umaResolutionStatuses": "[]",
        "gameStartTime": market.game_start,
        "events": [{"id": f"9{market.gamma_id}", "slug": event_of(market)}],
        "version": market.version,
    }


def _refresh(venue: Venue, market: FakeMarket, now: float) -> None:
    """Looks at the books again once the shown price is `gamma_lag` seconds old."""
    if market.closed or now - market.prices_at < venue.gamma_lag:
        return
    if market.prices_at and market.tokens[0] in venue.books:
        book = venue.books[market.tokens[0]]
        middle = (book.bid + book.ask) / 2
        market.prices = (str(middle), str(1 - middle))
    market.prices_at = now
