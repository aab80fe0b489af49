"""Polymarket behind the `PriceSource` port, and its public wallets."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from positions.domain.book import Book
from positions.venues.base import (
    Instrument,
    MarketFacts,
    MarketInfo,
    MarketStatus,
    PermanentError,
    Readings,
    TransientError,
    VenueError,
    WalletHolding,
)
from positions.venues.polymarket import reference as references
from positions.venues.polymarket.client import Books, PolymarketClient
from positions.venues.polymarket.ids import condition_id
from positions.venues.polymarket.parse import GammaMarket, Resolution, TradingTerms, WalletEvent
from positions.venues.polymarket.settlement import status_of

logger = logging.getLogger(__name__)

VENUE = "polymarket"
PAYOUT = Decimal(1)
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
SITE = "https://polymarket.com"
LISTED = 12  # so many choices are named when a reference means several markets


class PolymarketSource:
    """A PriceSource."""

    venue = VENUE

    def __init__(self, client: PolymarketClient) -> None:
        self._client = client
        self._bookless: set[str] = set()

    def read(self, instruments: Sequence[Instrument], *, deadline: float) -> Readings:
        """Books by one `POST /books` for each 500 tokens.

        A market that has closed has no book: it is `missing`, and `status` knows why.
        """
        tokens = [instrument.token for instrument in instruments if instrument.token]
        books = self._client.books(tokens, deadline=deadline)
        if books.failure is not None and not books.answered:
            raise books.failure
        self._bookless = (self._bookless - set(tokens)) | books.missing
        at = self._client.http.now()
        return self._readings(instruments, books, at - timedelta(seconds=books.age))

    def _readings(
        self, instruments: Sequence[Instrument], books: Books, fetched_at: datetime
    ) -> Readings:
        found: dict[int, Book] = {}
        errors: dict[int, str] = {}
        missing: set[int] = set()
        for instrument in instruments:
            token = instrument.token
            if token in books.found:
                snapshot = books.found[token]
                found[instrument.id] = Book(fetched_at, snapshot.bids, snapshot.asks)
            elif token in books.missing:
                missing.add(instrument.id)
            else:
                errors[instrument.id] = books.errors.get(token, "the market has no token id")
        return Readings(found, frozenset(missing), errors)

    def status(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketStatus]:
        """Gamma's word, and the Data API's payouts for whatever may be decided already.

        Gamma lags by minutes, so a market without a book is looked up there even while Gamma still
        calls it open. Raises VenueError when nothing could be learned.
        """
        failures: list[VenueError] = []
        markets = self._markets({i.key for i in instruments}, deadline, failures)
        resolutions = self._resolutions(instruments, markets, deadline, failures)
        found = (
            (i.id, status_of(i, markets.get(i.key), resolutions.get(i.key))) for i in instruments
        )
        states = {key: status for key, status in found if status is not None}
        if failures and not states:
            raise failures[0]
        return states

    def _markets(
        self, conditions: Iterable[str], deadline: float, failures: list[VenueError]
    ) -> dict[str, GammaMarket]:
        try:
            found = self._client.markets("condition_ids", conditions, deadline=deadline)
        except VenueError as error:
            failures.append(error)
            found = []
        return {market.condition_id: market for market in found}

    def _resolutions(
        self,
        instruments: Sequence[Instrument],
        markets: Mapping[str, GammaMarket],
        deadline: float,
        failures: list[VenueError],
    ) -> dict[str, Resolution]:
        """Payouts of whatever may be over: no book, closed or ended by Gamma's word."""
        now = self._client.http.now()
        doubtful = sorted(
            {
                i.key
                for i in instruments
                if i.token in self._bookless or _may_be_over(markets.get(i.key), now)
            }
        )
        try:
            rows = self._client.resolutions(doubtful, deadline=deadline)
        except VenueError as error:
            failures.append(error)
            rows = []
        return {row.condition_id: row for row in rows}

    def facts(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketFacts]:
        """End and game start by Gamma in batches; tick, minimum and fee by CLOB, market by market.

        Gamma's own words on the last three may be older than CLOB's, so they never stand in here:
        a fee must not change to and fro with CLOB's health.
        """
        wanted = list(dict.fromkeys(instrument.key for instrument in instruments))
        found = self._client.markets("condition_ids", wanted, deadline=deadline)
        markets = {market.condition_id: market for market in found}
        terms = self._all_terms([key for key in wanted if key in markets], deadline)
        return {
            i.id: _facts(markets[i.key], terms.get(i.key)) for i in instruments if i.key in markets
        }

    def _all_terms(self, conditions: Iterable[str], deadline: float) -> dict[str, TradingTerms]:
        """As far as they can be read: a market that CLOB refuses has none, an outage ends it."""
        found: dict[str, TradingTerms] = {}
        for condition in conditions:
            try:
                found[condition] = self._client.terms(condition, deadline=deadline)
            except TransientError as error:
                logger.warning("the terms of some markets could not be read: %s", error)
                break
            except VenueError as error:
                logger.info("the terms of %s could not be read: %s", condition, error)
        return found

    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]:
        """By slug, address, condition id or token id; an event of one market counts as that market.

        Raises PermanentError when there is none, when an event has several (their slugs are
        named), or when the market has no such outcome (its outcomes are named).
        """
        market, token = self._look_up(reference)
        infos = _infos(market, self._terms(market))
        if token:
            infos = [info for info in infos if info.token == token]
        wanted = outcome.strip().casefold()
        chosen = [info for info in infos if wanted in {"", info.outcome.casefold()}]
        if not chosen and token and infos:
            raise PermanentError(
                f"{reference}: this is the token of {infos[0].outcome}, not of {outcome.strip()!r}"
            )
        if not chosen:
            names = ", ".join(market.outcomes)
            raise PermanentError(f"{reference}: no outcome {outcome!r}; it has {names}")
        return chosen

    def holdings(self, address: str, *, deadline: float | None = None) -> list[WalletHolding]:
        """All that a public wallet holds. Raises PermanentError for what is no address.

        The address is the proxy or deposit wallet: the signer's own shows an empty list.
        """
        return self._client.holdings(_address(address), deadline=deadline)

    def activity(
        self, address: str, *, since: datetime | None = None, deadline: float | None = None
    ) -> list[WalletEvent]:
        """What the wallet bought, sold and redeemed from `since` on."""
        start = None if since is None else int(since.timestamp())
        return self._client.activity(_address(address), since=start, deadline=deadline)

    def _look_up(self, text: str) -> tuple[GammaMarket, str]:
        """The market, and the token when the reference named just one outcome."""
        meant = references.read(text)
        match meant.kind:
            case "condition":
                return self._by_hex(meant.value, text)
            case "token":
                return self._by_token(meant.value, text), meant.value
            case "market":
                market = self._client.market(meant.value)
                if market is not None:
                    return market, ""
        return _only(self._client.event(meant.value), text), ""

    def _by_hex(self, value: str, text: str) -> tuple[GammaMarket, str]:
        """A condition id; some tools show token ids in hex as well."""
        padded = condition_id(value, "condition id", text)
        found = self._client.markets("condition_ids", dict.fromkeys((padded, value)))
        if found:
            return found[0], ""
        token = str(int(value, 16))
        return self._by_token(token, text), token

    def _by_token(self, token: str, text: str) -> GammaMarket:
        found = self._client.markets("clob_token_ids", [token])
        if not found:
            raise PermanentError(f"{text}: Polymarket knows no such market")
        return found[0]

    def _terms(self, market: GammaMarket) -> TradingTerms:
        """CLOB's word on tick, minimum and fee; Gamma's where CLOB does not know the market."""
        try:
            return self._client.terms(market.condition_id)
        except VenueError:
            return TradingTerms(market.tick, market.min_size, market.fee_rate, market.fee_exponent)


def _may_be_over(market: GammaMarket | None, now: datetime) -> bool:
    if market is None or market.closed or not market.tradable:
        return True
    return market.ends_at is not None and market.ends_at <= now


def _facts(market: GammaMarket, terms: TradingTerms | None) -> MarketFacts:
    if terms is None:
        return MarketFacts(market.ends_at, market.game_at, criteria=market.criteria)
    # A tick or a minimum of 0 is a field that somebody forgot to fill.
    return MarketFacts(
        market.ends_at,
        market.game_at,
        terms.tick or None,
        terms.min_size or None,
        terms.fee_rate,
        terms.fee_exponent,
        market.criteria,
    )


def _only(markets: Sequence[GammaMarket], text: str) -> GammaMarket:
    if len(markets) == 1:
        return markets[0]
    if not markets:
        raise PermanentError(f"{text}: Polymarket knows no such market")
    names = ", ".join(market.slug for market in markets[:LISTED])
    more = f" and {len(markets) - LISTED} more" if len(markets) > LISTED else ""
    raise PermanentError(f"{text}: an event of {len(markets)} markets, name one: {names}{more}")


def _address(text: str) -> str:
    if not ADDRESS.fullmatch(text.strip()):
        raise PermanentError(f"{text!r:.60} is no wallet address (0x and 40 hex digits)")
    return text.strip().lower()


def _infos(market: GammaMarket, terms: TradingTerms) -> list[MarketInfo]:
    state = status_of(None, market, None)
    assert state is not None
    path = (
        f"event/{market.event_slug}/{market.slug}" if market.event_slug else f"market/{market.slug}"
    )
    return [
        MarketInfo(
            venue=VENUE,
            key=market.condition_id,
            outcome=market.outcomes[index],
            token=token,
            question=market.question,
            slug=market.slug,
            url=f"{SITE}/{path}",
            outcome_index=index,
            payout=PAYOUT,
            currency="USDC",
            tick=terms.tick or market.tick,
            min_size=terms.min_size or market.min_size,
            fee_rate=terms.fee_rate,
            fee_exponent=terms.fee_exponent,
            ends_at=market.ends_at,
            game_at=market.game_at,
            criteria=market.criteria,
            state=state.state,
            data={
                "index": index,
                "gamma_id": market.gamma_id,
                "event": market.event_slug,
                "neg_risk": market.neg_risk,
                "version": market.version,
            },
        )
        for index, token in enumerate(market.tokens)
    ]
