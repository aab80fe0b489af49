"""Data API v2: holdings, activity, resolutions. Amounts are numbers here, not strings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.fakes.polymarket import pages
from tests.fakes.polymarket.gamma import event_of, padded
from tests.fakes.polymarket.state import MICRO, FakeMarket, Venue
from tests.fakes.wire import Reply, Request, json_reply

V1 = ("positions", "trades", "activity", "value", "closed-positions", "holders")


def answer(venue: Venue, request: Request, path: str, now: float) -> Reply:
    """`path` without the /data prefix."""
    name = path.strip("/")
    if name in V1:
        return _error("Data API v1 is retired, use /v2", 410)
    route = ROUTES.get(name)
    return _error("not found", 404) if route is None else route(venue, request, now)


def _error(text: str, status: int, parameter: str = "") -> Reply:
    body = {"error": text, "code": "fake", "retryable": status >= 500, "trace_id": "0"}
    return json_reply({**body, **({"parameter": parameter} if parameter else {})}, status)


def _paged(venue: Venue, request: Request, rows: Sequence[dict[str, Any]]) -> Reply:
    limit = int(request.param("limit", "100"))
    if not 1 <= limit <= 1000:
        return _error("limit must be between 1 and 1000", 400, "limit")
    try:
        start = pages.offset(request.param("cursor"))
    except ValueError as error:
        return _error(str(error), 400, "cursor")
    shown, following = pages.page(rows, start, min(limit, venue.page_limit))
    pagination = {
        "limit": limit,
        "offset": start,
        "has_more": following is not None,
        "next_cursor": following,
    }
    return json_reply({"data": list(shown), "pagination": pagination})


def _positions(venue: Venue, request: Request, now: float) -> Reply:
    user = request.param("user")
    if not user:
        return _error("user or condition is required", 400, "user")
    least = float(request.param("filter_amount", "0.1"))
    status = request.param("status", "OPEN")
    rows = [_position(venue, user, row) for row in venue.wallet_rows(user)]
    kept = [row for row in rows if row["current_size"] >= least and _of_status(row, status)]
    return _paged(venue, request, kept)


def _of_status(row: dict[str, Any], status: str) -> bool:
    """OPEN holds the redeemable rows as well: the venue's own surprise."""
    return status == "OPEN" or row["status"] == status


def _position(venue: Venue, user: str, row: dict[str, Any]) -> dict[str, Any]:
    """The given fields over what the market says."""
    size, average = float(row["current_size"]), float(row.get("avg_price", 0.5))
    token = str(row["token_id"])
    market = venue.by_token.get(token)
    known = {} if market is None else _market_fields(venue, market, token)
    price = float(known.get("current_price", average))
    return {
        "proxy_wallet": user.lower(),
        "token_id": token,
        "entry_fees_usdc": 0,
        "entry_cost_usdc": round(size * average, 4),
        "total_size": size,
        "current_value": round(size * price, 4),
        "realized_pnl": 0,
        "status": "REDEEMABLE" if known.get("redeemable") else "OPEN",
        "redeemable": False,
        "mergeable": False,
        "archived": False,
        "first_entry_at": None,
        "end_date": "1970-01-01",
        **known,
        **row,
        "current_size": size,
        "avg_price": average,
    }


def _market_fields(venue: Venue, market: FakeMarket, token: str) -> dict[str, Any]:
    index = market.tokens.index(token)
    book = venue.books.get(token)
    price = float(book.bid) if book else float(market.prices[index])
    if market.payouts is not None:
        price = market.payouts[index] / MICRO
    return {
        "condition_id": padded(market.condition_id),
        "current_price": price,
        "redeemable": market.payouts is not None,
        "negative_risk": market.neg_risk,
        "title": market.question,
        "slug": market.slug,
        "event_slug": event_of(market),
        "outcome": market.outcomes[index],
        "outcome_index": index,
        "opposite_token_id": market.tokens[1 - index],
        "opposite_outcome": market.outcomes[1 - index],
    }


def _activity(venue: Venue, request: Request, now: float) -> Reply:
    return _deeds(venue, request, request.param("type"))


def _trades(venue: Venue, request: Request, now: float) -> Reply:
    return _deeds(venue, request, "TRADE")


def _deeds(venue: Venue, request: Request, only: str) -> Reply:
    user = request.param("user").lower()
    if not user:
        return _error("user is required", 400, "user")
    kinds = set(filter(None, only.split(",")))
    start, end = int(request.param("start", "0")), int(request.param("end", "9999999999"))
    rows = [
        row
        for row in venue.activity.get(user, [])
        if (not kinds or row.get("type") in kinds) and start <= int(row["timestamp"]) <= end
    ]
    return _paged(venue, request, rows)


def _resolutions(venue: Venue, request: Request, now: float) -> Reply:
    wanted = [text for text in request.param("condition_id").split(",") if text]
    if not 1 <= len(wanted) <= 20:
        return _error("1 to 20 condition ids", 400, "condition_id")
    if any(len(text) != 66 for text in wanted):
        return _error("condition_id must have 64 hex digits", 400, "condition_id")
    found = [m for m in venue.markets.values() if padded(m.condition_id) in wanted]
    rows = [_resolution(market, now) for market in found]
    return json_reply({"data": rows, "pagination": {"has_more": False, "next_cursor": None}})


def _resolution(market: FakeMarket, now: float) -> dict[str, Any]:
    status = "initialized"
    if market.closed:
        status = "resolved" if market.payouts is not None else "proposed"
    return {
        "condition_id": padded(market.condition_id),
        "status": status,
        "was_disputed": False,
        "price": "69" if market.payouts is None else str(market.payouts[0] / MICRO),
        "payouts": None if market.payouts is None else list(market.payouts),
        "resolution_source": "reported",
        "resolved_at": None if market.payouts is None else "2026-11-22T00:00:53Z",
        "last_update_timestamp": int(now),
    }


def _tokens(venue: Venue, request: Request, now: float) -> Reply:
    wanted = [text for text in request.param("token_ids").split(",") if text]
    if not 1 <= len(wanted) <= 50:
        return _error("1 to 50 token ids", 400, "token_ids")
    return json_reply({"data": [_token(venue, t) for t in wanted if t in venue.by_token]})


def _token(venue: Venue, token: str) -> dict[str, Any]:
    market = venue.by_token[token]
    fields = _market_fields(venue, market, token)
    final = fields["current_price"] if market.payouts is not None else None
    return {
        "token_id": token,
        "condition_id": fields["condition_id"],
        "outcome": fields["outcome"],
        "outcome_index": fields["outcome_index"],
        "opposite_token_id": fields["opposite_token_id"],
        "resolved": market.payouts is not None,
        "final_price": final,
        "closed": market.closed,
        "neg_risk": market.neg_risk,
        "title": market.question,
        "market_slug": market.slug,
        "event_slug": fields["event_slug"],
    }


def _value(venue: Venue, request: Request, now: float) -> Reply:
    user = request.param("user").lower()
    rows = [_position(venue, user, row) for row in venue.wallet_rows(user)]
    total = sum(row["current_value"] for row in rows)
    return json_reply({"data": {"proxy_wallet": user, "value": total}})


ROUTES: dict[str, Callable[[Venue, Request, float], Reply]] = {
    "v2/positions": _positions,
    "v2/activity": _activity,
    "v2/trades": _trades,
    "v2/resolutions": _resolutions,
    "v2/tokens": _tokens,
    "v2/value": _value,
}
