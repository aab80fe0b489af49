"""Reads what a view needs, and what the guards need: the only place here that asks the database for
positions and prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from monitoring.advisor.budget import limit, spend_today
from monitoring.advisor.deciding.guards import House, Price
from monitoring.advisor.deciding.view import SPANS, Facts, News, bid_at
from monitoring.advisor.news.unseen import MOST, OLDEST, mentioned, oldest
from monitoring.advisor.screening.suspicion import suspicious
from monitoring.models import AICall, Decision, Headline, Question, Screening
from monitoring.questions.bids import bid_now
from monitoring.questions.silence import PRICE_RULES
from monitoring.questions.telling import confidence_text, stamp
from positions import selectors
from positions.domain.pnl import plain
from positions.models import LIVE_EXIT_STATES, Exit, Position, Quote, Thesis
from positions.presenting.rows import Row
from positions.selectors import runs_of
from positions.services import exits_are_paused, thesis_version
from positions.services.closing import AI_EXIT

TENTH = Decimal("0.1")
NEWS_LAG = timedelta(hours=1)  # what a feed and our looking at it may be late


def facts_of(question: Question, now: datetime) -> Facts | None:
    """All that is shown of the question's position; None once it is closed."""
    rows = selectors.open_rows(now, ids=[question.position_id], sparks={})
    if not rows:
        return None
    row, position = rows[0], question.position
    market = position.market
    thesis = Thesis.objects.filter(position=position).first() or Thesis(version=0)
    quote = Quote.objects.filter(market=market).first()
    return Facts(
        now=now,
        question=market.question,
        outcome=market.outcome,
        venue=market.venue,
        currency=market.currency,
        payout=market.payout,
        criteria=market.criteria,
        ends_at=row.held.ends_at,
        opened_at=position.opened_at,
        entry=position.entry_price,
        bid=row.bid if row.priced else None,
        problem=row.problem,
        told_at=quote.told_at if quote else None,
        pnl_pct=_pnl_pct(row),
        book_pct=_book_pct(position),
        thesis=thesis.text,
        thesis_version=thesis.version,
        probability=thesis.probability,
        rule=question.rule,
        urgency=question.urgency,
        reason=_reason(question),
        asked_at=question.asked_at,
        asked_bid=question.bid,
        level=question.level,
        runs=runs_of(market.pk, now - SPANS["7d"]),
        news=news_of(
            position, list(question.headlines.order_by("-published_at", "-pk")[:MOST]), now
        ),
        last=_last(question),
    )


def _reason(question: Question) -> str:
    """The trigger in words. Those of the price rules are ours; a screener's summary is a model's
    text about strangers' text: it never enters the next model's prompt, the headlines do.
    """
    if question.rule in PRICE_RULES:
        return question.reason
    if question.rule == Question.Rule.AI_ALERT:
        return _("The screen has flagged news that may be against this side.")
    if question.rule == Question.Rule.REVIEW:
        return _("The day has come on which the holder wanted the thesis reviewed.")
    return _("The holder asks whether to keep the position.")


def _pnl_pct(row: Row) -> Decimal | None:
    if not row.priced or row.bid is None or row.cost <= 0:
        return None
    part = row.pnl_at(row.bid) / row.cost * 100
    return part.quantize(TENTH, rounding=ROUND_HALF_EVEN)


def _book_pct(position: Position) -> Decimal | None:
    """The position's part of all that is held in its currency, by cost."""
    rows = Position.objects.filter(
        state=Position.State.OPEN,
        is_demo=position.is_demo,
        market__currency=position.market.currency,
    )
    costs = rows.values_list("shares", "entry_price")
    whole = sum((shares * price for shares, price in costs.iterator(chunk_size=500)), Decimal(0))
    if whole <= 0:
        return None
    part: Decimal = position.shares * position.entry_price / whole * 100
    return part.quantize(TENTH, rounding=ROUND_HALF_EVEN)


def news_of(position: Position, flagged: Sequence[Headline], now: datetime) -> list[News]:
    """The flagged headlines, then the position's newest, 15 in all; none that is suspected of
    carrying instructions.
    """
    suspects = Screening.objects.filter(position=position, suspected=True)
    bad = set(suspects.values_list("headline", flat=True))
    others = list(mentioned(position.pk, oldest(position.opened_at, now))[: 2 * MOST])
    mine = {one.pk for one in flagged}
    rows = [*flagged, *(one for one in others if one.pk not in mine)]
    fit = [row for row in rows if row.pk not in bad and not suspicious(row.title)]
    return [_one(row, flagged=row.pk in mine) for row in fit[:MOST]]


def _one(row: Headline, *, flagged: bool) -> News:
    return News(
        pk=row.pk,
        key=row.key,
        title=row.title,
        publisher=row.publisher,
        domain=row.domain,
        url=row.url,
        at=row.published_at or row.first_seen,
        trust=row.trust,
        flagged=flagged,
    )


def _last(question: Question) -> dict[str, Any] | None:
    """The latest decision of an AI on this position. Without its prose: what a model wrote about
    strangers' texts is no word of ours.
    """
    rows = Decision.objects.filter(position=question.position_id)
    row = rows.exclude(verdict=Decision.Verdict.ASK).order_by("-id").first()
    if row is None:
        return None
    return {
        "decision": row.verdict.upper(),
        "confidence": confidence_text(row.confidence),
        "thesis_status": row.thesis_status,
        "thesis_version": row.thesis_version,
        "at": stamp(row.at),
        "bid": "unknown" if row.bid is None else plain(row.bid),
        "carried_out": Exit.objects.filter(questions__decisions=row).exists(),
    }


def price_of(position: Position, now: datetime) -> Price:
    """The price at which it could be sold now, and how old it is."""
    bid = bid_now(position.pk, now)
    quote = Quote.objects.filter(market=position.market_id).first()
    return Price(
        bid=bid.bid,
        problem=bid.problem,
        told_at=quote.told_at if quote else None,
        interval=settings.MONITOR_INTERVAL,
        market=position.market,
    )


def house_of(position: Position, now: datetime) -> House:
    """Past AI sales of the position, the house's switch, exits under way, settings, the thesis."""
    sales = Exit.objects.filter(position=position, rule=AI_EXIT)
    sales = sales.exclude(Q(state=Exit.State.CANCELLED) & Q(fills__isnull=True))
    made = list(sales.distinct().values_list("created_at", flat=True))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return House(
        last_sale=max(made, default=None),
        sales_today=sum(1 for at in made if at >= midnight),
        paused=exits_are_paused(),
        selling=Exit.objects.filter(position=position, state__in=LIVE_EXIT_STATES).exists(),
        fallback_may_sell=settings.AI_FALLBACK_MAY_SELL,
        thesis_version=thesis_version(position.pk),
    )


def used_up(question: Question, now: datetime) -> bool:
    """Whether the position's calls of the day are used up; price rules have as many again for
    themselves. A person's own question and a critical trigger are beyond it: the daily cap bounds
    those.
    """
    if question.rule == Question.Rule.ASKED or question.urgency == "critical":
        return False
    calls = AICall.objects.filter(
        Q(cost=None) | Q(cost__gt=0),
        purpose=AICall.Purpose.DECIDE,
        position=question.position_id,
        day=now.date(),
    )
    mine = calls.exclude(question__rule=Question.Rule.ASKED)
    if question.rule in PRICE_RULES:  # loud news must not silence a price that falls
        mine = mine.filter(question__rule__in=PRICE_RULES)
    return mine.count() >= settings.AI_POSITION_DAILY_DECISIONS


def to_spare(now: datetime) -> bool:
    """Whether there is money for what has time: less than half of that for uncritical calls is used.
    A day on which all theses are to be reviewed must leave some for the stops that ask.
    """
    return spend_today(now).used * 2 < limit(critical=False)


def before(question: Question, now: datetime, cited: list[Any]) -> Decimal | None:
    """The bid from which a confirming move is counted: when the question was asked, or when the
    first cited headline came, whichever is the higher.
    """
    pks = [one.get("headline") for one in cited if one.get("kind") == "headline"]
    rows = Headline.objects.filter(pk__in=[pk for pk in pks if pk is not None])
    came = [_came(row) for row in rows]
    bids = [question.bid]
    if came:
        first = max(min(came), now - OLDEST, question.position.opened_at)
        runs = runs_of(question.position.market_id, first - timedelta(hours=1))
        bids.append(bid_at(runs, first))
    return max((bid for bid in bids if bid is not None), default=None)


def _came(headline: Headline) -> datetime:
    """When it was published by its own word, an hour before we saw it at most: whoever dates his
    headline back would else find a fall that confirms it.
    """
    earliest: datetime = headline.first_seen - NEWS_LAG
    told: datetime = headline.published_at or headline.first_seen
    return max(told, earliest)
