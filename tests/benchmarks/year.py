"""A year of the product on a clock of its own: real passes, real alerts, pruned every day.

Prices walk at random, so that stops and targets are hit as they are; what is sold is bought anew.
Every day a few markets fall silent for an hour. Needs DATABASE_URL on a scratch SQLite file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from django.db import connection

from monitoring.alerts.dispatch import dispatch
from monitoring.engine import Ports, run_pass
from monitoring.models import Channel, Notification
from monitoring.retention import prune
from positions.models import Market, Position, Quote
from positions.services import position_open
from positions.venues.base import Instrument, MarketInfo, MarketStatus, Readings
from positions.venues.paper import PaperExecutor
from tests.benchmarks.source import BEGINNING, book, price

LOWEST, HIGHEST = 200, 800  # ticks between which prices walk
MOVES = 0.2  # part of the markets that move between two passes
SILENT_A_DAY, SILENCE = 3, timedelta(hours=1)
RULES: dict[str, Any] = {
    "stop_loss_pct": Decimal(15),
    "take_profit": [{"pct": Decimal(20)}],
    "trailing_stop": [{"distance_pct": Decimal(10), "activation_pct": Decimal(5)}],
}


class Venue:
    """A PriceSource and its clock."""

    venue = "sim"

    def __init__(self, markets: int, interval: int) -> None:
        self.random = Random(5)
        self.interval = timedelta(seconds=interval)
        self.at = BEGINNING
        self.bids = [self.random.randint(300, 700) for _ in range(markets)]
        self.silent: dict[int, datetime] = {}
        self.first = 0

    def advance(self) -> None:
        """One interval later."""
        self.at += self.interval
        count = len(self.bids)
        for market in self.random.sample(range(count), round(count * MOVES)):
            moved = self.bids[market] + self.random.choice((-3, -2, -1, 1, 2, 3))
            self.bids[market] = min(HIGHEST, max(LOWEST, moved))

    def fall_silent(self) -> None:
        for market in self.random.sample(range(len(self.bids)), SILENT_A_DAY):
            self.silent[market] = self.at + SILENCE

    def now(self) -> datetime:
        return self.at

    def read(self, instruments: Sequence[Instrument], *, deadline: float) -> Readings:
        heard = (
            (number, bid)
            for number, bid in enumerate(self.bids)
            if self.silent.get(number, BEGINNING) <= self.at
        )
        return Readings({self.first + number: book(bid, self.at) for number, bid in heard})

    def status(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketStatus]:
        return {instrument.id: MarketStatus("open") for instrument in instruments}

    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]:
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def ports(self) -> Ports:
        return Ports(
            source=lambda _venue: self,
            executor=PaperExecutor(),
            now=self.now,
            sleep=self.sleep,
            interval=Decimal(int(self.interval.total_seconds())),
        )


@dataclass(frozen=True)
class Week:
    """Sizes in bytes at a week's end; `longest`: seconds of the longest deletion in it."""

    number: int
    size: int
    free: int
    log: int
    rows: dict[str, int]
    longest: float

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


TABLES = {
    "points": "positions_pricepoint",
    "runs": "monitoring_monitorrun",
    "alerts": "monitoring_notification",
    "alarms": "monitoring_alarm",
    "triggers": "monitoring_trigger",
    "journal": "positions_journalentry",
    "exits": "positions_exit",
    "fills": "positions_fill",
    "positions": "positions_position",
}


def buy(venue: Venue) -> None:
    """Every market in which nothing is held is bought at its present price."""
    held = set(Position.objects.filter(state="open").values_list("market_id", flat=True))
    for market in Market.objects.exclude(pk__in=held):
        bid = price(venue.bids[market.pk - venue.first])
        position_open(
            market=market, entry_price=bid, shares=Decimal(100), now=venue.at, policy=RULES
        )


def open_book(venue: Venue) -> None:
    """The markets, a channel, and a position in each."""
    Channel.objects.create(name="discord", url="https://discord.com/api/webhooks/1/x")
    rows = Market.objects.bulk_create(
        Market(
            venue="sim",
            key=f"market-{number}",
            outcome="Yes",
            question=f"Will event number {number} of this year happen before its end?",
            payout=Decimal(1),
            tick=Decimal("0.001"),
            min_size=Decimal(5),
        )
        for number in range(len(venue.bids))
    )
    Quote.objects.bulk_create(Quote(market=row, payout=row.payout) for row in rows)
    venue.first = rows[0].pk
    buy(venue)


def tell(at: datetime) -> None:
    """Dispatches; what would go out counts as delivered at once."""
    dispatch(now=at)
    waiting = Notification.objects.filter(state=Notification.State.PENDING)
    waiting.update(state=Notification.State.SENT, sent_at=at, attempts=1)


def weeks(
    file: Path, *, positions: int, days: int, interval: int, clock: Callable[[], float]
) -> Iterator[Week]:
    """Runs the days and yields each week's end."""
    venue = Venue(positions, interval)
    open_book(venue)
    longest = 0.0

    def timed(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal longest
        began = clock()
        done = execute(sql, params, many, context)
        if sql.startswith("DELETE"):
            longest = max(longest, clock() - began)
        return done

    log = 0
    for day in range(1, days + 1):
        venue.fall_silent()
        end = venue.at + timedelta(days=1)
        while venue.at < end:
            venue.advance()
            if run_pass(venue.ports()).exits:
                buy(venue)
            log = max(log, _log_size(file))
        tell(venue.at)
        with connection.execute_wrapper(timed):
            prune(now=venue.at, sleep=lambda _seconds: None)
        log = max(log, _log_size(file))
        if day % 7 == 0:
            yield _week(file, day // 7, log, longest)
            longest, log = 0.0, 0


def _log_size(file: Path) -> int:
    log = file.with_name(f"{file.name}-wal")
    return log.stat().st_size if log.exists() else 0


def _week(file: Path, number: int, log: int, longest: float) -> Week:
    with closing(sqlite3.connect(file)) as database:
        page, pages, free = (
            database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "page_count", "freelist_count")
        )
        rows = {
            name: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for name, table in TABLES.items()
        }
    return Week(number, page * pages, page * free, log, rows, longest)


def row_sizes(file: Path) -> dict[str, float]:
    """Bytes a row of each table takes in the file, its indexes and half-empty pages included."""
    sizes: dict[str, float] = {}
    with closing(sqlite3.connect(file)) as database:
        for name, table in TABLES.items():
            count = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            owned = "SELECT name FROM sqlite_master WHERE tbl_name = ?"
            taken = f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({owned})"
            size = database.execute(taken, [table]).fetchone()[0] or 0
            sizes[name] = size / count if count else 0.0
    return sizes
