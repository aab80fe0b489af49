"""Choosing: the positions whose market left their quiet band, and everything judging them needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from monitoring.engine.sql import decimal_of, fetch, stamp, time_of
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
# Judged anew: never judged or not calm; time is up; the bid changed and left the band; no reading.
RESTLESS = """
AND (k.quiet_low IS NULL OR k.quiet_until <= %s OR q.told_at IS NULL OR q.told_at < %s
     OR q.problem <> ''
     OR (q.bid_since >= %s AND (q.bid_f <= k.quiet_low OR q.bid_f >= k.quiet_high))
     OR p.id IN (SELECT position_id FROM positions_exit
                 WHERE state IN ('pending', 'working', 'partial')))
ORDER BY p.id
"""


def candidates(looked_at: datetime, now: datetime) -> list[Candidate]:
    """Every open position for which judging could change something; quotes are written already."""
    params = [stamp(now), stamp(looked_at), stamp(looked_at)]
    return [_candidate(row) for row in fetch(COLUMNS + RESTLESS, params)]


AGAIN = """
AND (p.id IN ({ids}) OR (p.market_id IN ({markets})
     AND (q.bid_f <= k.quiet_low OR q.bid_f >= k.quiet_high)))
ORDER BY p.id
"""


def again(ids: Mapping[int, int]) -> list[Candidate]:
    """The open positions `ids` (with their markets) after these markets were read once more, and
    every neighbour there whose quiet band the new bid has left: later passes see no change.
    """
    if not ids:
        return []
    markets = sorted(set(ids.values()))
    marks = {"ids": ", ".join("%s" for _ in ids), "markets": ", ".join("%s" for _ in markets)}
    return [_candidate(row) for row in fetch(COLUMNS + AGAIN.format(**marks), [*ids, *markets])]


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


POINTS = """
SELECT market_id, since, until, bid FROM positions_pricepoint
WHERE market_id IN ({marks}) AND until >= %s ORDER BY id
"""
LAST_RUNS = """
SELECT market_id, bid_since, bid_at, bid FROM positions_quote
WHERE market_id IN ({marks}) AND bid IS NOT NULL
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
    marks = ", ".join("%s" for _ in longest)
    start = now - timedelta(minutes=float(max(longest.values())))
    rows = fetch(POINTS.format(marks=marks), [*longest, stamp(start)])
    rows += fetch(LAST_RUNS.format(marks=marks), [*longest])
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
