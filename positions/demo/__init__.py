"""The sample book: a stop, a target, a momentum exit, a hold and a price error within a minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_q.models import Schedule

from positions import journal
from positions.bookings import book_sale
from positions.demo.cast import CLOSED_AGO, SAMPLES, Sample
from positions.domain.state import WatchState, dump
from positions.domain.window import Run
from positions.exits import closed_entry
from positions.locks import hold_book
from positions.markets import TOLD, market_row
from positions.models import (
    AdvicePolicy,
    Mark,
    Market,
    Position,
    PricePoint,
    Quote,
    Strategy,
    Thesis,
)
from positions.services import ServiceError, position_open
from positions.signals import demo_removed
from positions.strategies import ensure_shipped
from positions.venues import simulated, simulation

HOUR = timedelta(hours=1)
LOOK, LOOKS = "demo look", (30, 45)  # seconds from the beginning, when all events have begun
# Seconds from the beginning at which the news is read: what is old already, and what comes later.
NEWS_LOOK, NEWS_LOOKS = "demo look at the news", (10, 70)
ANSWER_MINUTES = 24 * 60
STEP = 30  # seconds between the readings of the hour before


class DemoLoadedError(ServiceError):
    """The demo is there already; nothing was changed."""


def load(now: datetime, *, actor: str = "demo") -> list[Position]:
    """Adds the sample positions, opened an hour ago and watched ever since, with its prices.

    Their markets' events count from `now` (UTC). Raises DemoLoadedError.
    """
    with transaction.atomic():
        hold_book()
        if Position.objects.filter(is_demo=True).exists():
            raise DemoLoadedError(
                _("The demo is loaded already; `manage.py demo --clear` removes it.")
            )
        ensure_shipped()
        _look_soon(now)
        return [_load(sample, now, actor) for sample in SAMPLES]


def _look_soon(now: datetime) -> None:
    """Asks for passes when the events are due, where the interval would let them wait, and for
    looks at the news.
    """
    passes = LOOKS if settings.MONITOR_INTERVAL > STEP else ()
    jobs = [(LOOK, "monitor", seconds) for seconds in passes]
    jobs += [(NEWS_LOOK, "screen", seconds) for seconds in NEWS_LOOKS]
    for name, job, seconds in jobs:
        Schedule.objects.create(
            name=f"{name} {seconds}",
            func=f"monitoring.tasks.{job}",
            schedule_type=Schedule.ONCE,
            next_run=now + timedelta(seconds=seconds),
        )


def clear(now: datetime, *, actor: str = "demo") -> int:
    """Removes every demo row for good, in one transaction; how many positions there were.

    Safe beside a running pass: no pass writes while the book is held, and it passes over rows
    that are gone.
    """
    with transaction.atomic():
        hold_book()
        rows = Position.objects.filter(is_demo=True)
        found = dict(rows.values_list("pk", "market_id"))
        if not found:
            return 0
        Position.objects.filter(pk__in=found).delete()
        Schedule.objects.filter(name__startswith=LOOK).delete()
        held = Position.objects.filter(market_id__in=found.values()).values("market_id")
        Market.objects.filter(pk__in=found.values()).exclude(pk__in=held).delete()
        demo_removed.send(sender=None)
        text = ngettext(
            "demo removed: %(count)s position", "demo removed: %(count)s positions", len(found)
        ) % {"count": len(found)}
        journal.append(
            journal.entry(
                "demo_removed", text, at=now, actor=actor, data={"positions": sorted(found)}
            )
        )
    return len(found)


def _load(sample: Sample, now: datetime, actor: str) -> Position:
    opened = now - HOUR
    ended = now - CLOSED_AGO if sample.sold_at is not None else now
    payout = simulated.payout_in(sample.currency)
    scene = simulation.Scene(
        sample.key, payout, sample.scenario, ended, sample.start, sample.entry, sample.outcome
    )
    market = _market(sample, scene, now)
    runs = simulation.history(scene, sample.outcome, opened, ended, STEP)
    PricePoint.objects.filter(market=market).delete()
    position = position_open(
        market=market,
        entry_price=sample.entry,
        shares=sample.shares,
        now=opened,
        strategy=Strategy.objects.get(name=sample.strategy),
        opened_at=opened,
        policy=sample.policy,
        thesis=sample.thesis,
        probability=sample.probability,
        source="demo",
        actor=actor,
        is_demo=True,
    )
    if sample.keywords:
        Thesis.objects.filter(position=position).update(keywords=sample.keywords)
        # Whoever looks in hours later still finds the question open.
        AdvicePolicy.objects.create(position=position, answer_minutes=ANSWER_MINUTES)
    if sample.sold_at is None:
        _watched(position, scene, runs, now)
    else:
        _points(market, runs)
        _sold(position, sample.sold_at, ended)
    return position


def _market(sample: Sample, scene: simulation.Scene, now: datetime) -> Market:
    """The sample's market with its script; a row left over from an earlier demo is told anew."""
    row = market_row(simulated.info(scene, sample.outcome, sample.question, sample.currency))
    row.ends_at = sample.ends(now)
    values = {name: getattr(row, name) for name in (*TOLD, "data", "ends_at")}
    key = {name: values.pop(name) for name in ("venue", "key", "outcome")}
    return Market.objects.update_or_create(**key, defaults=values)[0]


def _watched(position: Position, scene: simulation.Scene, runs: list[Run], now: datetime) -> None:
    """As if a pass had read this market every half minute: past prices, quote, best bid."""
    market, last = position.market, runs[-1]
    _points(market, runs[:-1])
    book = simulation.book(scene, market.outcome, now)
    Quote.objects.update_or_create(
        market=market,
        defaults={
            "bid": last.bid,
            "bid_f": float(last.bid),
            "ask": book.ask,
            "top": book.top,
            "payout": market.payout,
            "problem": "",
            "told_at": now,
            "bid_at": last.until,
            "bid_since": last.since,
        },
    )
    best = max(run.bid for run in runs)
    state = WatchState(watched_since=position.opened_at, best=best, last_bid=last.bid)
    Mark.objects.filter(position=position).update(
        state=dump(state), best=best, best_f=float(best), judged_at=now
    )


def _points(market: Market, runs: list[Run]) -> None:
    PricePoint.objects.bulk_create(
        PricePoint(market=market, since=run.since, until=run.until, bid=run.bid) for run in runs
    )


def _sold(position: Position, price: Decimal, at: datetime) -> None:
    """Closed by hand at `price` before anybody looked: no alert is sent of it."""
    reason = _("closed before the demo began")
    book_sale(position, price, reason=reason, sold_at=at, now=at, closed_by="manual")
    journal.append(closed_entry(position, at))
