from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from positions.venues.base import ProtocolError
from positions.venues.polymarket import parse
from tests.fakes.polymarket.recorded import market_objects

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "polymarket"
needs_recordings = pytest.mark.skipif(not RECORDED.exists(), reason="no recorded payloads here")
YES, NO = "1" * 77, "2" * 77
CONDITION = "0x" + "ab" * 32


def book(**changes: Any) -> dict[str, Any]:
    return {
        "asset_id": YES,
        "timestamp": "1791241810525",
        "bids": [{"price": "0.01", "size": "1123"}, {"price": ".95", "size": "142.4"}],
        "asks": [{"price": "0.99", "size": "10"}, {"price": "0.96", "size": "441.4"}],
        **changes,
    }


def market(**changes: Any) -> dict[str, Any]:
    return {
        "id": "5308512",
        "question": "Bitcoin Up or Down?",
        "conditionId": CONDITION,
        "slug": "btc-updown",
        "endDate": "2026-10-05T23:15:00Z",
        "outcomes": '["Up", "Down"]',
        "outcomePrices": '["0.905", "0.095"]',
        "clobTokenIds": json.dumps([YES, NO]),
        "active": True,
        "closed": False,
        "archived": False,
        "acceptingOrders": True,
        "enableOrderBook": True,
        "orderPriceMinTickSize": Decimal("0.01"),
        "orderMinSize": 5,
        "feesEnabled": True,
        "feeSchedule": {"exponent": 1, "rate": Decimal("0.07"), "takerOnly": True},
        "version": "v1",
        **changes,
    }


def test_snapshot_is_best_first() -> None:
    read = parse.snapshot(book())
    assert [level.price for level in read.bids] == [Decimal("0.95"), Decimal("0.01")]
    assert [level.price for level in read.asks] == [Decimal("0.96"), Decimal("0.99")]
    assert read.token == YES


def test_snapshot_may_be_empty() -> None:
    read = parse.snapshot(book(bids=[], asks=[], last_trade_price="", version="v2"))
    assert (read.bids, read.asks) == ((), ())


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"asset_id": 5}, "books: asset_id is 5, a token id of digits wanted"),
        ({"bids": None}, f"book of token {YES}: bids is None, a list wanted"),
        (
            {"bids": [{"price": "abc", "size": "1"}]},
            f"book of token {YES}: bids[0].price is 'abc', a number of at least 0 wanted",
        ),
        (
            {"asks": [{"price": "0.5"}]},
            f"book of token {YES}: asks[0].size is None, a number of at least 0 wanted",
        ),
        ({"asks": ["0.5"]}, f"book of token {YES}: asks[0]: the entry is '0.5', an object wanted"),
    ],
)
def test_bad_book_is_named_to_the_field(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse.snapshot(book(**changes))
    assert str(caught.value) == text


def test_market_is_read_in_full() -> None:
    read = parse.gamma_market(market(gameStartTime="2026-10-05 23:00:00+00", negRisk=True))
    assert (read.outcomes, read.tokens) == (("Up", "Down"), (YES, NO))
    assert (read.tick, read.min_size) == (Decimal("0.01"), Decimal(5))
    assert (read.fee_rate, read.fee_exponent) == (Decimal("0.07"), 1)
    assert read.ends_at == datetime(2026, 10, 5, 23, 15, tzinfo=UTC)
    assert read.game_at == datetime(2026, 10, 5, 23, 0, tzinfo=UTC)
    assert (read.tradable, read.closed, read.neg_risk, read.decided) == (True, False, True, ())


def test_version_decides_between_the_token_fields() -> None:
    both = {"positionIds": [NO, YES]}
    assert parse.gamma_market(market(**both)).tokens == (YES, NO)
    assert parse.gamma_market(market(**both, version="v2")).tokens == (NO, YES)
    assert parse.gamma_market(market(version=None)).tokens == (YES, NO)
    with pytest.raises(ProtocolError, match="version is 'v3', v1 or v2 wanted"):
        parse.gamma_market(market(version="v3"))


@pytest.mark.parametrize(
    "changes",
    [
        {"active": False},
        {"archived": True},
        {"acceptingOrders": False},
        {"enableOrderBook": False},
    ],
)
def test_market_that_takes_no_orders_is_not_tradable(changes: dict[str, bool]) -> None:
    assert not parse.gamma_market(market(**changes)).tradable


@pytest.mark.parametrize(
    ("changes", "rate"),
    [({"feesEnabled": False}, "0"), ({"feeSchedule": None}, "0"), ({}, "0.07")],
)
def test_fee_comes_from_the_schedule_only(changes: dict[str, Any], rate: str) -> None:
    assert parse.gamma_market(market(takerBaseFee=1000, **changes)).fee_rate == Decimal(rate)


@pytest.mark.parametrize(
    ("closed", "prices", "decided"),
    [
        (True, '["1", "0"]', ("1", "0")),
        (True, '["0.0005", "0.9995"]', ("0", "1")),
        (False, '["1", "0"]', ()),
        (True, '["0.5", "0.5"]', ()),
        (True, '["0", "0"]', ()),
        (True, '["0.5843", "0.4157"]', ()),
        (True, None, ()),
    ],
)
def test_closed_market_is_decided_without_doubt_only(
    closed: bool, prices: str | None, decided: tuple[str, ...]
) -> None:
    read = parse.gamma_market(market(closed=closed, outcomePrices=prices))
    assert read.decided == tuple(map(Decimal, decided))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"outcomes": '["Yes"]'}, "one token for each of two outcomes"),
        ({"clobTokenIds": None}, "clobTokenIds is None"),
        ({"conditionId": "0x12"}, "conditionId is '0x12'"),
        ({"closed": "no"}, "closed is 'no', true or false wanted"),
        ({"endDate": "soon"}, "endDate is 'soon'"),
        ({"orderMinSize": "many"}, "orderMinSize is 'many'"),
        ({"slug": ""}, "slug is ''"),
    ],
)
def test_bad_market_is_named_to_the_field(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse.gamma_market(market(**changes))
    assert text in str(caught.value)


def test_trading_terms_read_the_short_keys() -> None:
    terms = parse.trading_terms(
        {"c": CONDITION, "mts": Decimal("0.001"), "mos": 5, "fd": {"r": Decimal("0.05"), "e": 2}}
    )
    assert terms == parse.TradingTerms(Decimal("0.001"), Decimal(5), Decimal("0.05"), 2)
    assert parse.trading_terms({"mts": 1}).fee_rate == 0


@pytest.mark.parametrize(
    ("row", "payouts"),
    [
        ({"status": "resolved", "payouts": [0, 1_000_000]}, ("0", "1")),
        ({"status": "resolved", "payouts": [500_000, 500_000]}, ("0.5", "0.5")),
        ({"status": "proposed", "payouts": [0, 1_000_000]}, ()),
        ({"status": "resolved", "payouts": None}, ()),
    ],
)
def test_payouts_count_once_resolved(row: dict[str, Any], payouts: tuple[str, ...]) -> None:
    read = parse.resolution({"condition_id": CONDITION, **row})
    assert read.payouts == tuple(map(Decimal, payouts))


def test_payouts_must_add_up() -> None:
    row = {"condition_id": CONDITION, "status": "resolved", "payouts": [1, 1]}
    with pytest.raises(ProtocolError, match="a sum of 1000000 wanted"):
        parse.resolution(row)


@pytest.mark.parametrize(
    "pagination", [{"has_more": True, "next_cursor": None}, {"has_more": False, "next_cursor": "x"}]
)
def test_page_that_contradicts_itself_is_refused(pagination: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="has_more to agree with next_cursor"):
        parse.data_page({"data": [], "pagination": pagination}, "positions")


def test_page_may_hold_nothing() -> None:
    assert parse.data_page({"data": None}, "positions") == ([], "")


def test_wallet_event_may_be_without_a_market() -> None:
    read = parse.wallet_event({"type": "DEPOSIT", "timestamp": 1787499970, "usdc_size": 5})
    assert (read.kind, read.token, read.condition_id, read.shares) == ("DEPOSIT", "", "", None)
    assert read.at == datetime.fromtimestamp(1787499970, UTC)


def load(path: Path) -> Any:
    return json.loads(path.read_bytes(), parse_float=Decimal)


@needs_recordings
def test_recorded_markets_are_read() -> None:
    files = sorted((RECORDED / "gamma").glob("*.json"))
    read = [
        parse.gamma_market(raw, event)
        for path in files
        for raw, event in market_objects(load(path))
    ]
    assert len(read) == 28
    assert {market.version for market in read} == {"v1"}
    assert [market.slug for market in read if market.decided] == [
        market.slug for market in read if market.closed and sorted(market.prices) == [0, 1]
    ]


@needs_recordings
def test_recorded_books_are_read() -> None:
    books = load(RECORDED / "books" / "trebuchet_books_negrisk_fed-june-2026.json")
    read = [parse.snapshot(entry) for entry in books]
    assert all(b.bids[0].price < b.asks[0].price for b in read if b.bids and b.asks)
    empty = parse.snapshot(load(RECORDED / "books" / "ra1nty_book_btc5m_2026-03-22.json"))
    assert (empty.bids, empty.asks[0].price) == ((), Decimal("0.001"))


@needs_recordings
def test_recorded_events_are_read() -> None:
    path = RECORDED / "books" / "derived_resolvedkit_ws_book_replay_3markets.jsonl.gz"
    with gzip.open(path, "rt") as file:
        read = [parse.snapshot(json.loads(line)) for line in file]
    assert len(read) == 6367


@needs_recordings
def test_recorded_wallet_is_read() -> None:
    rows, cursor = parse.data_page(
        load(RECORDED / "data_api" / "derived_v2_positions_page.json"), "positions"
    )
    read = [parse.holding(row) for row in rows]
    assert (len(read), cursor) == (8, "")
    assert [holding.redeemable for holding in read] == [False] * 2 + [True] * 5 + [False]
    assert read[0].shares == Decimal("271790.1")


@needs_recordings
def test_recorded_trading_terms_are_read() -> None:
    path = RECORDED / "clob_markets" / "trebuchet_clob-markets_fed-june-2026.json"
    terms = {parse.trading_terms(entry) for entry in load(path)}
    assert terms == {parse.TradingTerms(Decimal("0.001"), Decimal(5), Decimal("0.05"), 1)}
