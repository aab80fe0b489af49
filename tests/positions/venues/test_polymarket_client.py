from __future__ import annotations

import json
from typing import Any

import pytest

from positions.venues.base import ProtocolError, TransientError
from positions.venues.http import StatusError
from positions.venues.polymarket import PolymarketClient
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request, json_reply
from tests.positions.venues.polymarket_kit import Clock, http_of

WALLET = "0x" + "A1" * 20


def many(server: PolymarketServer, count: int) -> list[str]:
    """The Yes tokens of so many markets, each with a book."""
    tokens = [server.add_market(f"Question {n}").tokens[0] for n in range(count)]
    for token in tokens:
        server.set_book(token, [("0.40", "10")], [("0.42", "10")])
    return tokens


def calls(server: PolymarketServer) -> list[int]:
    """How many tokens each POST /books asked for."""
    return [len(json.loads(call.body)) for call in server.requests("/clob/books")]


def test_books_go_out_in_batches_of_500(server: PolymarketServer, client: PolymarketClient) -> None:
    tokens = many(server, 501)
    books = client.books(tokens)
    assert (calls(server), len(books.found), books.missing, books.errors) == (
        [500, 1],
        501,
        set(),
        {},
    )


def test_books_are_matched_by_token_not_by_place(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    """The fake answers in reverse order."""
    tokens = many(server, 3)
    server.set_book(tokens[0], [("0.77", "10")])
    books = client.books(tokens).found
    assert [str(books[token].bids[0].price) for token in tokens] == ["0.77", "0.40", "0.40"]


def test_unknown_and_closed_tokens_are_missing(
    server: PolymarketServer, client: PolymarketClient, market: FakeMarket
) -> None:
    gone = server.add_market("Gone?")
    server.close_unresolved(gone.slug)
    books = client.books([market.tokens[0], "999", gone.tokens[0]])
    assert (set(books.found), books.missing) == ({market.tokens[0]}, {"999", gone.tokens[0]})


@pytest.mark.parametrize("status", ["400", "404"])
def test_one_bad_token_does_not_stop_the_others(
    server: PolymarketServer, client: PolymarketClient, status: str
) -> None:
    tokens = many(server, 16)
    server.knob(status, route="clob/books", token=tokens[5])
    books = client.books(tokens)
    assert set(books.found) == set(tokens) - {tokens[5]}
    assert (books.missing == {tokens[5]}, tokens[5] in books.errors) == (
        status == "404",
        status == "400",
    )
    assert calls(server) == [16, 8, 4, 4, 2, 1, 1, 2, 8]


def test_known_bad_token_is_asked_for_alone(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    tokens = many(server, 16)
    server.knob("400", route="clob/books", token=tokens[5])
    client.books(tokens)
    server.calls.clear()
    client.books(tokens)
    assert calls(server) == [15, 1]
    server.clear()
    server.calls.clear()
    assert len(client.books(tokens).found) == 16
    client.books(tokens)
    assert calls(server) == [15, 1, 16]


def test_venue_that_refuses_everything_is_not_stormed(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    tokens = many(server, 300)
    server.knob("400", route="clob/books")
    books = client.books(tokens)
    assert (len(books.errors), len(books.found)) == (300, 0)
    assert len(calls(server)) < 200


def test_failed_batch_leaves_the_other_batches(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    tokens = many(server, 501)
    server.knob("500", route="clob/books", token=tokens[500])
    books = client.books(tokens)
    assert (len(books.found), books.answered) == (500, True)
    assert books.errors == {tokens[500]: "POST 127.0.0.1/clob/books: 500 status 500"}


def test_malformed_book_is_an_error_of_its_token(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    tokens = many(server, 2)
    server.knob("malformed", token=tokens[0])
    books = client.books(tokens)
    assert set(books.found) == {tokens[1]}
    assert books.errors == {
        tokens[0]: f"book of token {tokens[0]}: bids[1].price is 'not-a-price',"
        " a number of at least 0 wanted"
    }


def test_books_of_nothing_asks_nothing(server: PolymarketServer, client: PolymarketClient) -> None:
    assert (client.books([]).found, server.requests()) == ({}, [])


def test_markets_are_found_open_and_closed(
    server: PolymarketServer, client: PolymarketClient, market: FakeMarket
) -> None:
    closed = server.add_market("Closed?")
    server.close_unresolved(closed.slug)
    ids = [market.condition_id, closed.condition_id, "0x" + "00" * 32]
    assert [m.slug for m in client.markets("condition_ids", ids)] == ["fed-dec", closed.slug]
    assert [call.request.param("closed") for call in server.requests("/gamma/markets/keyset")] == [
        "false",
        "true",
    ]


def test_markets_by_token_are_asked_for_in_chunks(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    tokens = many(server, 120)
    assert len(client.markets("clob_token_ids", tokens)) == 120
    sizes = [len(c.request.query["clob_token_ids"]) for c in server.requests("keyset")]
    assert sizes == [50, 50, 20]


def test_protocol_v2_market_is_found_by_its_padded_id(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    made = server.add_market("New?", version="v2", condition_id="0x" + "ab" * 31)
    padded = "0x" + "ab" * 31 + "00"
    found = client.markets("condition_ids", [padded])
    assert [(m.condition_id, m.tokens) for m in found] == [(padded, made.tokens)]
    assert client.terms(padded).fee_rate == found[0].fee_rate


def test_unreadable_market_does_not_hide_the_others(
    server: PolymarketServer, client: PolymarketClient, market: FakeMarket
) -> None:
    odd = server.add_market("Odd?", version="v9")
    ids = [odd.condition_id, market.condition_id]
    assert [m.slug for m in client.markets("condition_ids", ids)] == ["fed-dec"]
    with pytest.raises(ProtocolError, match="version is 'v9'"):
        client.markets("condition_ids", [odd.condition_id])


def test_unknown_slug_is_none(client: PolymarketClient) -> None:
    assert (client.market("none"), client.event("none")) == (None, [])


def test_wallet_is_read_to_its_last_page(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    rows = [
        {"token_id": str(n), "condition_id": "0x" + "ab" * 32, "current_size": n / 100}
        for n in range(1, 8)
    ]
    server.set_wallet(WALLET, rows)
    server.set_page_limit(3)
    holdings = client.holdings(WALLET)
    assert [str(holding.shares) for holding in holdings] == [
        "0.01", "0.02", "0.03", "0.04", "0.05", "0.06", "0.07",
    ]  # fmt: skip
    assert len(server.requests("/v2/positions")) == 3


def test_wallet_with_a_lost_page_is_no_wallet(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    server.set_wallet(WALLET, [{"token_id": str(n), "current_size": 1} for n in range(1, 5)])
    server.set_page_limit(2)
    server.knob("500", route="data/v2/positions", token="cursor")
    with pytest.raises(TransientError):
        client.holdings(WALLET)


def test_activity_is_asked_for_since_a_time(
    server: PolymarketServer, client: PolymarketClient, market: FakeMarket
) -> None:
    trade = {
        "type": "TRADE",
        "side": "SELL",
        "token_id": market.tokens[0],
        "condition_id": market.condition_id,
        "size": 12.5,
        "price": 0.44,
    }
    server.set_activity(
        WALLET, [{**trade, "timestamp": 200}, {"type": "DEPOSIT", "timestamp": 100}]
    )
    assert len(client.activity(WALLET)) == 2
    (event,) = client.activity(WALLET, since=150)
    assert (event.kind, event.side, event.token) == ("TRADE", "SELL", market.tokens[0])
    assert (str(event.shares), str(event.price)) == ("12.5", "0.44")


def test_resolutions_go_out_twenty_at_a_time(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    ids = [server.add_market(f"Q {n}").condition_id for n in range(45)]
    server.resolve(ids[44], (500_000, 500_000))
    found = {row.condition_id: row for row in client.resolutions(ids)}
    assert (len(found), len(server.requests("/v2/resolutions"))) == (45, 3)
    assert [str(part) for part in found[ids[44]].payouts] == ["0.5", "0.5"]
    assert found[ids[0]].payouts == ()


def test_retired_route_is_a_refusal(server: PolymarketServer, client: PolymarketClient) -> None:
    server.knob("410", route="data/v2/*")
    with pytest.raises(StatusError) as caught:
        client.holdings(WALLET)
    assert caught.value.status == 410


def test_deadline_ends_the_retries(
    server: PolymarketServer, client: PolymarketClient, clock: Clock, market: FakeMarket
) -> None:
    server.knob("429", route="clob/books", retry_after=30)
    books = client.books(market.tokens, deadline=clock.at + 10)
    assert (set(books.errors), clock.slept) == (set(market.tokens), [])
    assert isinstance(books.failure, TransientError)
    assert books.failure.retry_after == 30


class Scripted(FakeServer):
    """Answers every request with the same body, whatever was asked."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self.body = body

    def handle(self, request: Request) -> Reply:
        return json_reply(self.body)


def scripted(server: FakeServer, clock: Clock) -> PolymarketClient:
    return PolymarketClient(http_of(clock), gamma=server.url, clob=server.url, data=server.url)


@pytest.mark.parametrize("entry", [None, 5, {}, {"asset_id": ["1"]}, {"asset_id": "2"}])
def test_entry_about_no_token_of_ours_is_passed_over(clock: Clock, entry: Any) -> None:
    with Scripted([entry]) as server:
        books = scripted(server, clock).books(["1"])
    assert (books.found, books.missing, books.errors) == ({}, {"1"}, {})


def test_cursor_that_goes_round_is_an_error(clock: Clock) -> None:
    page = {"data": [], "pagination": {"has_more": True, "next_cursor": "again"}}
    with Scripted(page) as server, pytest.raises(ProtocolError, match="same cursor came twice"):
        scripted(server, clock).holdings(WALLET)
    assert len(server.requests()) == 2


def test_refusal_of_a_slug_is_not_an_unknown_slug(
    server: PolymarketServer, client: PolymarketClient
) -> None:
    server.knob("403", route="gamma/*")
    with pytest.raises(StatusError):
        client.market("fed-dec")
