"""What a model is shown of a position, and what it may cite. Pure; no amounts of money, no sizes.

Numbers are texts in plain notation: prices a share in the market's currency, ages in minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from monitoring.advisor.text import clean
from monitoring.questions.telling import stamp
from positions.domain.pnl import plain
from positions.domain.window import Run

UNKNOWN = "unknown"
SPANS: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}
STEP = Decimal("0.0001")
THESIS_CHARS, CRITERIA_CHARS = 4000, 3000
PRICE_ID, TRIGGER_ID = "p1", "t1"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One headline as it came; `pk` its row, `key` the hash of its words."""

    pk: int
    key: str
    title: str
    publisher: str
    domain: str
    url: str
    at: datetime
    trust: str
    flagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the database knows of one question and its position at `now`. `bid` None: no usable
    price, `problem` says why; `runs`: past bids, oldest first, a week; `book_pct`: part of the book
    by cost; `pnl_pct`: after fees, of cost; `last`: the latest decision, without its prose.
    """

    now: datetime
    question: str
    outcome: str
    venue: str
    currency: str
    payout: Decimal | None
    criteria: str
    ends_at: datetime | None
    opened_at: datetime
    entry: Decimal
    bid: Decimal | None
    problem: str
    told_at: datetime | None
    pnl_pct: Decimal | None
    book_pct: Decimal | None
    thesis: str
    thesis_version: int
    probability: Decimal | None
    rule: str
    urgency: str
    reason: str
    asked_at: datetime
    asked_bid: Decimal | None
    level: Decimal | None
    runs: Sequence[Run] = ()
    news: Sequence[News] = ()
    last: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """The parts of a prompt. `evidence`: what may be cited, as decisions keep it."""

    position: Mapping[str, Any]
    thesis: Mapping[str, Any]
    trigger: Mapping[str, Any]
    last: Mapping[str, Any] | None
    items: Sequence[Mapping[str, Any]]
    evidence: Sequence[Mapping[str, Any]]

    @property
    def ids(self) -> frozenset[str]:
        """Every id that was sent."""
        return frozenset(str(one["id"]) for one in self.evidence)

    def cited(self, ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """Copies of what was cited, in the order of the evidence."""
        return [one for one in self.evidence if one["id"] in ids]


def view(facts: Facts) -> View:
    """The view of the facts: the same facts, the same view, to the letter."""
    path = prices(facts)
    price = {"id": PRICE_ID, "kind": "price", "text": _path_text(path), "at": stamp(facts.now)}
    trigger = {
        "id": TRIGGER_ID,
        "kind": "trigger",
        "text": facts.reason,
        "at": stamp(facts.asked_at),
    }
    news = [(f"h{number}", one) for number, one in enumerate(facts.news, 1)]
    return View(
        position=_position(facts, path),
        thesis={
            "text": clean(facts.thesis, THESIS_CHARS) or "none was written",
            "version": facts.thesis_version,
            "own_probability": _number(facts.probability),
        },
        trigger=_trigger(facts),
        last=facts.last,
        items=[_item(name, one, facts.now) for name, one in news],
        evidence=[price, trigger, *(_kept(name, one) for name, one in news)],
    )


def prices(facts: Facts) -> dict[str, str]:
    """Bids now, 1 h, 24 h and 7 days ago, and the day's range; UNKNOWN before we began to watch."""
    day = facts.now - SPANS["24h"]
    bids = [run.bid for run in facts.runs if run.until >= day]
    path = {"bid_now": _price(facts.bid)}
    for name, span in SPANS.items():
        path[f"bid_{name}_ago"] = _price(bid_at(facts.runs, facts.now - span))
    return path | {
        "low_24h": _price(min(bids, default=None)),
        "high_24h": _price(max(bids, default=None)),
    }


def bid_at(runs: Sequence[Run], at: datetime) -> Decimal | None:
    """The last usable bid at a moment; None before the first reading."""
    return next((run.bid for run in reversed(runs) if run.since <= at), None)


def _position(facts: Facts, path: Mapping[str, str]) -> dict[str, Any]:
    return {
        "venue": facts.venue,
        "question": clean(facts.question, 500),
        "outcome_held": clean(facts.outcome) or "the instrument itself",
        "a_winning_share_pays": _number(facts.payout),
        "currency": facts.currency,
        "resolution_criteria": clean(facts.criteria, CRITERIA_CHARS) or UNKNOWN,
        "resolves_at": UNKNOWN if facts.ends_at is None else stamp(facts.ends_at),
        "now": stamp(facts.now),
        "opened_at": stamp(facts.opened_at),
        "entry_price": _price(facts.entry),
        "best_bid": _price(facts.bid),
        "why_no_bid": facts.problem,
        "bid_age_seconds": None if facts.told_at is None else _seconds(facts.now - facts.told_at),
        "profit_pct_after_fees": _number(facts.pnl_pct),
        "size_pct_of_book": _number(facts.book_pct),
        "price_path": {"id": PRICE_ID, **path},
    }


def _trigger(facts: Facts) -> dict[str, Any]:
    return {
        "id": TRIGGER_ID,
        "rule": facts.rule,
        "urgency": facts.urgency,
        "what": facts.reason,
        "fired_at": stamp(facts.asked_at),
        "bid_then": _price(facts.asked_bid),
        "level": _price(facts.level),
    }


def _item(name: str, one: News, now: datetime) -> dict[str, Any]:
    """A headline as it is sent."""
    return {
        "id": name,
        "title": clean(one.title),
        "publisher": clean(one.publisher, 100) or UNKNOWN,
        "domain": clean(one.domain, 100) or UNKNOWN,
        "age_minutes": max(0, _seconds(now - one.at) // 60),
        "trust": one.trust,
        "flagged_by_the_screen": one.flagged,
    }


def _kept(name: str, one: News) -> dict[str, Any]:
    """A headline as a decision keeps it."""
    return {
        "id": name,
        "kind": "headline",
        "text": clean(one.title),
        "publisher": clean(one.publisher, 100),
        "domain": one.domain,
        "url": one.url,
        "at": stamp(one.at),
        "headline": one.pk,
        "trust": one.trust,
    }


def _path_text(path: Mapping[str, str]) -> str:
    """The price path as one line for a person."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in path.items())


def _price(value: Decimal | None) -> str:
    """At most four digits after the point."""
    if value is None:
        return UNKNOWN
    return plain(value.quantize(STEP, rounding=ROUND_HALF_EVEN))


def _number(value: Decimal | None) -> str:
    return UNKNOWN if value is None else plain(value)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
