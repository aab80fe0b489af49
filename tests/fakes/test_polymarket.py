from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.fakes.polymarket_calls import ASKS, BIDS, books, get, one_book

WALLET = "0x00000000000000000000000000000000000000A1"


# --- Gamma -------------------------------------------------------------------------------------


def test_keyset_pages_end_without_a_cursor(server: PolymarketServer) -> None:
    for number in range(5):
        server.add_market(f"Question {number}")
    seen: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        body = get(server, "/gamma/markets/keyset", limit=2, after_cursor=cursor).json()
        seen += [entry["question"] for entry in body["markets"]]
        cursor = body.get("next_cursor")
    assert seen == [f"Question {number}" for number in range(5)]


@pytest.mark.parametrize("params", [{"offset": 1}, {"limit": 101}, {"after_cursor": "nonsense"}])
def test_keyset_refuses_what_the_venue_refuses(
    server: PolymarketServer, params: dict[str, Any]
) -> None:
    answer = get(server, "/gamma/markets/keyset", **params)
    assert (answer.status_code, answer.json()["type"]) == (422, "validation error")


def test_keyset_hides_closed_markets(server: PolymarketServer, market: FakeMarket) -> None:
    server.close_unresolved(market.slug)
    counts = [
        len(get(server, "/gamma/markets/keyset", **params).json()["markets"])
        for params in ({}, {"closed": "false"}, {"closed": "true"})
    ]
    assert counts == [0, 0, 1]


def test_keyset_takes_repeated_ids(server: PolymarketServer, market: FakeMarket) -> None:
    other = server.add_market("Other?")
    server.add_market("Third?")
    ids = [market.condition_id, other.condition_id]
    for params in ({"condition_ids": ids}, {"clob_token_ids": [market.tokens[1], other.tokens[0]]}):
        found = get(server, "/gamma/markets/keyset", **params).json()["markets"]
        assert [entry["conditionId"] for entry in found] == ids


def test_market_object_holds_arrays_as_text(server: PolymarketServer, market: FakeMarket) -> None:
    body = get(server, "/gamma/markets/slug/fed-dec").json()
    assert json.loads(body["clobTokenIds"]) == list(market.tokens)
    assert json.loads(body["outcomes"]) == ["Yes", "No"]
    assert body["orderPriceMinTickSize"] == 0.01
    assert get(server, f"/gamma/markets/{market.gamma_id}").json() == body
    assert get(server, "/gamma/markets/slug/none").status_code == 404


def test_protocol_v2_market_has_a_real_array(server: PolymarketServer) -> None:
    market = server.add_market("New?", version="v2", condition_id="0x" + "ab" * 31)
    body = get(server, f"/gamma/markets/{market.gamma_id}").json()
    assert (body["clobTokenIds"], body["positionIds"]) == (None, list(market.tokens))
    assert get(server, f"/clob/clob-markets/{market.condition_id}").status_code == 404
    assert get(server, f"/clob/clob-markets/{market.condition_id}00").status_code == 200


def test_gamma_prices_lag(market: FakeMarket) -> None:
    del market
    now = [1000.0]
    with PolymarketServer(clock=lambda: now[0]) as server:
        token = server.add_market("Lag?", slug="lag").tokens[0]
        server.set_book(token, [("0.90", "10")], [("0.92", "10")])
        prices = []
        for step in (0, 100, 30):
            now[0] += step
            prices.append(get(server, "/gamma/markets/slug/lag").json()["outcomePrices"])
    assert prices == ['["0.5", "0.5"]', '["0.5", "0.5"]', '["0.91", "0.09"]']


def test_event_holds_its_markets(server: PolymarketServer, market: FakeMarket) -> None:
    server.add_market("Fed cuts in Jan?", slug="fed-jan", event_slug="fed")
    body = get(server, "/gamma/events/slug/fed").json()
    assert [entry["slug"] for entry in body["markets"]] == ["fed-dec", "fed-jan"]
    assert get(server, "/gamma/events/slug/none").status_code == 404


# --- CLOB --------------------------------------------------------------------------------------


def test_book_has_its_best_level_last(server: PolymarketServer, market: FakeMarket) -> None:
    book = one_book(server, market.tokens[0])
    assert [level["price"] for level in book["bids"]] == ["0.40", "0.44", "0.45"]
    assert [level["price"] for level in book["asks"]] == ["0.47", "0.46"]
    assert get(server, "/clob/book", token_id=market.tokens[0]).json()["bids"] == book["bids"]


def test_mirrored_book_is_one_minus(server: PolymarketServer, market: FakeMarket) -> None:
    book = one_book(server, market.tokens[1])
    assert [level["price"] for level in book["bids"]] == ["0.53", "0.54"]
    assert [level["price"] for level in book["asks"]] == ["0.60", "0.56", "0.55"]


def test_books_omits_unknown_tokens(server: PolymarketServer, market: FakeMarket) -> None:
    answer = books(server, market.tokens[0], "123", market.tokens[1])
    assert {book["asset_id"] for book in answer.json()} == set(market.tokens)


def test_books_takes_500_at_most(server: PolymarketServer) -> None:
    assert books(server, *map(str, range(500))).json() == []
    answer = books(server, *map(str, range(501)))
    assert (answer.status_code, answer.json()) == (400, {"error": "Payload exceeds the limit"})


def test_resolved_market_has_no_book(server: PolymarketServer, market: FakeMarket) -> None:
    server.resolve(market.condition_id, (0, 1_000_000))
    answer = get(server, "/clob/book", token_id=market.tokens[0])
    assert (answer.status_code, books(server, *market.tokens).json()) == (404, [])
    body = get(server, "/gamma/markets/slug/fed-dec").json()
    assert (body["closed"], body["outcomePrices"]) == (True, '["0", "1"]')


def test_price_names_the_bid_buy(server: PolymarketServer, market: FakeMarket) -> None:
    token = market.tokens[0]
    sides = [
        get(server, "/clob/price", token_id=token, side=side).json()["price"]
        for side in ("BUY", "SELL")
    ]
    assert sides == ["0.45", "0.46"]
    assert get(server, "/clob/midpoint", token_id=token).json() == {"mid": "0.455"}


def test_clob_market_tells_tick_minimum_and_fee(
    server: PolymarketServer, market: FakeMarket
) -> None:
    body = get(server, f"/clob/clob-markets/{market.condition_id}").json()
    assert (body["mts"], body["mos"], body["fd"]) == (0.01, 5, {"r": 0.05, "e": 1, "to": True})


def test_history_is_what_was_set(server: PolymarketServer, market: FakeMarket) -> None:
    server.set_history(market.tokens[0], [(100, 0.5), (160, 0.55)])
    body = get(server, "/clob/prices-history", market=market.tokens[0], interval="1d").json()
    assert body == {"history": [{"t": 100, "p": 0.5}, {"t": 160, "p": 0.55}]}


@pytest.mark.parametrize(
    ("kind", "bid", "ask"),
    [
        ("empty_bids", None, "0.46"),
        ("no_ask", "0.45", None),
        ("empty", None, None),
        ("ghost", "0.01", "0.99"),
        ("crossed", "0.48", "0.46"),
        ("wide", "0.45", "0.75"),
        ("dust_bid", "0.45", "0.46"),
        ("malformed", "not-a-price", "0.46"),
    ],
)
def test_book_knob_shapes_one_token_once(
    server: PolymarketServer, market: FakeMarket, kind: str, bid: str | None, ask: str | None
) -> None:
    server.knob(kind, token=market.tokens[0], times=1)
    book = one_book(server, market.tokens[0])
    tops = [book[side][-1]["price"] if book[side] else None for side in ("bids", "asks")]
    assert tops == [bid, ask]
    assert one_book(server, market.tokens[0])["bids"][-1]["price"] == "0.45"


def test_dust_bid_holds_one_share(server: PolymarketServer, market: FakeMarket) -> None:
    server.knob("dust_bid")
    sizes = [level["size"] for level in one_book(server, market.tokens[0])["bids"]]
    assert sizes == ["5000", "1"]


def test_missing_leaves_the_token_out(server: PolymarketServer, market: FakeMarket) -> None:
    server.knob("missing", token=market.tokens[0])
    assert [book["asset_id"] for book in books(server, *market.tokens).json()] == [market.tokens[1]]


def test_timestamps_stop_go_back_or_stay_with_the_change() -> None:
    now = [1000.0]
    with PolymarketServer(clock=lambda: now[0]) as server:
        token = server.add_market("Clock?").tokens[0]
        server.set_book(token, BIDS, ASKS)

        def stamp() -> tuple[str, str]:
            now[0] += 10
            book = one_book(server, token)
            return book["timestamp"], book["bids"][-1]["price"]

        assert stamp() == ("1010000", "0.45")
        server.knob("frozen")
        server.set_book(token, [("0.30", "5")], ASKS)
        assert [stamp(), stamp()] == [("1010000", "0.45")] * 2
        server.clear("frozen")
        server.knob("quiet")
        assert stamp() == ("1010000", "0.30")
        server.clear()
        server.knob("backwards")
        assert [stamp()[0], stamp()[0]] == ["950000", "890000"]


# --- Data API ----------------------------------------------------------------------------------


def test_wallet_pages_until_the_cursor_is_null(
    server: PolymarketServer, market: FakeMarket
) -> None:
    rows = [{"token_id": str(n), "current_size": n} for n in range(1, 6)]
    server.set_wallet(WALLET, rows)
    server.set_page_limit(2)
    seen: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"user": WALLET, **({"cursor": cursor} if cursor else {})}
        body = get(server, "/data/v2/positions", **params).json()
        seen += [row["current_size"] for row in body["data"]]
        cursor = body["pagination"]["next_cursor"]
        assert body["pagination"]["has_more"] == (cursor is not None)
    assert seen == [1, 2, 3, 4, 5]


def test_wallet_hides_dust_unless_asked(server: PolymarketServer, market: FakeMarket) -> None:
    server.set_wallet(
        WALLET,
        [
            {"token_id": market.tokens[0], "current_size": "12.5", "avg_price": "0.4"},
            {"token_id": market.tokens[1], "current_size": 0.09},
        ],
    )
    shown = get(server, "/data/v2/positions", user=WALLET.lower()).json()["data"]
    everything = get(server, "/data/v2/positions", user=WALLET, filter_amount=0).json()["data"]
    assert (len(shown), len(everything)) == (1, 2)
    row = shown[0]
    assert (row["current_size"], row["title"], row["outcome"]) == (12.5, market.question, "Yes")


def test_open_holds_the_redeemable_rows(server: PolymarketServer, market: FakeMarket) -> None:
    server.set_wallet(WALLET, [{"token_id": market.tokens[0], "current_size": 5}])
    server.resolve(market.slug, (1_000_000, 0))
    row = get(server, "/data/v2/positions", user=WALLET).json()["data"][0]
    assert (row["status"], row["redeemable"], row["current_price"]) == ("REDEEMABLE", True, 1)
    assert get(server, "/data/v2/positions", user="0xother").json()["data"] == []


def test_activity_is_filtered_by_type_and_time(server: PolymarketServer) -> None:
    rows = [{"type": kind, "timestamp": at} for kind, at in (("TRADE", 10), ("REDEEM", 20))]
    server.set_activity(WALLET, rows)
    params: list[dict[str, Any]] = [{}, {"type": "REDEEM,MERGE"}, {"start": 15}, {"end": 15}]
    counts = [
        len(get(server, "/data/v2/activity", user=WALLET, **extra).json()["data"])
        for extra in params
    ]
    assert counts == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("knob", "status", "payouts"),
    [
        (None, "initialized", None),
        ("closed_unresolved", "proposed", None),
        ("fifty_fifty", "resolved", [500_000, 500_000]),
    ],
)
def test_resolutions_tell_payouts(
    server: PolymarketServer, market: FakeMarket, knob: str | None, status: str, payouts: object
) -> None:
    if knob:
        server.knob(knob, token=market.tokens[0])
    body = get(server, "/data/v2/resolutions", condition_id=market.condition_id).json()
    assert [(row["status"], row["payouts"]) for row in body["data"]] == [(status, payouts)]


def test_token_lookup_names_the_market(server: PolymarketServer, market: FakeMarket) -> None:
    body = get(server, "/data/v2/tokens", token_ids=f"{market.tokens[1]},99").json()
    assert [(row["outcome"], row["market_slug"]) for row in body["data"]] == [("No", "fed-dec")]


def test_v1_routes_are_gone(server: PolymarketServer) -> None:
    assert get(server, "/data/positions", user=WALLET).status_code == 410
