from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest

from positions.domain.book import Level, usable_bid
from positions.domain.quotes import CROSSED, GHOST, NO_BID, tick_of
from positions.venues.base import MarketStatus, PermanentError, TransientError, VenueError
from positions.venues.http import HttpClient
from positions.venues.polymarket import PolymarketSource
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.venues.polymarket_kit import ONE, Clock, client_of, instrument

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "polymarket"
WALLET = "0x" + "a1" * 20


def problem(source: PolymarketSource, market: FakeMarket, clock: Clock) -> tuple[str, str]:
    """Usable bid for 50 shares ("" for none) and problem of the market's Yes, after one reading."""
    readings = source.read([instrument(1, market)], deadline=clock.at + 20)
    tick = tick_of(readings.books[1], Decimal(50), Decimal(5), ONE)
    return (str(tick.bid) if tick.bid is not None else "", tick.problem)


def test_read_gives_books_best_first(
    source: PolymarketSource, market: FakeMarket, clock: Clock
) -> None:
    held = [instrument(7, market), instrument(9, market, 1)]
    readings = source.read(held, deadline=clock.at + 20)
    assert readings.books[7].bids[0] == Level(Decimal("0.45"), Decimal(20))
    assert (readings.books[7].ask, readings.books[9].top) == (Decimal("0.46"), Decimal("0.54"))
    assert {book.told_at for book in readings.books.values()} == {clock.now()}
    assert (readings.missing, readings.errors) == (frozenset(), {})


def test_every_instrument_is_in_exactly_one_place(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock
) -> None:
    gone = server.add_market("Gone?")
    server.resolve(gone.slug, (1_000_000, 0))
    bad = server.add_market("Bad?")
    server.knob("malformed", token=bad.tokens[0])
    nameless = server.add_market("Nameless?", tokens=("", ""))
    held = [instrument(n, m) for n, m in enumerate((market, gone, bad, nameless), start=1)]
    readings = source.read(held, deadline=clock.at + 20)
    assert (set(readings.books), set(readings.missing), set(readings.errors)) == ({1}, {2}, {3, 4})
    assert readings.errors[4] == "the market has no token id"


@pytest.mark.parametrize(
    ("kind", "bid", "said"),
    [
        ("no_ask", "0.45", ""),
        ("wide", "0.45", ""),
        ("dust_bid", "0.01", ""),
        ("empty_bids", "", NO_BID),
        ("empty", "", NO_BID),
        ("ghost", "", GHOST),
        ("crossed", "", CROSSED),
    ],
)
def test_strange_book_reaches_the_rules_as_it_is(
    server: PolymarketServer,
    source: PolymarketSource,
    market: FakeMarket,
    clock: Clock,
    kind: str,
    bid: str,
    said: str,
) -> None:
    server.knob(kind, token=market.tokens[0])
    assert problem(source, market, clock) == (bid, said)


@pytest.mark.parametrize("kind", ["429", "500", "reset", "drop", "truncated", "html"])
def test_passing_failure_costs_a_retry_only(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock, kind: str
) -> None:
    server.knob(kind, route="clob/books", times=1)
    assert problem(source, market, clock) == ("0.45", "")


@pytest.mark.parametrize("kind", ["429", "500", "reset", "drop", "truncated", "html", "wrong_json"])
def test_lasting_failure_is_the_venues(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock, kind: str
) -> None:
    server.knob(kind, route="clob/books")
    with pytest.raises(VenueError, match=r"^POST 127\.0\.0\.1/clob/books: "):
        source.read([instrument(1, market)], deadline=clock.at + 20)


def test_hanging_venue_ends_with_the_deadline(
    server: PolymarketServer, market: FakeMarket, clock: Clock
) -> None:
    source = PolymarketSource(client_of(server, HttpClient()))
    server.knob("hang", route="clob/books", seconds=30)
    started = time.monotonic()
    with pytest.raises(TransientError):
        source.read([instrument(1, market)], deadline=started + 0.5)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("knob", ["frozen", "quiet", "backwards"])
def test_book_is_as_young_as_its_answer_whatever_its_stamp(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock, knob: str
) -> None:
    server.knob(knob)
    for _ in range(3):
        clock.at += 300
        readings = source.read([instrument(1, market)], deadline=clock.at + 20)
        assert readings.books[1].told_at == clock.now()


@pytest.mark.parametrize(
    ("end", "yes", "no"),
    [
        ((1_000_000, 0), "1", "0"),
        ((0, 1_000_000), "0", "1"),
        ((500_000, 500_000), "0.5", "0.5"),
    ],
)
def test_resolved_market_settles_by_its_payouts(
    server: PolymarketServer,
    source: PolymarketSource,
    market: FakeMarket,
    clock: Clock,
    end: tuple[int, int],
    yes: str,
    no: str,
) -> None:
    server.resolve(market.slug, end)
    held = [instrument(1, market), instrument(2, market, 1)]
    assert source.read(held, deadline=clock.at + 20).missing == {1, 2}
    assert source.status(held, deadline=clock.at + 20) == {
        1: MarketStatus("resolved", Decimal(yes)),
        2: MarketStatus("resolved", Decimal(no)),
    }


def test_closed_market_awaits_its_resolution(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock
) -> None:
    server.close_unresolved(market.slug)
    status = source.status([instrument(1, market)], deadline=clock.at + 20)
    assert status == {1: MarketStatus("closed", detail="closed, awaiting resolution (proposed)")}


def test_settled_market_is_believed_while_gamma_lags(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock
) -> None:
    """Gamma still calls it open; the book is gone, so the payouts are looked up all the same."""
    held = [instrument(1, market)]
    server.knob("missing")
    source.read(held, deadline=clock.at + 20)
    assert source.status(held, deadline=clock.at + 20) == {1: MarketStatus("open")}
    assert len(server.requests("/v2/resolutions")) == 1


def test_open_market_costs_one_request(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock
) -> None:
    held = [instrument(1, market), instrument(2, market, 1)]
    assert source.status(held, deadline=clock.at + 20) == {
        1: MarketStatus("open"),
        2: MarketStatus("open"),
    }
    assert [call.path for call in server.requests()] == ["/gamma/markets/keyset"]


def test_paused_and_unknown_markets(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock
) -> None:
    server.edit_market(market.slug, accepting=False)
    stranger = FakeMarket("0x" + "cd" * 32, "1", "x", "X?", ("8" * 77, "9" * 77))
    held = [instrument(1, market), instrument(2, stranger)]
    assert source.status(held, deadline=clock.at + 20) == {1: MarketStatus("paused")}


@pytest.mark.parametrize(
    ("down", "wanted"),
    [
        ("data/*", MarketStatus("resolved", Decimal(1))),
        ("gamma/*", MarketStatus("resolved", Decimal(1))),
    ],
)
def test_one_api_is_enough_to_settle(
    server: PolymarketServer,
    source: PolymarketSource,
    market: FakeMarket,
    clock: Clock,
    down: str,
    wanted: MarketStatus,
) -> None:
    server.resolve(market.slug, (1_000_000, 0))
    server.knob("500", route=down)
    assert source.status([instrument(1, market)], deadline=clock.at + 60) == {1: wanted}


def test_fifty_fifty_needs_the_payouts(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock
) -> None:
    server.knob("fifty_fifty", token=market.tokens[0])
    server.knob("500", route="data/*")
    status = source.status([instrument(1, market)], deadline=clock.at + 60)
    assert status == {1: MarketStatus("closed", detail="closed, awaiting resolution")}


def test_status_of_a_dead_venue_is_an_error(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock
) -> None:
    server.knob("500")
    with pytest.raises(TransientError, match="/gamma/markets/keyset: 500"):
        source.status([instrument(1, market)], deadline=clock.at + 60)


def test_wallet_holds_dust_and_redeemable_rows(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket, clock: Clock
) -> None:
    won = server.add_market("Won?")
    server.resolve(won.slug, (1_000_000, 0))
    server.set_wallet(
        WALLET,
        [
            {"token_id": market.tokens[0], "current_size": 0.05, "avg_price": 0.61},
            {"token_id": won.tokens[0], "current_size": 200, "entry_fees_usdc": 1.25},
        ],
    )
    dust, redeemable = source.holdings(WALLET, deadline=clock.at + 20)
    assert (dust.shares, dust.entry_price) == (Decimal("0.05"), Decimal("0.61"))
    assert (dust.question, dust.outcome, dust.redeemable) == ("Fed cuts in Dec?", "Yes", False)
    assert (redeemable.redeemable, redeemable.entry_fees) == (True, Decimal("1.25"))


def test_wallet_activity_since_a_moment(
    server: PolymarketServer, source: PolymarketSource, clock: Clock
) -> None:
    at = int(clock.at)
    rows = [{"type": "REDEEM", "timestamp": at}, {"type": "TRADE", "timestamp": at - 500}]
    server.set_activity(WALLET, rows)
    assert [e.kind for e in source.activity(WALLET, since=clock.now())] == ["REDEEM"]


@pytest.mark.parametrize("address", ["", "0x12", "fed-dec", "0x" + "g" * 40])
def test_what_is_no_address_is_refused(source: PolymarketSource, address: str) -> None:
    with pytest.raises(PermanentError, match="no wallet address"):
        source.holdings(address)


@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded payloads here")
def test_replayed_books_are_read_frame_by_frame(
    server: PolymarketServer, source: PolymarketSource, clock: Clock
) -> None:
    name = "derived_resolvedkit_ws_book_replay_3markets"
    books = RECORDED / "books"
    markets = server.load_replay(books / f"{name}.jsonl.gz", books / f"{name}.meta.json")
    held = [instrument(n, market) for n, market in enumerate(markets)]
    for _ in range(50):
        clock.at += 5
        readings = source.read(held, deadline=clock.at + 20)
        assert set(readings.books) == {0, 1, 2}
        for number, market in enumerate(markets):
            served = server.served_books(market.tokens[0])[-1]
            book = readings.books[number]
            assert [[str(lv.price), str(lv.size)] for lv in book.bids] == served["bids"]
            assert usable_bid(book, Decimal(5), Decimal(5)) is not None or len(book.bids) == 0
    assert {state["position"] for state in server.replay_state().values()} == {49, -1}
    (info, _) = source.find(markets[0].slug)
    assert (info.outcome, info.fee_rate) == ("Up", Decimal("0.07"))


@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded payloads here")
def test_recorded_event_is_served_and_read(
    server: PolymarketServer, source: PolymarketSource, clock: Clock
) -> None:
    server.load_recorded(RECORDED)
    with pytest.raises(PermanentError, match="an event of 5 markets"):
        source.find("https://polymarket.com/event/fed-decision-in-june-825")
    infos = source.find(
        "will-the-fed-decrease-interest-rates-by-25-bps-after-the-june-2026-meeting"
    )
    assert [info.tick for info in infos] == [Decimal("0.001")] * 2
