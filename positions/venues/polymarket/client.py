"""Polymarket's three public APIs, as far as a holder needs them.

`deadline` is always a value of the HTTP client's clock (`time.monotonic`). Errors are those of
`positions.venues.http`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from positions.venues import fields
from positions.venues.base import ProtocolError, VenueError, WalletHolding
from positions.venues.http import HttpClient, StatusError
from positions.venues.polymarket import parse
from positions.venues.polymarket.parse import (
    GammaMarket,
    Resolution,
    Snapshot,
    TradingTerms,
    WalletEvent,
)

BOOKS_PER_CALL = 500
# Gamma's page limit; token ids have 78 digits, so fewer of them fit into a URL.
IDS_PER_CALL = {"condition_ids": 100, "clob_token_ids": 50}
RESOLUTIONS_PER_CALL = 20
PAGE, MAX_PAGES = 1000, 200
# Halving a full batch down to one bad token takes 18 refused calls. Beyond this many the venue
# refuses everything, and halving on would be a storm of requests.
MAX_REFUSALS = 64
# No book for this token: unknown, or its market has closed. It is no error of ours.
GONE = 404

T = TypeVar("T")


@dataclass
class Books:
    """What one look brought, by token; a token is in exactly one of the three.

    `answered`: at least one call reached the venue and was understood; `failure`: the first that
    did not; `age`: seconds that the answers lay in a cache.
    """

    found: dict[str, Snapshot] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)
    age: float = 0.0
    answered: bool = False
    failure: VenueError | None = None
    refusals: int = 0


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """`values` in runs of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


class PolymarketClient:
    """Base URLs without a trailing slash, so that a local server can stand in."""

    def __init__(self, http: HttpClient, *, gamma: str, clob: str, data: str) -> None:
        self.http = http
        self._gamma, self._clob, self._data = gamma, clob, data
        self._suspects: set[str] = set()

    # --- CLOB ---

    def books(self, tokens: Sequence[str], *, deadline: float | None = None) -> Books:
        """Books of all tokens, 500 a call.

        A call that the venue refuses (400, 404) is halved until the token it stumbles over stands
        alone; that one is asked for by itself from then on. Never raises for a part of the tokens.
        """
        result = Books()
        suspects = sorted(self._suspects & set(tokens))
        calm = [token for token in dict.fromkeys(tokens) if token not in self._suspects]
        for batch in chunks(calm, BOOKS_PER_CALL):
            self._batch(batch, result, deadline)
        for suspect in suspects:
            self._batch([suspect], result, deadline)
        return result

    def _batch(self, tokens: Sequence[str], result: Books, deadline: float | None) -> None:
        body = [{"token_id": token} for token in tokens]
        try:
            answer = self.http.post(f"{self._clob}/books", body, deadline=deadline)
            entries = fields.rows(answer.data, answer.what, "the answer")
        except StatusError as error:
            self._refused(tokens, result, deadline, error)
        except VenueError as error:
            result.failure = result.failure or error
            result.errors.update(dict.fromkeys(tokens, str(error)))
        else:
            result.answered = True
            result.age = max(result.age, answer.age)
            self._suspects.difference_update(tokens)
            self._take(tokens, entries, result)

    def _refused(
        self, tokens: Sequence[str], result: Books, deadline: float | None, error: StatusError
    ) -> None:
        result.refusals += 1
        if error.status not in {400, GONE} or result.refusals > MAX_REFUSALS:
            result.failure = result.failure or error
            result.errors.update(dict.fromkeys(tokens, str(error)))
        elif len(tokens) > 1:
            half = len(tokens) // 2
            self._batch(tokens[:half], result, deadline)
            self._batch(tokens[half:], result, deadline)
        else:
            self._suspects.add(tokens[0])
            result.answered = True
            if error.status == GONE:
                result.missing.add(tokens[0])
            else:
                result.errors[tokens[0]] = str(error)

    def _take(self, tokens: Sequence[str], entries: Sequence[Any], result: Books) -> None:
        """By `asset_id`, never by place: the venue leaves out what it does not know."""
        wanted = set(tokens)
        for entry in entries:
            token = entry.get("asset_id") if isinstance(entry, dict) else None
            if not isinstance(token, str) or token not in wanted:
                continue
            try:
                result.found[token] = parse.snapshot(entry)
            except ProtocolError as error:
                result.errors[token] = str(error)
        result.missing.update(wanted - result.found.keys() - result.errors.keys())

    def terms(self, condition_id: str, *, deadline: float | None = None) -> TradingTerms:
        """Tick, minimum order and fee of a market (64-digit condition id)."""
        url = f"{self._clob}/clob-markets/{condition_id}"
        return parse.trading_terms(self.http.get(url, deadline=deadline).data)

    # --- Gamma ---

    def markets(
        self, by: str, values: Iterable[str], *, deadline: float | None = None
    ) -> list[GammaMarket]:
        """Markets by "condition_ids" or "clob_token_ids", open and closed; unknown ones are absent.

        Gamma hides closed markets unless asked for them, so the misses are asked for once more.
        """
        left = list(dict.fromkeys(values))
        found: list[GammaMarket] = []
        for closed in ("false", "true"):
            if not left:
                break
            for batch in chunks(left, IDS_PER_CALL[by]):
                ids = [form for value in batch for form in _forms(by, value)]
                params = {by: ids, "closed": closed, "limit": 100}
                found += self._keyset(params, deadline)
            names = {name for market in found for name in _names(by, market)}
            left = [value for value in left if value not in names]
        return found

    def _keyset(self, params: dict[str, Any], deadline: float | None) -> list[GammaMarket]:
        def ask(cursor: str) -> tuple[Sequence[Any], str]:
            more = {"after_cursor": cursor} if cursor else {}
            url = f"{self._gamma}/markets/keyset"
            answer = self.http.get(url, params={**params, **more}, deadline=deadline)
            raw = fields.record(answer.data, answer.what)
            return fields.rows(raw.get("markets"), answer.what, "markets"), raw.get(
                "next_cursor"
            ) or ""

        return _each(parse.gamma_market, self._pages("markets", ask))

    def market(self, slug: str, *, deadline: float | None = None) -> GammaMarket | None:
        """The market of that slug, open or closed; None when there is none."""
        raw = self._maybe(f"{self._gamma}/markets/slug/{slug}", deadline)
        return None if raw is None else parse.gamma_market(raw)

    def event(self, slug: str, *, deadline: float | None = None) -> list[GammaMarket]:
        """The markets of an event; empty when there is no such event."""
        raw = self._maybe(f"{self._gamma}/events/slug/{slug}", deadline)
        if raw is None:
            return []
        where = f"event {slug}"
        entries = fields.rows(fields.record(raw, where).get("markets"), where, "markets")
        return [parse.gamma_market(entry, slug) for entry in entries]

    def _maybe(self, url: str, deadline: float | None) -> Any:
        try:
            return self.http.get(url, deadline=deadline).data
        except StatusError as error:
            if error.status in {GONE, 422}:
                return None
            raise

    # --- Data API v2 ---

    def holdings(self, address: str, *, deadline: float | None = None) -> list[WalletHolding]:
        """The whole wallet, dust and redeemable rows included. Raises rather than return a part."""
        params = {"user": address.lower(), "filter_amount": 0}
        return [parse.holding(row) for row in self._data_rows("positions", params, deadline)]

    def activity(
        self, address: str, *, since: int | None = None, deadline: float | None = None
    ) -> list[WalletEvent]:
        """What the wallet did from `since` (unix seconds) on, newest first as the venue sorts it."""
        params: dict[str, Any] = {"user": address.lower()}
        if since is not None:
            params["start"] = since
        return [parse.wallet_event(row) for row in self._data_rows("activity", params, deadline)]

    def resolutions(
        self, condition_ids: Sequence[str], *, deadline: float | None = None
    ) -> list[Resolution]:
        """How far the markets are decided; conditions unknown to the venue are absent."""
        found: list[Resolution] = []
        for batch in chunks(condition_ids, RESOLUTIONS_PER_CALL):
            params = {"condition_id": ",".join(batch)}
            rows = self._data_rows("resolutions", params, deadline, paged=False)
            found += _each(parse.resolution, rows)
        return found

    def _data_rows(
        self, name: str, params: dict[str, Any], deadline: float | None, *, paged: bool = True
    ) -> list[Any]:
        limit = {"limit": PAGE} if paged else {}

        def ask(cursor: str) -> tuple[Sequence[Any], str]:
            more = {"cursor": cursor} if cursor else {}
            url = f"{self._data}/v2/{name}"
            answer = self.http.get(url, params={**params, **limit, **more}, deadline=deadline)
            return parse.data_page(answer.data, name)

        return self._pages(name, ask)

    def _pages(self, name: str, ask: Callable[[str], tuple[Sequence[Any], str]]) -> list[Any]:
        """All rows of a list; a cursor that comes twice would go round for ever."""
        found: list[Any] = []
        seen: set[str] = set()
        cursor = ""
        for _ in range(MAX_PAGES):
            rows, cursor = ask(cursor)
            found += rows
            if not cursor:
                return found
            if cursor in seen:
                raise ProtocolError(f"{name}: the same cursor came twice")
            seen.add(cursor)
        raise ProtocolError(f"{name}: more than {MAX_PAGES} pages")


def _each(read: Callable[[Any], T], entries: Iterable[Any]) -> list[T]:
    """All readable entries: one bad one must not stop the others. Raises when none is readable."""
    found: list[T] = []
    errors: list[ProtocolError] = []
    for entry in entries:
        try:
            found.append(read(entry))
        except ProtocolError as error:
            errors.append(error)
    if errors and not found:
        raise errors[0]
    return found


def _forms(by: str, value: str) -> tuple[str, ...]:
    """Gamma shows Protocol V2's condition ids with 62 digits, everyone else pads them to 64."""
    if by == "condition_ids" and value.endswith("00"):
        return value, value[:-2]
    return (value,)


def _names(by: str, market: GammaMarket) -> tuple[str, ...]:
    return market.tokens if by == "clob_token_ids" else (market.condition_id,)
