"""May a decision be carried out without a person? Pure: each guard that fails gives a sentence.

They cap what a wrong or a fooled model can do: sell early, at a fresh price, so many times a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.questions.bids import fell, moved
from monitoring.questions.evidence import publishers
from monitoring.questions.silence import PRICE_RULES, PUBLISHERS
from positions.domain.pnl import plain
from positions.models import AdvicePolicy, Market

OLDEST = timedelta(seconds=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of now: the usable `bid` or None and the `problem`, told at `told_at`; `interval`:
    seconds between passes.
    """

    bid: Decimal | None
    problem: str
    told_at: datetime | None
    interval: int
    market: Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was decided: on a view of the moment `seen_at`, at `bid`, against this thesis. `before`: the bid when the
    question was asked, or when its first headline came, whichever is the higher.
    """

    rule: str
    confidence: Decimal | None
    evidence: Sequence[Mapping[str, Any]]
    seen_at: datetime
    bid: Decimal | None
    before: Decimal | None
    thesis_version: int = 0
    fallback: bool = False
    demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What else holds now: past AI sales of the position, exits paused or under way, settings, the
    version of its thesis.
    """

    last_sale: datetime | None
    sales_today: int
    paused: bool
    selling: bool
    fallback_may_sell: bool
    thesis_version: int = 0


def limits(
    judged: Judged, price: Price, house: House, policy: AdvicePolicy, now: datetime
) -> list[str]:
    """Why it is not sold without a person; empty: it may be."""
    return [
        *_who(judged, house, policy),
        *_price(judged, price, now),
        *_thesis(judged, house),
        *_pace(house, policy, now),
        *_grounds(judged, price),
    ]


def freshness(interval: int) -> timedelta:
    """How old a price may be: 60 s, or two intervals where passes are rarer than every 30 s."""
    return timedelta(seconds=max(60, 2 * interval))


def _who(judged: Judged, house: House, policy: AdvicePolicy) -> Iterator[str]:
    if judged.demo:
        yield _("Recorded answers of the demo never sell by themselves.")
    if judged.fallback and not house.fallback_may_sell:
        yield _("The fallback provider has answered, which may not sell by itself.")
    if judged.confidence is None or judged.confidence < policy.min_confidence:
        yield _("Confidence %(is)s, %(needed)s is needed.") % {
            "is": "?" if judged.confidence is None else plain(judged.confidence),
            "needed": plain(policy.min_confidence),
        }


def usable(price: Price, now: datetime) -> Iterator[str]:
    """Why nothing may be sold at this price by itself; nothing: it may."""
    if price.bid is None:
        yield _("There is no usable price now: %(why)s.") % {"why": price.problem}
    elif price.told_at is None or now - price.told_at > freshness(price.interval):
        yield _("The price is older than %(seconds)s seconds.") % {
            "seconds": int(freshness(price.interval).total_seconds())
        }


def _price(judged: Judged, price: Price, now: datetime) -> Iterator[str]:
    yield from usable(price, now)
    if judged.bid is None:
        yield _("There was no usable price when it was decided.")
    if moved(price.market, judged.bid, price.bid):
        yield _("The price has moved by more than 3 cents since.")
    if now - judged.seen_at > OLDEST:
        yield _("The decision is older than 2 minutes.")


def _thesis(judged: Judged, house: House) -> Iterator[str]:
    if judged.thesis_version != house.thesis_version:
        yield _("The thesis has been changed since.")


def _pace(house: House, policy: AdvicePolicy, now: datetime) -> Iterator[str]:
    pause = timedelta(minutes=policy.cooldown_minutes)
    if house.last_sale is not None and now - house.last_sale < pause:
        yield ngettext(
            "The last AI sale was less than %(n)s minute ago.",
            "The last AI sale was less than %(n)s minutes ago.",
            policy.cooldown_minutes,
        ) % {"n": policy.cooldown_minutes}
    if house.sales_today >= policy.daily_sells:
        yield ngettext(
            "No more than %(n)s AI sale a day.",
            "No more than %(n)s AI sales a day.",
            policy.daily_sells,
        ) % {"n": policy.daily_sells}
    if house.paused:
        yield _("All exits are paused.")
    if house.selling:
        yield _("An exit of this position is running already.")


def _grounds(judged: Judged, price: Price) -> Iterator[str]:
    if not rests_on_news(judged) or confirmed(judged, price):
        return
    found = len(publishers(judged.evidence))
    if found < PUBLISHERS:
        yield ngettext(
            "It rests on the news of %(n)s publisher, and the price does not confirm it.",
            "It rests on the news of %(n)s publishers, and the price does not confirm it.",
            found,
        ) % {"n": found}


def rests_on_news(judged: Judged) -> bool:
    """Whether news is the only ground; a price rule that has fired is one of its own."""
    cited = any(one.get("kind") == "headline" for one in judged.evidence)
    return judged.rule == "ai_alert" or (cited and judged.rule not in PRICE_RULES)


def confirmed(judged: Judged, price: Price) -> bool:
    """Whether the price has moved against us by 3 cents or more since the news."""
    return fell(price.market, judged.before, price.bid)
