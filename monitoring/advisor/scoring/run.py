"""The job: plans, looks back at what is due, and says when to look again."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from monitoring.advisor.scoring import reading
from monitoring.advisor.scoring.judge import SELLING, Taken, judge
from monitoring.advisor.scoring.past import bid_at, runs_near
from monitoring.advisor.scoring.plan import Horizon, near, next_due, plan
from monitoring.models import Decision, Score
from positions.domain.pnl import FillPart, fee, proceeds
from positions.models import Market
from positions.venues.registry import source_for

logger = logging.getLogger(__name__)

MOST = 500  # scores of one run


@dataclass(frozen=True, slots=True)
class Scored:
    """Counts of one run. `excluded`: nobody knows the price of that time; `again_at`: when the next
    score falls due, None where none is planned.
    """

    planned: int
    scored: int
    excluded: int
    again_at: datetime | None


def score_due(now: datetime, *, source: reading.Source = source_for) -> Scored:
    """Looks back at every decision whose time has come; what was missed while nothing ran is caught
    up on from the price history. Safe at any time: a score is written once.
    """
    planned = plan()
    rows = Score.objects.filter(at=None).select_related(
        "decision__position__market", "decision__question__exit"
    )
    ended = _ends(rows.filter(horizon=Horizon.END), now, source)
    due = list(rows.filter(due_at__lte=now).exclude(horizon=Horizon.END).order_by("due_at")[:MOST])
    now_told = reading.bids(
        reading.unwatched(
            _market(score).pk for score in due if _lately(score, now) and _known(score) is None
        ),
        source=source,
    )
    results = [_close(score, now, now_told) for score in due] + ended
    return Scored(planned, results.count(True), results.count(False), next_due(now))


def _ends(rows: Iterable[Score], now: datetime, source: reading.Source) -> list[bool | None]:
    """Scores of markets that are resolved, after asking the unwatched ones."""
    waiting = list(rows)
    open_ = {_market(score).pk for score in waiting if _settled(_market(score)) is None}
    reading.learn_ends(reading.unwatched(open_), now, source=source)
    markets = Market.objects.in_bulk({_market(score).pk for score in waiting})
    results: list[bool | None] = []
    for score in waiting:
        market = markets[_market(score).pk]
        price = _settled(market)
        if price is not None:
            score.due_at = market.status_at or now
            results.append(_write(score, price, now))
    return results


def _close(score: Score, now: datetime, now_told: Mapping[int, Decimal]) -> bool | None:
    """True where it is judged, False where it never can be, None where a price may still come."""
    bid = _known(score)
    if bid is None and _lately(score, now):
        bid = now_told.get(_market(score).pk)
        if bid is None:
            return None
    return _write(score, bid, now)


def _known(score: Score) -> Decimal | None:
    """The price of the due time from our own rows: the payout where the market had ended by then."""
    market, due, close = _market(score), score.due_at, near(score.horizon)
    assert due is not None
    price = _settled(market)
    if price is not None and market.status_at is not None and market.status_at - close <= due:
        return price
    return bid_at(runs_near(market.pk, due, close), due, close)


def _write(score: Score, bid: Decimal | None, now: datetime) -> bool:
    """Once, whoever comes first; whether it could be judged."""
    taken = taken_of(score.decision)
    judged = None if bid is None or taken is None else judge(taken, bid)
    Score.objects.filter(pk=score.pk, at=None).update(
        at=now,
        due_at=score.due_at,
        bid=bid,
        net=taken.net if taken else None,
        right=judged.right if judged else None,
        regret=judged.regret if judged else None,
    )
    return judged is not None


def taken_of(decision: Decision) -> Taken | None:
    """The decision with what a share brought, or would have brought at its bid; None without one."""
    if decision.bid is None:
        return None
    market = decision.position.market
    net = _brought(decision)
    if net is None:
        net = net_of(market, decision.bid, decision.position.bought)
    return Taken(decision.verdict, decision.bid, net, market.payout)


def net_of(market: Market, bid: Decimal, shares: Decimal) -> Decimal:
    """What a share brings at this bid after the taker's fee."""
    paid = fee(shares, bid, market.fee_rate, market.fee_exponent, market.payout)
    return bid - paid / shares


def _brought(decision: Decision) -> Decimal | None:
    """What a share of the sale brought that followed from this decision; None where none did."""
    question = decision.question
    if decision.verdict not in SELLING or question.exit is None or not question.exit.filled:
        return None
    if question.decisions.filter(pk__gt=decision.pk).exists():  # it was asked again before the sale
        return None
    fills = [FillPart(*row) for row in question.exit.fills.values_list("price", "shares", "fee")]
    return proceeds(fills) / sum((part.shares for part in fills), Decimal(0))


def _market(score: Score) -> Market:
    return score.decision.position.market


def _settled(market: Market) -> Decimal | None:
    return market.settle_price if market.state == Market.State.RESOLVED else None


def _lately(score: Score, now: datetime) -> bool:
    """Whether a price of now would still be near enough to its time."""
    return score.due_at is not None and now - score.due_at <= near(score.horizon)
