"""Questions and what became of them, headlines and what screeners said of them, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.models import Decision, Headline, Question, Screening
from monitoring.presenting.decisions import DecisionView, decision_view, is_rules, safe_url
from monitoring.questions.silence import sells_unanswered
from positions.domain.wording import price_text, shares_text, signed_money_text
from positions.models import AdvicePolicy, Exit
from positions.presenting.badges import Badge
from positions.presenting.text import first_up

State, Rule, Direction = Question.State, Question.Rule, Screening.Direction

NAMES: Mapping[str, Promise] = {
    Rule.SOFT_STOP: gettext_lazy("Soft stop"),
    Rule.ADVERSE_MOVE: gettext_lazy("Adverse move"),
    Rule.AI_ALERT: gettext_lazy("News against the thesis"),
    Rule.REVIEW: gettext_lazy("Review of the thesis"),
    Rule.ASKED: gettext_lazy("Asked by hand"),
}
ICONS: Mapping[str, str] = {
    Rule.SOFT_STOP: "stop",
    Rule.ADVERSE_MOVE: "trend",
    Rule.AI_ALERT: "news",
    Rule.REVIEW: "clock",
    Rule.ASKED: "user",
}
STATES: Mapping[str, tuple[str, str, Promise]] = {
    State.WAITING: ("quiet", "clock", gettext_lazy("Waits for the AI")),
    State.ASKING: ("ai", "ai", gettext_lazy("The AI is asked")),
    State.OPEN: ("warn", "ask", gettext_lazy("You decide")),
    State.APPROVED: ("good", "check", gettext_lazy("Approved")),
    State.DECLINED: ("quiet", "pause", gettext_lazy("Declined")),
    State.ACTED: ("ai", "sell", gettext_lazy("Sold by itself")),
    State.HELD: ("quiet", "check", gettext_lazy("Held")),
    State.EXPIRED: ("warn", "clock", gettext_lazy("Not answered")),
    State.OVERTAKEN: ("quiet", "out", gettext_lazy("Overtaken")),
}
DIRECTIONS: Mapping[str, tuple[str, str, Promise]] = {
    Direction.AGAINST: ("warn", "warn", gettext_lazy("Against you")),
    Direction.FOR: ("good", "trend", gettext_lazy("For you")),
    Direction.UNCLEAR: ("quiet", "ask", gettext_lazy("Unclear")),
    Direction.NONE: ("quiet", "check", gettext_lazy("Nothing of note")),
}


@dataclass(frozen=True, slots=True)
class QuestionView:
    """`live`: it may still be answered; `open`: a person is asked, until `left`, and `unanswered` says
    what silence does. `note`: why a person is asked, where no decision says it; `end`: what became of it; `sale`: how far its
    exit is. Prices are texts, "" for none.
    """

    id: int
    name: str
    icon: str
    urgent: bool
    badges: list[Badge]
    live: bool
    open: bool
    market: str
    outcome: str
    position_id: int
    reason: str
    bid: str
    level: str
    limits: list[str]
    note: str
    left: datetime | None
    unanswered: str
    end: str
    closed_at: datetime | None
    sale: str
    can_reopen: bool
    asked_by: str
    demo: bool
    asked_at: datetime
    decision: DecisionView | None = None


@dataclass(frozen=True, slots=True)
class HeadlineView:
    """`marks`: what each screener said, the latest first; `suspected`: it holds what looks like an
    instruction to an AI.
    """

    id: int
    title: str
    url: str
    source: str
    at: datetime
    suspected: bool
    demo: bool
    summary: str
    marks: list[tuple[list[Badge], str]] = field(default_factory=list)


def question_view(
    row: Question,
    decision: Decision | None,
    advice: AdvicePolicy,
    now: datetime,
    *,
    scored: int,
    thesis: int,
) -> QuestionView:
    """One question with its latest decision; `row.position.market` and `row.exit` must be loaded.
    `scored`: as `decision_view` wants it. `thesis`: the version of the position's thesis, 0 without.
    """
    market, live = row.position.market, row.state in Question.LIVE
    is_open = row.state == State.OPEN
    tone, icon, text = STATES[State(row.state)]
    said = first_up(row.outcome)
    return QuestionView(
        id=row.pk,
        name=rule_name(row.rule),
        icon=ICONS.get(row.rule, "ask"),
        urgent=row.urgency == "critical",
        badges=[Badge(tone=tone, icon=icon, text=str(text))],
        live=live,
        open=is_open,
        market=market.question,
        outcome=market.outcome,
        position_id=row.position_id,
        reason=first_up(row.reason),
        bid=_price(row, row.bid),
        level=_price(row, row.level),
        limits=[one for one in row.limits if isinstance(one, str)],
        note=said if live and decision is None else "",
        left=row.answer_until if is_open else None,
        unanswered=_silence(row, decision, advice, thesis) if is_open else "",
        end="" if live else _end(row, decision) or str(text),
        closed_at=row.closed_at,
        sale=sale_text(row.exit, market.currency) if row.exit else "",
        can_reopen=_can_reopen(row, now),
        asked_by=row.asked_by,
        demo=row.position.is_demo,
        asked_at=row.asked_at,
        decision=None if decision is None else decision_view(decision, scored=scored),
    )


def rule_name(rule: str) -> str:
    """What asks, in words."""
    return str(NAMES.get(rule, rule))


def _silence(row: Question, decision: Decision | None, advice: AdvicePolicy, thesis: int) -> str:
    """What comes when nobody answers this very question."""
    silence = sells_unanswered(row, decision, advice, thesis_version=thesis)
    if silence.sells:
        return _("Without an answer it is sold.")
    return _("Without an answer: %(why)s. Its stops stay armed.") % {"why": silence.why}


def mode_text(advice: AdvicePolicy) -> str:
    """What the AI stage may do with a position, in one or two sentences."""
    Mode = AdvicePolicy.Mode  # noqa: N806
    if advice.mode == Mode.AUTO:
        first = _("Sells by itself within its guards, else asks you.")
    elif advice.mode == Mode.AUTO_HOURS:
        first = _("Sells by itself from %(start)s to %(end)s (%(zone)s), else asks you.") % {
            "start": f"{advice.auto_from:%H:%M}" if advice.auto_from else "–",
            "end": f"{advice.auto_to:%H:%M}" if advice.auto_to else "–",
            "zone": advice.time_zone,
        }
    else:
        first = _("Asks you before anything is sold.")
    wait = _("You have %(n)d min to answer.") % {"n": advice.answer_minutes}
    sells = advice.if_unanswered == AdvicePolicy.Unanswered.SELL
    last = _("Without an answer it sells.") if sells else _("Without an answer it holds.")
    return f"{first} {wait} {last}"


def sale_text(leave: Exit, currency: str) -> str:
    """How far a sale is: `Partly sold: 300 of 880 shares, +$12.00`."""
    words = {
        "state": leave.get_state_display(),
        "sold": shares_text(leave.filled),
        "all": shares_text(leave.shares),
    }
    said = _("%(state)s: %(sold)s of %(all)s shares") % words
    return f"{said}, {signed_money_text(leave.pnl, currency)}" if leave.filled else said


def headline_view(row: Headline, screenings: Iterable[Screening]) -> HeadlineView:
    """One headline with what was said of it for one position, newest first."""
    said = list(screenings)
    return HeadlineView(
        id=row.pk,
        title=row.title,
        url=safe_url(row.url),
        source=row.publisher or row.domain or _("unknown source"),
        at=row.published_at or row.first_seen,
        suspected=any(one.suspected for one in said),
        demo=row.is_demo,
        summary=next((one.summary for one in said if one.summary), ""),
        marks=[([direction_badge(one)], screener_name(one.screener)) for one in said],
    )


def direction_badge(one: Screening) -> Badge:
    """Which way the news points for the side that is held; red where it also presses."""
    tone, icon, text = DIRECTIONS[Direction(one.direction)]
    if one.direction == Direction.AGAINST and one.urgency in {"high", "critical"}:
        tone = "crit"
    return Badge(tone=tone, icon=icon, text=str(text))


def screener_name(screener: str) -> str:
    """Who said it: a model with its prompt, or the rules by their own name."""
    return _("Rules (no AI)") if is_rules(screener) else screener


def _end(row: Question, decision: Decision | None) -> str:
    """What became of it; what merely repeats the decision that stands above it is said shorter."""
    if row.state == State.HELD and decision is not None:
        return _("Held: nothing was sold, its stops stay armed.")
    return first_up(row.outcome)


def _can_reopen(row: Question, now: datetime) -> bool:
    waits = row.answer_until is not None and row.answer_until > now
    return row.state == State.DECLINED and waits


def _price(row: Question, price: Decimal | None) -> str:
    market = row.position.market
    return "" if price is None else price_text(price, market.payout, market.currency)
