"""Any price that some address serves as JSON (`url:NAME`, set up in admin).

Worked example, PSX's KSE-100: `https://dps.psx.com.pk/timeseries/int/KSE100` answers
`{"status": 1, "data": [[1753250000, 136000.55, 1200], …]}`, newest first; so price `data.0.1`,
time `data.0.0` in unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal, DecimalException, InvalidOperation
from functools import partial
from typing import Any, Protocol

from pmsite.env import Env
from positions.domain.book import Book, Level, last_price
from positions.venues.base import (
    Instrument,
    MarketInfo,
    MarketStatus,
    PermanentError,
    ProtocolError,
    Readings,
    VenueError,
)
from positions.venues.guard import Guard
from positions.venues.http import HttpClient

VENUE = "url"
ENDLESS = Decimal("Infinity")  # a plain price says nothing about size
SLACK = timedelta(seconds=60)  # so far ahead of ours may the source's clock be
AT_ONCE = 8


class Config(Protocol):
    """What `positions.models.JsonSource` holds; paths are dotted, numbers in them are indexes."""

    name: str
    title: str
    url: str
    price_path: str
    bid_path: str
    ask_path: str
    time_path: str
    time_unit: str
    scale: Any
    currency: str
    payout: Any
    tick: Any


Configs = Callable[[Collection[str]], Mapping[str, Config]]


def stored_configs(names: Collection[str]) -> Mapping[str, Config]:
    """The JSON prices of these names as admin has them."""
    from positions.models import JsonSource  # the models need a configured Django, parsing does not

    return {source.name: source for source in JsonSource.objects.filter(name__in=names)}


class JsonPriceSource:
    """A PriceSource over self-made JSON prices; people type their addresses, so `http` is guarded."""

    venue = VENUE

    def __init__(
        self,
        http: HttpClient,
        *,
        configs: Configs = stored_configs,
    ) -> None:
        self._http = http
        self._configs = configs

    def read(self, instruments: Sequence[Instrument], *, deadline: float) -> Readings:
        """One request for each address, several at once: a hanging one must not starve the rest.

        Every source is a venue of its own, so its failure is an error of its instruments only.
        """
        names = {instrument.key for instrument in instruments}
        configs = self._configs(names)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            ask = partial(self._book_or_error, deadline=deadline)
            told = dict(zip(configs, pool.map(ask, configs.values()), strict=True))
        books: dict[int, Book] = {}
        errors: dict[int, str] = {}
        for instrument in instruments:
            found = told.get(instrument.key, f"no JSON price named {instrument.key!r}")
            if isinstance(found, Book):
                books[instrument.id] = found
            else:
                errors[instrument.id] = found
        return Readings(books, errors=errors)

    def status(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketStatus]:
        """A plain price never resolves by itself."""
        return {instrument.id: MarketStatus("open") for instrument in instruments}

    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]:
        """By NAME or `url:NAME`. Raises PermanentError when admin has none of that name."""
        name = reference.strip().removeprefix(f"{VENUE}:")
        config = self._configs([name]).get(name)
        if config is None:
            raise PermanentError(f"{reference}: no JSON price of this name is set up")
        return [
            MarketInfo(
                venue=VENUE,
                key=name,
                outcome=outcome,
                token="",
                question=config.title or name,
                # Everybody sees the link; keys stand behind the question mark.
                url=config.url.partition("?")[0],
                payout=config.payout,
                currency=config.currency,
                tick=config.tick,
            )
        ]

    def book(self, config: Config, *, deadline: float | None = None) -> Book:
        """One reading. Raises VenueError's children, naming the source and what was wrong."""
        answer = self._http.get(config.url, deadline=deadline)
        now = self._http.now()
        return book_of(config, answer.data, now - timedelta(seconds=answer.age), now)

    def _book_or_error(self, config: Config, deadline: float) -> Book | str:
        try:
            return self.book(config, deadline=deadline)
        except VenueError as error:
            return str(error)


def json_source(env: Env) -> JsonPriceSource:
    """The source that may call the hosts which the environment allows."""
    return JsonPriceSource(HttpClient(guard=Guard(frozenset(env.webhook_allowed_hosts))))


def book_of(config: Config, data: Any, answered_at: datetime, now: datetime) -> Book:
    """The reading in an answer. A price alone is bid, ask and last price of any size.

    Its age counts from the source's own time where a path to it is given, else from the answer.
    """
    told_at = _time(config, data, now) if config.time_path else answered_at
    price = _price(config, "price", config.price_path, data)
    if price is None:
        raise ProtocolError(f"{config}: no price at {config.price_path}")
    if not (config.bid_path or config.ask_path):
        return last_price(price, told_at)
    bid = _price(config, "bid", config.bid_path, data) if config.bid_path else price
    ask = _price(config, "ask", config.ask_path, data) if config.ask_path else None
    return Book(told_at, _side(bid), _side(ask))


def _side(price: Decimal | None) -> tuple[Level, ...]:
    return () if price is None else (Level(price, ENDLESS),)


def _price(config: Config, what: str, path: str, data: Any) -> Decimal | None:
    """The number at `path` divided by the scale; None where the source says null."""
    value = at_path(data, path, f"{config}: {what}")
    if value is None:
        return None
    try:
        number = Decimal(_numeric(value)) / Decimal(config.scale)
    except (InvalidOperation, DecimalException, TypeError, ValueError):
        raise ProtocolError(f"{config}: {what} at {path} is {value!r:.60}, no number") from None
    if not number.is_finite() or number <= 0:
        raise ProtocolError(f"{config}: {what} at {path} is {value!r:.60}, not above 0")
    return number


def _numeric(value: Any) -> Any:
    """Sites write thousands with commas: 80,123.45."""
    if isinstance(value, bool):
        raise TypeError
    return value.replace(",", "").strip() if isinstance(value, str) else value


def _time(config: Config, data: Any, now: datetime) -> datetime:
    path = config.time_path
    value = at_path(data, path, f"{config}: time")
    try:
        moment = _moment(value, config.time_unit)
    except (ValueError, TypeError, OverflowError, OSError, DecimalException):
        raise ProtocolError(
            f"{config}: time at {path} is {value!r:.60}, not in {config.time_unit}"
        ) from None
    if moment > now + SLACK:
        raise ProtocolError(
            f"{config}: time at {path} lies in the future, {moment:%Y-%m-%d %H:%M}Z"
        )
    return min(moment, now)


def _moment(value: Any, unit: str) -> datetime:
    """`unit`: "s" or "ms" since 1970, or "iso"; a time without a zone is UTC."""
    if unit == "iso":
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    seconds = Decimal(_numeric(value)) / (1000 if unit == "ms" else 1)
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(seconds))


def at_path(data: Any, path: str, where: str) -> Any:
    """The value at a dotted path: `data.0.1` is item 1 of item 0 of "data"; `-1` is the last item.

    Raises ProtocolError that names the step where the answer has nothing.
    """
    value = data
    for step in steps(path):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            raise ProtocolError(f"{where} at {path}: nothing at {step!r}") from None
    return value


def steps(path: str) -> Iterable[str]:
    """`data.0.1`, `data[0][1]` and `$.data[0][1]` mean the same."""
    plain = path.strip().removeprefix("$").replace("[", ".").replace("]", "")
    return [step for step in plain.split(".") if step]
