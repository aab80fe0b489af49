"""A decision as a person reads it: verdict, confidence, grounds, and who gave it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from urllib.parse import urlsplit

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.advisor.budget import DEMO
from monitoring.advisor.scoring.figures import ENOUGH
from monitoring.models import Decision
from monitoring.questions.telling import confidence_text
from positions.domain.wording import price_text
from positions.presenting.badges import Badge

Verdict = Decision.Verdict
BAR = 40  # units of the drawing from 0 to 1
LONGEST_URL = 2000
RULES = "rules"  # how the names of what is no AI begin

VERDICTS: Mapping[str, tuple[str, Promise]] = {
    Verdict.SELL: ("sell", gettext_lazy("Sell")),
    Verdict.REDUCE: ("sell", gettext_lazy("Reduce")),
    Verdict.HOLD: ("check", gettext_lazy("Hold")),
    Verdict.ASK: ("ask", gettext_lazy("No verdict")),
}
THESES: Mapping[str, tuple[str, str, Promise]] = {
    "intact": ("quiet", "check", gettext_lazy("Thesis intact")),
    "weakened": ("warn", "warn", gettext_lazy("Thesis weakened")),
    "broken": ("crit", "stop", gettext_lazy("Thesis broken")),
    "unknown": ("quiet", "ask", gettext_lazy("Thesis: cannot tell")),
}
KINDS: Mapping[str, str] = {"headline": "news", "price": "trend", "trigger": "pulse"}
# What a person looks at before deciding, where no AI has looked.
CHECKS: Sequence[Promise] = (
    gettext_lazy("Has something happened that the thesis did not reckon with?"),
    gettext_lazy("Do two sources say so, independent of each other?"),
    gettext_lazy("Has the price moved already, or are you early?"),
    gettext_lazy("Would you buy this today, at this price?"),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was cited. `url` "" unless it is a web address; `at` None where nobody told."""

    id: str
    icon: str
    text: str
    publisher: str
    url: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionView:
    """`confidence` "0.86" and `bar` (of BAR) "" where the answer gave none; `by`: who answered, with
    model and prompt; `cited`: ids of the headlines in its evidence; `checks`: questions for a person, where no AI has answered.
    """

    id: int
    verdict: str
    sells: bool
    verdicts: list[Badge]
    theses: list[Badge]
    confidence: str
    bar: str
    uncalibrated: bool
    reasoning: str
    against: str
    evidence: list[Evidence]
    cited: frozenset[int]
    by: str
    rules: bool
    demo: bool
    cached: bool
    bid: str
    thesis_version: int
    checks: Sequence[Promise]
    at: datetime


def decision_view(row: Decision, *, scored: int) -> DecisionView:
    """One answer; `row.position.market` must be loaded. `scored`: decisions that were looked back
    at; below ENOUGH their confidence is called uncalibrated.
    """
    rules = is_rules(row.provider)
    market = row.position.market
    return DecisionView(
        id=row.pk,
        verdict=row.verdict,
        sells=row.verdict in {Verdict.SELL, Verdict.REDUCE},
        verdicts=[verdict_badge(row.verdict, rules=rules)],
        theses=_thesis(row.thesis_status),
        confidence=confidence_text(row.confidence),
        bar=_bar(row.confidence),
        uncalibrated=row.confidence is not None and scored < ENOUGH,
        reasoning=row.reasoning,
        against=row.against,
        evidence=[evidence(one) for one in row.evidence if isinstance(one, Mapping)],
        cited=_cited(row.evidence),
        by=by(row.provider, row.model, row.prompt_version),
        rules=rules,
        demo=row.provider == DEMO,
        cached=row.cached_from_id is not None,
        bid="" if row.bid is None else price_text(row.bid, market.payout, market.currency),
        thesis_version=row.thesis_version,
        checks=CHECKS if row.verdict == Verdict.ASK else (),
        at=row.at,
    )


def verdict_badge(verdict: str, *, rules: bool = False) -> Badge:
    """A word and an icon; violet where an AI said it, grey where rules did."""
    icon, text = VERDICTS.get(verdict, ("ask", verdict))
    tone = "quiet" if rules or verdict == Verdict.ASK else "ai"
    return Badge(tone=tone, icon=icon, text=str(text))


def is_rules(name: str) -> bool:
    """Whether a provider or screener of this name is no AI."""
    return not name or name.lower().startswith(RULES)


def by(provider: str, model: str, prompt: str) -> str:
    """`anthropic · claude-sonnet-5-5 · prompt d1`; "Rules (no AI)" where no model was asked."""
    name = _("Rules (no AI)") if is_rules(provider) else provider
    said = _("prompt %(version)s") % {"version": prompt} if prompt else ""
    return " · ".join(part for part in (name, model, said) if part)


def evidence(one: Mapping[str, Any]) -> Evidence:
    """A stored citation; whatever it lacks or holds in another shape is left out."""
    kind = _text(one, "kind")
    return Evidence(
        id=_text(one, "id"),
        icon=KINDS.get(kind, "list"),
        text=_text(one, "text"),
        publisher=_text(one, "publisher") or _text(one, "domain"),
        url=safe_url(_text(one, "url")),
        at=_moment(_text(one, "at")),
    )


def safe_url(url: str) -> str:
    """A stranger's address as a link, or "": only http and https to a named host."""
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if not plain:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    named = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    return url if named else ""


def _bar(value: Decimal | None) -> str:
    if value is None:
        return ""
    length = min(max(value, Decimal(0)), Decimal(1)) * BAR
    return format(length.quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN), "f")


def _thesis(status: str) -> list[Badge]:
    if status not in THESES:
        return []
    tone, icon, text = THESES[status]
    return [Badge(tone=tone, icon=icon, text=str(text))]


def _cited(stored: Iterable[Any]) -> frozenset[int]:
    ids = (one.get("headline") for one in stored if isinstance(one, Mapping))
    return frozenset(pk for pk in ids if isinstance(pk, int))


def _text(one: Mapping[str, Any], name: str) -> str:
    value = one.get(name)
    return value if isinstance(value, str) else ""


def _moment(text: str) -> datetime | None:
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
