"""Choosing: the positions whose market left their quiet band, and everything judging them needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from monitoring.engine.sql import AMONG, among, bare, decimal_of, fetch, stamp, time_of
from positions.domain.policy import Policy, effective
from positions.domain.state import WatchState, load
from positions.domain.views import Held
from positions.domain.window import Run


@dataclass(frozen=True, slots=True)
class Candidate:
    """A position to judge in full. `policy_texts`: its strategy's and its own documents; `memory`:
    what was remembered of it as stored, with its best and its market's last usable bid.
    """

    id: int
    market_id: int
    held: Held
    policy_texts: tuple[str, str]
    memory: tuple[str, Decimal | None, Decimal | None]

    @property
    def policy(self) -> Policy:
        """Raises PolicyError for a document that was damaged outside the product."""
        return effective(*self.policy_texts)

    @property
    def state(self) -> WatchState:
        """Raises ValueError for a memory that was damaged outside the product."""
        text, best, last_bid = self.memory
        # best lives in its own column, which one UPDATE raises for every calm position.
        return replace(load(text), best=best, last_bid=last_bid)


COLUMNS = """
SELECT p.id, p.market_id, p.entry_price, p.shares, p.bought, p.opened_at,
       m.payout, m.currency, m.tick, m.min_size, m.ends_at, m.game_at, t.probability,
       coalesce(sp.document, '{}'), coalesce(pp.document, '{}'),
       k.state, k.best, q.bid
FROM positions_position p
JOIN positions_mark k ON k.position_id = p.id
JOIN positions_market m ON m.id = p.market_id
JOIN positions_quote q ON q.market_id = p.market_id
LEFT JOIN positions_exitpolicy pp ON pp.position_id = p.id
LEFT JOIN positions_exitpolicy sp ON sp.strategy_id = p.strategy_id
LEFT JOIN positions_thesis t ON t.position_id = p.id
WHERE p.state = 'open' AND NOT p.is_dust AND m.state <> 'resolved'
"""
OUTSIDE = """
(q.bid_f <= k.quiet_low OR q.bid_f >= k.quiet_high OR q.bid_f <= k.best_f - k.quiet_drop)
"""
# Never judged or not calm; time is up; no fresh or no usable reading; the bid has left the band.
RESTLESS = f"""
(k.quiet_low IS NULL OR k.quiet_until <= %s OR q.told_at IS NULL OR q.told_at < %s
 OR q.problem <> '' OR {OUTSIDE})
"""
SCAN = f"""
SELECT p.id, {RESTLESS} AS restless, q.bid, q.bid_f
FROM positions_position p
JOIN positions_mark k ON k.position_id = p.id
JOIN positions_quote q ON q.market_id = p.market_id
WHERE p.state = 'open' AND ({RESTLESS} OR q.bid_f > k.best_f)
"""


@dataclass(frozen=True, slots=True)
class Scan:
    """`restless`: ids of the open positions for which judging could change something. `rising`: the
    calm ones at a new best bid, as rows for the narrow UPDATE.
    """

    restless: list[int]
    rising: list[tuple[Any, ...]]


def scan(looked_at: datetime, now: datetime) -> Scan:
    """Holds every open position's band against its market's quote; the quotes are written already."""
    found = Scan([], [])
    times = [stamp(now), stamp(looked_at)]
    for pk, restless, bid, bid_f in fetch(SCAN, times * 2):
        if restless:
            found.restless.append(pk)
        else:
            found.rising.append((bid, bid_f, pk))
    return found


def candidates(ids: Collection[int]) -> list[Candidate]:
    """Of the positions with these ids those that are open, with everything judging them needs."""
    return _candidates(f"p.id {AMONG}", among(ids)) if ids else []


AGAIN = f"(p.id {AMONG} OR (p.market_id {AMONG} AND {OUTSIDE}))"


def again(ids: Mapping[int, int]) -> list[Candidate]:
    """The open positions `ids` (with their markets) after these markets were read once more, and
    every neighbour there whose quiet band the new bid has left: its rules wait no longer either.
    """
    return _candidates(AGAIN, among(ids.keys()), among(ids.values())) if ids else []


def _candidates(condition: str, *values: Any) -> list[Candidate]:
    query = f"{COLUMNS} AND {condition} ORDER BY p.id"
    return [_candidate(row) for row in fetch(query, values)]


def _candidate(row: tuple[Any, ...]) -> Candidate:
    entry, shares, bought = Decimal(row[2]), Decimal(row[3]), Decimal(row[4])
    ends = [end for end in (time_of(row[10]), time_of(row[11])) if end is not None]
    opened = time_of(row[5])
    assert opened is not None  # NOT NULL column
    held = Held(
        entry,
        shares,
        bought,
        opened,
        decimal_of(row[6]),
        row[7],
        decimal_of(row[8]),
        decimal_of(row[9]),
        min(ends, default=None),
        decimal_of(row[12]),
    )
    memory = (row[15], decimal_of(row[16]), decimal_of(row[17]))
    return Candidate(row[0], row[1], held, (row[13], row[14]), memory)


POINTS = f"""
SELECT market_id, {bare("since")}, {bare("until")}, bid FROM positions_pricepoint
WHERE market_id {AMONG} AND until >= %s ORDER BY id
"""
LAST_RUNS = f"""
SELECT market_id, {bare("bid_since")}, {bare("bid_at")}, bid FROM positions_quote
WHERE market_id {AMONG} AND bid IS NOT NULL
"""


def runs_for(chosen: Collection[Candidate], now: datetime) -> Mapping[int, list[Run]]:
    """Runs of equal bids by market id, for the candidates whose rules look back on a window."""
    longest: dict[int, Decimal] = {}
    for candidate in chosen:
        minutes = _window_minutes(candidate)
        if minutes is not None:
            longest[candidate.market_id] = max(minutes, longest.get(candidate.market_id, minutes))
    if not longest:
        return {}
    start = now - timedelta(minutes=float(max(longest.values())))
    markets = among(longest.keys())
    rows = fetch(POINTS, [markets, stamp(start)]) + fetch(LAST_RUNS, [markets])
    runs: dict[int, list[Run]] = defaultdict(list)
    for market_id, since, until, bid in rows:
        begin, end = time_of(since), time_of(until)
        if begin is not None and end is not None:
            runs[market_id].append(Run(begin, end, Decimal(bid)))
    return runs


def _window_minutes(candidate: Candidate) -> Decimal | None:
    try:
        return candidate.policy.window_minutes
    except (
        ValueError,
        TypeError,
        RecursionError,
    ):  # told as the position's own error when it is judged
        return None
