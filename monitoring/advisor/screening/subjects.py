"""Which positions are screened, and which of their headlines a screener has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, Subquery

from monitoring.advisor.news.unseen import MOST, OLDEST, fresh
from monitoring.advisor.port import Failure
from monitoring.advisor.screening.prompt import PROMPT_VERSION, Held
from monitoring.models import AICall, Headline, Mention, Screening
from positions.models import Position

TRIES = 3  # of one headline, where the answer failed and not the line
# How many headlines share a call after so many failures: one that no model wants to read must not
# take the others with it.
TOGETHER = (MOST, 4, 1)
# Failures that lie in what was asked; the others pass, and are tried for as long as they last.
OURS = (Failure.REFUSED, Failure.BAD_REQUEST, Failure.TRUNCATED, Failure.INVALID_OUTPUT)


@dataclass(frozen=True, slots=True)
class Subject:
    """An open position as a screener needs it."""

    position: Position
    held: Held

    @property
    def id(self) -> int:
        return int(self.position.pk)


def subjects(now: datetime) -> list[Subject]:
    """The open positions of which something was found while it is news. Those first whose turn with
    a model was longest ago: a run's time may not suffice for all of them.
    """
    # An hour more: a publisher's clock may be ahead of ours.
    since = now - OLDEST - timedelta(hours=1)
    found = Mention.objects.filter(position=OuterRef("pk"), at__gte=since)
    calls = AICall.objects.filter(position=OuterRef("pk"), purpose=AICall.Purpose.SCREEN)
    turn = Subquery(calls.order_by("-pk").values("started_at")[:1])
    rows = Position.objects.filter(Exists(found), state=Position.State.OPEN)
    rows = rows.select_related("market", "thesis").order_by(turn.asc(nulls_first=True), "pk")
    return [Subject(position, _held(position)) for position in rows]


def _held(position: Position) -> Held:
    market, thesis = position.market, getattr(position, "thesis", None)
    return Held(
        question=market.question,
        side=market.outcome or ("Yes" if market.payout is not None else ""),
        ends_at=market.ends_at,
        thesis=thesis.text if thesis else "",
        thesis_version=thesis.version if thesis else 0,
    )


def owed(subject: Subject, screeners: Sequence[str], *, now: datetime) -> list[Headline]:
    """Headlines that none of these screeners has judged; newest first, at most 15."""
    version = subject.held.thesis_version
    # More than one prompt holds: what the others have judged is taken out after the query.
    most = MOST * (1 + len(screeners))
    rows = fresh(subject.id, screener=screeners[0], thesis_version=version, now=now, most=most)
    done = judged(subject, screeners[1:])
    return [row for row in rows if row.pk not in done]


def judged(subject: Subject, screeners: Collection[str]) -> set[int]:
    """Ids of the headlines that one of these screeners has judged for this thesis."""
    rows = Screening.objects.filter(
        position=subject.id,
        screener__in=screeners,
        thesis_version=subject.held.thesis_version,
    )
    return set(rows.values_list("headline_id", flat=True))


def batches(subject: Subject, rows: Sequence[Headline], *, now: datetime) -> list[list[Headline]]:
    """The headlines in groups of one call each; without those that have failed too often."""
    failed = _failures(subject.id, now)
    found: list[list[Headline]] = []
    for count, together in enumerate(TOGETHER):
        group = [row for row in rows if failed[row.pk] == count]
        found += [group[i : i + together] for i in range(0, len(group), together)]
    return found


def _failures(position_id: int, now: datetime) -> Counter[int]:
    """How often each headline was in a call that one provider could not answer with sense."""
    calls = AICall.objects.filter(
        Q(failure__in=OURS) | Q(failure="", state=AICall.State.SETTLED),
        position=position_id,
        purpose=AICall.Purpose.SCREEN,
        prompt_version=PROMPT_VERSION,
        started_at__gte=now - OLDEST,
    )
    kept = Screening.objects.filter(position=position_id, call__isnull=False)
    calls = calls.exclude(pk__in=kept.values("call"))
    counts: Counter[tuple[str, int]] = Counter()
    for provider, evidence in calls.values_list("provider", "evidence"):
        counts.update((provider, item["headline"]) for item in evidence)
    most: Counter[int] = Counter()
    for (_provider, headline), count in counts.items():
        most[headline] = max(most[headline], count)
    return most
