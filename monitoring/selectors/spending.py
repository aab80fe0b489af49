"""What the AI stage costs and whom it may ask, as /monitor/ and /metrics show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count
from django.utils.functional import Promise

from monitoring.advisor.budget import DEMO, Spend, day_of, dollars, spend_today
from monitoring.advisor.port import Failure
from monitoring.advisor.prices import known
from monitoring.advisor.providers import names
from monitoring.advisor.telling import WHY, label
from monitoring.models import AICall, AIProvider
from pmsite.ai_models import AS_OF, PRICES_OLD


@dataclass(frozen=True, slots=True)
class Standing:
    """A provider. `state`: new, ok, failing, resting, no_credit or bad_key; `until`: not asked
    before; `why`: its last failure in words, while it lasts.
    """

    name: str
    label: str
    state: str
    fallback: bool
    models: tuple[str, ...]
    answered_at: datetime | None = None
    failures: int = 0
    since: datetime | None = None
    until: datetime | None = None
    why: str | Promise = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Purpose:
    """The day's calls for one purpose."""

    label: str | Promise
    calls: int
    failed: int


@dataclass(frozen=True, slots=True)
class Bill:
    """The card of /monitor/. `cap` and the like as a person reads them: `left` for any call,
    `held_back` for critical triggers beyond it; widths in percent of the cap. `budget`: off (the cap
    is zero), over or room.
    """

    day: date
    budget: str
    cap: str
    spent: str
    reserved: str
    left: str
    held_back: str
    refusals: int
    spent_width: str
    reserved_width: str
    held_at: str
    held_width: str
    purposes: list[Purpose]
    providers: list[Standing]
    unlisted: list[str]
    prices_of: date
    prices_old: bool


def bill(now: datetime) -> Bill:
    """The spending of the day of `now`, and the providers in the order they are asked."""
    spend = spend_today(now)
    providers = standings(now)
    models = dict.fromkeys(model for one in providers for model in one.models)
    everybodys = spend.cap - spend.held_back
    held_at = 0 if spend.off else 100 - _percent(spend.held_back, spend.cap)
    return Bill(
        day=spend.day,
        budget="off" if spend.off else "over" if spend.over else "room",
        cap=dollars(spend.cap),
        spent=dollars(spend.spent),
        reserved=dollars(spend.reserved),
        left=dollars(max(0, everybodys - spend.used)),
        held_back=dollars(max(0, min(spend.held_back, spend.cap - spend.used))),
        refusals=spend.refusals,
        spent_width=f"{_percent(spend.spent, spend.cap):.2f}",
        reserved_width=f"{_percent(spend.used, spend.cap):.2f}",
        held_at=f"{held_at:.2f}",
        held_width=f"{100 - held_at:.2f}",
        purposes=list(_purposes(spend)),
        providers=providers,
        unlisted=[model for model in models if known(model) is None],
        prices_of=AS_OF,
        prices_old=now.date() - AS_OF > PRICES_OLD,
    )


def standings(now: datetime) -> list[Standing]:
    """The configured providers; none means "Rules (no AI)"."""
    rows = AIProvider.objects.in_bulk(names())
    return [_standing(name, rows.get(name), now) for name in names()]


def outcomes(now: datetime) -> dict[tuple[str, str], int]:
    """The day's calls by (purpose, outcome): `answered`, `out`, `expired` or the failure's name.
    The demo's recorded ones are not counted.
    """
    day = day_of(now)
    rows = AICall.objects.filter(day=day, started_at__gte=now - timedelta(days=2))
    rows = rows.exclude(provider=DEMO).order_by()
    found: Counter[tuple[str, str]] = Counter()
    for purpose, state, failure, n in rows.values_list("purpose", "state", "failure").annotate(
        n=Count("pk")
    ):
        found[purpose, _outcome(state, failure)] += n
    return dict(found)


def _outcome(state: str, failure: str) -> str:
    if state == AICall.State.RESERVED:
        return "out"
    if state == AICall.State.EXPIRED:
        return "expired"
    return failure or "answered"


def _standing(name: str, row: AIProvider | None, now: datetime) -> Standing:
    plain = Standing(
        name=name,
        label=label(name),
        state="new",
        fallback=name != "anthropic",
        models=_models(name),
    )
    if row is None:
        return plain
    return Standing(
        name=plain.name,
        label=plain.label,
        state=_state(row, now),
        fallback=plain.fallback,
        models=plain.models,
        answered_at=row.answered_at,
        failures=row.failures,
        since=row.out_of_credit_since,
        until=row.open_until if row.open_until and row.open_until > now else None,
        why=WHY.get(row.failure, ""),
        problem=row.problem,
    )


def _state(row: AIProvider, now: datetime) -> str:
    if row.out_of_credit_since:
        return "no_credit"
    if row.failure in {Failure.AUTH, Failure.NO_KEY}:
        return "bad_key"
    if row.open_until and row.open_until > now:
        return "resting"
    if row.failure:
        return "failing"
    return "ok" if row.answered_at else "new"


def _models(name: str) -> tuple[str, ...]:
    if name == "anthropic":
        return tuple(dict.fromkeys((settings.AI_SCREEN_MODEL, settings.AI_DECIDE_MODEL)))
    return (settings.AI_FALLBACK_MODEL,)


def _purposes(spend: Spend) -> Iterator[Purpose]:
    labels = dict(AICall.Purpose.choices)
    for purpose, word in labels.items():
        calls, failed = spend.calls.get(purpose, (0, 0))
        # An evaluation is a rare thing; a line that is always empty would only ask for its meaning.
        if calls or purpose in {AICall.Purpose.SCREEN, AICall.Purpose.DECIDE}:
            yield Purpose(word, calls, failed)


def _percent(part: int, whole: int) -> float:
    """0 to 100, for a picture only."""
    return min(100.0, 100 * part / whole) if whole else 0.0
