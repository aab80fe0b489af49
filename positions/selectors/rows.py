"""Positions with everything a page shows of them, as `presenting.rows.Row`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet

from positions.domain.policy import Policy, effective
from positions.domain.quotes import STALE, max_age_seconds
from positions.domain.state import WatchState, load
from positions.domain.stops import trail_level
from positions.domain.views import Held
from positions.models import LIVE_EXIT_STATES, Exit, Fill, Mark, Position, Quote
from positions.presenting.rows import ExitNow, Row
from positions.selectors.prices import DAY, Sparks, runs_of, spark_runs
from positions.services.switches import exits_are_paused

RELATED = ("market__quote", "strategy__policy", "mark", "policy", "thesis")


def open_rows(
    now: datetime, *, ids: Iterable[int] | None = None, sparks: Sparks | None = None
) -> list[Row]:
    """Every open position (or those of `ids`), oldest first. `sparks`: past bids read before."""
    wanted = _positions().filter(state=Position.State.OPEN).order_by("id")
    if ids is not None:
        wanted = wanted.filter(pk__in=list(ids))
    positions = list(wanted)
    live = Exit.objects.filter(state__in=LIVE_EXIT_STATES)
    if ids is not None:
        live = live.filter(position__in=positions)
    exits = {one.position_id: one for one in live}
    if sparks is None:
        quotes = {one.market_id: quote for one in positions if (quote := _quote(one))}
        sparks = spark_runs(quotes.values(), now)
    paused = exits_are_paused()
    return [replace(_row(one, exits.get(one.pk), sparks, now), paused=paused) for one in positions]


def closed_rows(now: datetime, *, since: timedelta = DAY, most: int = 50) -> list[Row]:
    """Positions closed within `since`, the latest first; `bid` is what a share brought on average."""
    wanted = _positions().filter(state=Position.State.CLOSED, closed_at__gte=now - since)
    positions = list(wanted.order_by("-closed_at", "-id")[:most])
    prices = _average_sales(positions)
    rows = (_row(one, None, {}, now) for one in positions)
    return [replace(one, bid=prices.get(one.id), ask=None, problem="") for one in rows]


def row(position_id: int, now: datetime) -> Row | None:
    """One position, open or closed, with all the past bids that its window rules look back on."""
    found = _positions().filter(pk=position_id).first()
    if found is None:
        return None
    live = Exit.objects.filter(position=found, state__in=LIVE_EXIT_STATES).first()
    minutes = _policy(found)[0].window_minutes
    span = max(DAY, timedelta(minutes=float(minutes))) if minutes else DAY
    one = _row(found, live, {found.market_id: runs_of(found.market_id, now - span)}, now)
    if one.is_open:
        return replace(one, paused=exits_are_paused())
    return replace(one, bid=_average_sales([found]).get(found.pk), ask=None, problem="")


def _positions() -> QuerySet[Position]:
    # A thousand words a market that no page shows: the feed reads these rows again and again.
    return Position.objects.select_related(*RELATED).defer("market__criteria")


def _row(position: Position, leave: Exit | None, sparks: Sparks, now: datetime) -> Row:
    market, quote = position.market, _quote(position)
    policy, broken = _policy(position)
    return Row(
        id=position.pk,
        question=market.question,
        outcome=market.outcome,
        held=_held(position),
        policy=policy,
        state=_state(position, policy),
        entry_fees=position.entry_fees,
        fee_rate=market.fee_rate,
        fee_exponent=market.fee_exponent,
        strategy=position.strategy.name if position.strategy else "",
        link=market.url,
        demo=position.is_demo,
        dust=position.is_dust,
        muted_until=position.muted_until,
        bid=quote.bid if quote else None,
        ask=quote.ask if quote else None,
        bid_at=quote.bid_at if quote else None,
        kind=quote.kind if quote else "book",
        problem=_problem(position, quote, policy, now),
        exit=_exit(leave),
        is_open=position.state == Position.State.OPEN,
        closed_at=position.closed_at,
        close_reason=position.close_reason,
        realised=position.realised_pnl,
        broken=broken,
        absent=position.absent_since is not None,
        wallet_shares=position.wallet_shares,
        runs=sparks.get(position.market_id, ()),
    )


def _held(position: Position) -> Held:
    market = position.market
    ends = [at for at in (market.game_at, market.ends_at) if at is not None]
    thesis = getattr(position, "thesis", None)
    return Held(
        entry=position.entry_price,
        shares=position.shares,
        bought=position.bought,
        opened_at=position.opened_at,
        payout=market.payout,
        currency=market.currency,
        tick=market.tick,
        min_size=market.min_size,
        ends_at=min(ends, default=None),
        probability=thesis.probability if thesis else None,
    )


def _policy(position: Position) -> tuple[Policy, str]:
    """The effective policy; an unreadable one guards nothing, and why is told."""
    strategy = position.strategy
    inherited = getattr(strategy, "policy", None) if strategy else None
    own = getattr(position, "policy", None)
    try:
        return effective(inherited.document if inherited else "", own.document if own else ""), ""
    except ValueError as error:  # PolicyError, or JSON that was damaged outside the product
        return Policy(), str(error)


def _state(position: Position, policy: Policy) -> WatchState:
    """The watch's memory; a calm pass raises the best bid alone, and the trailing level follows."""
    mark: Mark | None = getattr(position, "mark", None)
    if mark is None:
        return WatchState()
    state = load(mark.state)
    best = max((one for one in (mark.best, state.best) if one is not None), default=None)
    state = replace(state, best=best)
    return replace(state, trail_level=trail_level(policy, position.entry_price, state))


def _quote(position: Position) -> Quote | None:
    try:
        return position.market.quote
    except ObjectDoesNotExist:
        return None


def _problem(position: Position, quote: Quote | None, policy: Policy, now: datetime) -> str:
    """Why no rule may read the price now; empty when it may. A quiet market is not stale."""
    if quote is None:
        return ""
    mark: Mark | None = getattr(position, "mark", None)
    if quote.problem or (mark and mark.problem):
        return quote.problem or (mark.problem if mark else "")
    if quote.told_at is None:
        return ""
    limit = max_age_seconds(policy, Decimal(settings.MONITOR_INTERVAL))
    return STALE if (now - quote.told_at).total_seconds() > limit else ""


def _exit(leave: Exit | None) -> ExitNow | None:
    if leave is None:
        return None
    return ExitNow(
        rule=leave.rule,
        state=leave.state,
        shares=leave.shares,
        filled=leave.filled,
        problem=leave.problem,
    )


def _average_sales(positions: list[Position]) -> dict[int, Decimal]:
    """What a share of each position brought on average before fees, by position id."""
    sums: dict[int, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    fills = Fill.objects.filter(exit__position__in=positions)
    for position_id, price, shares in fills.values_list("exit__position_id", "price", "shares"):
        sums[position_id][0] += price * shares
        sums[position_id][1] += shares
    return {position_id: gross / sold for position_id, (gross, sold) in sums.items() if sold}
