"""The screen: for each open position the headlines that are new, once for a screener and a thesis.

A failed screen is "not screened", never "no alert": it leaves no row of the model's, and is tried
again. Meanwhile the rules look, under their own name, and the model's look stays owed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from monitoring.advisor.news.unseen import MOST
from monitoring.advisor.port import Provider
from monitoring.advisor.providers import chain_for
from monitoring.advisor.screening import rules_screener
from monitoring.advisor.screening.asking import Ports, ask
from monitoring.advisor.screening.checks import Finding
from monitoring.advisor.screening.prompt import PROMPT_VERSION, Item
from monitoring.advisor.screening.storing import Screen, store
from monitoring.advisor.screening.subjects import Subject, batches, judged, owed, subjects
from monitoring.advisor.screening.suspicion import suspicious
from monitoring.models import Headline, Question
from positions.models import Position

logger = logging.getLogger(__name__)

# A run begins no call after this, for its task has 300 s and the news took up to 120 of them; what
# is left is the rules' until the next run.
RUN_SECONDS = 100.0
Chain = Callable[[Position], Sequence[Provider]]
OURS: Chain = partial(chain_for, purpose="screen")


@dataclass(slots=True)
class ScreenRun:
    """What a run did: positions with something new, headlines by screener, questions raised or
    joined; `unscreened`: headlines that a model still owes.
    """

    positions: int = 0
    by_ai: int = 0
    by_rules: int = 0
    unscreened: int = 0
    questions: int = 0
    broken: int = 0


def screen_all(
    *,
    now: datetime,
    chain: Chain = OURS,
    ports: Ports | None = None,
) -> ScreenRun:
    """Screens what is new of all open positions. One that breaks stops no other."""
    ports, run = ports or Ports(), ScreenRun()
    until = ports.monotonic() + RUN_SECONDS
    for subject in subjects(now):
        try:
            _screen(subject, chain(subject.position), run, ports, until=until, now=now)
        except Exception:
            run.broken += 1
            logger.exception("position %s was not screened", subject.id)
    return run


def _screen(
    subject: Subject,
    providers: Sequence[Provider],
    run: ScreenRun,
    ports: Ports,
    *,
    until: float,
    now: datetime,
) -> None:
    names = [_name(provider.model("screen")) for provider in providers] or [rules_screener.VERSION]
    rows = owed(subject, names, now=now)
    run.positions += bool(rows)
    done: set[int] = set()
    if providers:
        for batch in batches(subject, rows, now=now)[:MOST]:
            if ports.monotonic() < until and _by_ai(subject, batch, providers, run, ports, now):
                done |= {row.pk for row in batch}
    left = [row for row in rows if row.pk not in done]
    run.unscreened += len(left) if providers else 0
    _by_rules(subject, left, run, now)


def _name(model: str) -> str:
    """A screener as its rows name it."""
    return f"{model} {PROMPT_VERSION}"[:130]


def _by_ai(
    subject: Subject,
    batch: Sequence[Headline],
    providers: Sequence[Provider],
    run: ScreenRun,
    ports: Ports,
    now: datetime,
) -> bool:
    """Whether a model has judged them."""
    named = {f"h{number}": row for number, row in enumerate(batch, 1)}
    screened = ask(
        subject.held,
        [_item(id_, row) for id_, row in named.items()],
        providers=providers,
        ports=ports,
        position_id=subject.id,
        evidence=[{"id": id_, "headline": row.pk, "key": row.key} for id_, row in named.items()],
    )
    call = screened.outcome.call
    if screened.findings is None or call is None:
        return False
    asked = f"{screened.outcome.provider} {call.model}"
    by = _("demo: recorded answers") if screened.outcome.demo else asked
    screen = Screen(_name(call.model), by, call)
    found = [(row, screened.findings[id_]) for id_, row in named.items()]
    run.by_ai += len(found)
    _count(run, store(subject, found, screen, now=now))
    return True


def _by_rules(subject: Subject, rows: Sequence[Headline], run: ScreenRun, now: datetime) -> None:
    """The rules look at what no model has judged, each headline once."""
    done = judged(subject, [rules_screener.VERSION])
    found = [(row, _ruled(subject, row)) for row in rows if row.pk not in done]
    if not found:
        return
    run.by_rules += len(found)
    screen = Screen(rules_screener.VERSION, _("Rules (no AI)"))
    _count(run, store(subject, found, screen, now=now))


def _ruled(subject: Subject, row: Headline) -> Finding:
    if suspicious(row.title):
        return Finding(suspected=True)
    seen = rules_screener.look(subject.held.question, subject.held.side, row.title)
    if seen.direction == "none":
        return Finding()
    summary = _("By its words: %(words)s") % {"words": ", ".join(seen.words)}
    return Finding(seen.direction, seen.urgency, summary[:300])


def _item(id_: str, row: Headline) -> Item:
    return Item(
        id=id_,
        title=row.title,
        publisher=row.publisher,
        domain=row.domain,
        published_at=row.published_at,
        first_seen=row.first_seen,
        trust=row.trust,
    )


def _count(run: ScreenRun, question: Question | None) -> None:
    run.questions += question is not None
