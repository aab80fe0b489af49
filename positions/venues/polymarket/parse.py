"""Polymarket's answers as plain values; ProtocolError names what was not as promised.

Formats: Gamma's `Market`, CLOB's `OrderBookSummary`, Data API v2, as of 2026-11
(docs.polymarket.com/api-reference).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from positions.domain.book import Level, best_first
from positions.text import storable
from positions.venues import fields
from positions.venues.base import WalletHolding
from positions.venues.fields import Raw, wrong
from positions.venues.polymarket import ids

CRITERIA_CHARS = 4000  # of how a market resolves; what matters stands first
MICRO = Decimal(1_000_000)
ONE = Decimal(1)
# Gamma's prices of a market that is decided, by the docs' own margin.
WON, LOST = Decimal("0.999"), Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One book, best levels first. Its time stamp is left alone: nobody says what it means."""

    token: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class GammaMarket:
    """A binary market as Gamma tells it. Prices lag by minutes: good for a status, never a quote."""

    gamma_id: str
    condition_id: str
    slug: str
    event_slug: str
    question: str
    outcomes: tuple[str, ...]
    tokens: tuple[str, ...]
    prices: tuple[Decimal, ...]
    closed: bool
    tradable: bool
    tick: Decimal | None
    min_size: Decimal | None
    fee_rate: Decimal
    fee_exponent: int
    ends_at: datetime | None
    game_at: datetime | None
    neg_risk: bool
    version: str
    criteria: str = ""

    @property
    def decided(self) -> tuple[Decimal, ...]:
        """Settlement a share by outcome where the prices leave no doubt, else empty."""
        if not self.closed or len(self.prices) != len(self.outcomes):
            return ()
        if max(self.prices) < WON or min(self.prices) > LOST:
            return ()
        return tuple(ONE if price >= WON else Decimal(0) for price in self.prices)


@dataclass(frozen=True, slots=True)
class TradingTerms:
    """`/clob-markets`: the authority on tick, minimum order (shares) and taker fee."""

    tick: Decimal | None
    min_size: Decimal | None
    fee_rate: Decimal
    fee_exponent: int


@dataclass(frozen=True, slots=True)
class Resolution:
    """`payouts`: currency a share by outcome index, empty while undecided; (.5, .5) is possible."""

    condition_id: str
    status: str
    payouts: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class WalletEvent:
    """One row of a wallet's activity; `token` is empty where the row is not about a market."""

    kind: str
    side: str
    token: str
    condition_id: str
    shares: Decimal | None
    price: Decimal | None
    at: datetime


def snapshot(value: Any) -> Snapshot:
    """An entry of `POST /books`. Levels come in any order: the venue sends the best one last."""
    raw = fields.record(value, "books")
    token = ids.token(raw.get("asset_id"), "asset_id", "books")
    where = f"book of token {token}"
    bids, asks = best_first(_levels(raw, "bids", where), _levels(raw, "asks", where))
    return Snapshot(token, bids, asks)


def _levels(raw: Raw, side: str, where: str) -> list[Level]:
    found = []
    for index, entry in enumerate(fields.rows(raw.get(side), where, side)):
        level = fields.record(entry, f"{where}: {side}[{index}]")
        price = fields.decimal(level.get("price"), f"{side}[{index}].price", where)
        size = fields.decimal(level.get("size"), f"{side}[{index}].size", where)
        found.append(Level(price, size))
    return found


def gamma_market(value: Any, event_slug: str = "") -> GammaMarket:
    """One market object. `version` is missing in answers from before October 2026: that is v1."""
    raw = fields.record(value, "markets")
    where = f"market {raw.get('slug') or raw.get('id')}"
    outcomes = fields.texts(raw.get("outcomes"), "outcomes", where)
    version = raw.get("version") or "v1"
    tokens = _tokens(raw, version, where)
    if not len(outcomes) == len(tokens) == 2:
        raise wrong(where, "outcomes", raw.get("outcomes"), "one token for each of two outcomes")
    rate, exponent = _fee(raw, where)
    return GammaMarket(
        gamma_id=str(raw.get("id", "")),
        condition_id=ids.condition_id(raw.get("conditionId"), "conditionId", where),
        slug=fields.text(raw, "slug", where),
        event_slug=event_slug or _event_slug(raw),
        question=fields.text(raw, "question", where),
        outcomes=outcomes,
        tokens=tokens,
        prices=_prices(raw, where),
        closed=fields.flag(raw, "closed", where, default=False),
        tradable=_tradable(raw, where),
        tick=fields.optional_decimal(raw, "orderPriceMinTickSize", where),
        min_size=fields.optional_decimal(raw, "orderMinSize", where),
        fee_rate=rate,
        fee_exponent=exponent,
        ends_at=fields.moment(raw, "endDate", where),
        game_at=fields.moment(raw, "gameStartTime", where),
        neg_risk=fields.flag(raw, "negRisk", where, default=False),
        version=version,
        criteria=storable(fields.loose_text(raw, "description"), CRITERIA_CHARS),
    )


def _tokens(raw: Raw, version: Any, where: str) -> tuple[str, ...]:
    """By version even when both fields are there; an unknown version is not guessed at."""
    names = {"v1": "clobTokenIds", "v2": "positionIds"}
    if version not in names:
        raise wrong(where, "version", version, "v1 or v2")
    name = names[version]
    found = fields.texts(raw.get(name), name, where)
    return tuple(ids.token(entry, name, where) for entry in found)


def _event_slug(raw: Raw) -> str:
    events = raw.get("events")
    first = events[0] if isinstance(events, list) and events else {}
    return fields.loose_text(first, "slug") if isinstance(first, dict) else ""


def _prices(raw: Raw, where: str) -> tuple[Decimal, ...]:
    value = raw.get("outcomePrices")
    if value is None or value == "":
        return ()
    found = fields.texts(value, "outcomePrices", where)
    return tuple(fields.decimal(entry, "outcomePrices", where) for entry in found)


def _tradable(raw: Raw, where: str) -> bool:
    wanted = {"active": True, "archived": False, "acceptingOrders": True, "enableOrderBook": True}
    return all(
        fields.flag(raw, name, where, default=value) is value for name, value in wanted.items()
    )


def _fee(raw: Raw, where: str) -> tuple[Decimal, int]:
    """`takerBaseFee` is a legacy flag, not a rate: only the schedule counts."""
    schedule = raw.get("feeSchedule")
    if not schedule or not fields.flag(raw, "feesEnabled", where, default=True):
        return Decimal(0), 1
    return _rate(fields.record(schedule, where), "rate", "exponent", where)


def _rate(raw: Raw, rate: str, exponent: str, where: str) -> tuple[Decimal, int]:
    power = fields.whole(raw, exponent, where, default=1)
    return fields.optional_decimal(raw, rate, where) or Decimal(0), power


def trading_terms(value: Any) -> TradingTerms:
    """The abbreviated keys of `/clob-markets/{condition}`: mts tick, mos minimum, fd fee."""
    raw = fields.record(value, "clob-markets")
    where = f"clob-markets {raw.get('c', '')}".strip()
    fee = raw.get("fd")
    rate, exponent = _rate(fields.record(fee, where), "r", "e", where) if fee else (Decimal(0), 1)
    return TradingTerms(
        fields.optional_decimal(raw, "mts", where),
        fields.optional_decimal(raw, "mos", where),
        rate,
        exponent,
    )


def resolution(value: Any) -> Resolution:
    """A row of `/v2/resolutions`; payouts there are micro-USDC a share."""
    raw = fields.record(value, "resolutions")
    condition = ids.condition_id(raw.get("condition_id"), "condition_id", "resolutions")
    where = f"resolution of {condition}"
    status = fields.text(raw, "status", where)
    parts = raw.get("payouts")
    if status != "resolved" or not parts:
        return Resolution(condition, status, ())
    payouts = [
        fields.decimal(part, "payouts", where) for part in fields.rows(parts, where, "payouts")
    ]
    if sum(payouts) != MICRO:
        raise wrong(where, "payouts", parts, "a sum of 1000000")
    return Resolution(condition, status, tuple(part / MICRO for part in payouts))


def data_page(value: Any, where: str) -> tuple[Sequence[Any], str]:
    """Rows and the next cursor ("" at the end) of a Data API answer.

    An answer that contradicts itself about being the last one is an error: half a wallet must never
    look like a whole one.
    """
    raw = fields.record(value, where)
    data = raw.get("data")
    pagination = fields.record(raw.get("pagination") or {}, where)
    cursor = pagination.get("next_cursor")
    if bool(pagination.get("has_more", False)) != bool(cursor):
        raise wrong(where, "pagination", dict(pagination), "has_more to agree with next_cursor")
    return fields.rows([] if data is None else data, where, "data"), str(cursor or "")


def holding(value: Any) -> WalletHolding:
    """A row of `/v2/positions`: shares to 4 digits; the average price is without fees.

    Labels may be empty (an unlabelled outcome); a price that the venue does not know is 0.
    """
    raw = fields.record(value, "positions")
    token = ids.token(raw.get("token_id"), "token_id", "positions")
    where = f"position of token {token}"
    shares = fields.decimal(raw.get("current_size"), "current_size", where)
    return WalletHolding(
        token=token,
        key=ids.condition_id(raw.get("condition_id"), "condition_id", where),
        outcome=fields.loose_text(raw, "outcome"),
        question=fields.loose_text(raw, "title"),
        slug=fields.loose_text(raw, "slug"),
        shares=shares,
        entry_price=fields.optional_decimal(raw, "avg_price", where) or Decimal(0),
        redeemable=fields.flag(raw, "redeemable", where, default=False),
        entry_fees=fields.optional_decimal(raw, "entry_fees_usdc", where) or Decimal(0),
    )


def wallet_event(value: Any) -> WalletEvent:
    """A row of `/v2/activity`; deposits and the like have no market."""
    raw = fields.record(value, "activity")
    kind = fields.text(raw, "type", "activity")
    where = f"activity {kind}"
    condition = raw.get("condition_id")
    return WalletEvent(
        kind=kind,
        side=fields.loose_text(raw, "side"),
        token=fields.loose_text(raw, "token_id"),
        condition_id=ids.condition_id(condition, "condition_id", where) if condition else "",
        shares=fields.optional_decimal(raw, "size", where),
        price=fields.optional_decimal(raw, "price", where),
        at=fields.unix(fields.whole(raw, "timestamp", where, default=0)),
    )
