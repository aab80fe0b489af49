"""What is to be looked at, and when: four scores for each decision that somebody made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from monitoring.advisor.budget import DEMO
from monitoring.models import Decision, Score

Horizon = Score.Horizon
AFTER = {
    Horizon.HOUR: timedelta(hours=1),
    Horizon.DAY: timedelta(hours=24),
    Horizon.WEEK: timedelta(days=7),
}
CHUNK = 500


def near(horizon: str) -> timedelta:
    """How far from the due time a price may lie: a twelfth of the horizon, two hours at most."""
    return min(AFTER[Horizon(horizon)] / 12, timedelta(hours=2))


def scorable() -> QuerySet[Decision]:
    """Decisions that are somebody's own judgement: not a person's turn, not the rules', no answer
    that was used again, nothing of the demo.
    """
    return (
        Decision.objects.exclude(verdict=Decision.Verdict.ASK)
        .exclude(provider=DEMO)
        .filter(confidence__isnull=False, cached_from=None, position__is_demo=False)
    )


def plan() -> int:
    """Makes the scores of decisions that have none, due or not; how many decisions. Idempotent."""
    new = list(scorable().filter(scores=None).order_by("pk").values_list("pk", "at")[:CHUNK])
    rows = [row for pk, at in new for row in _scores(pk, at)]
    Score.objects.bulk_create(rows, ignore_conflicts=True)
    return len(new)


def _scores(decision_id: int, at: datetime) -> Iterator[Score]:
    for horizon in Horizon:
        after = AFTER.get(horizon)
        # When a market will be resolved is not known before it is.
        due = None if after is None else at + after
        yield Score(decision_id=decision_id, horizon=horizon, due_at=due)


def next_due(now: datetime) -> datetime | None:
    """When the next score falls due after `now`."""
    rows = Score.objects.filter(at=None, due_at__gt=now).order_by("due_at")
    return rows.values_list("due_at", flat=True).first()
