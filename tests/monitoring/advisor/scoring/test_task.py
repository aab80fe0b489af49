"""The job comes when the next look falls due, and hourly anyway."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Schedule

from monitoring.schedules import ensure_schedules
from monitoring.tasks import score
from tests.monitoring.advisor.scoring.made import HOUR, decision
from tests.positions.holdings import holding

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def next_run() -> timedelta:
    """From now, in whole minutes."""
    at = Schedule.objects.get(name="score").next_run
    assert at is not None
    return timedelta(minutes=round((at - timezone.now()).total_seconds() / 60))


@pytest.mark.parametrize(("age", "minutes"), [(20, 40), (0, 60)])
def test_job_runs_again_when_the_next_look_is_due(age: int, minutes: int) -> None:
    now = timezone.now()
    ensure_schedules(now=now)
    Schedule.objects.filter(name="score").update(next_run=now + 2 * HOUR)
    decision(at=now - timedelta(minutes=age), position=holding(now=now))
    score(due=now.isoformat())
    assert next_run() == timedelta(minutes=minutes)


def test_job_without_decisions_runs_hourly() -> None:
    now = timezone.now()
    ensure_schedules(now=now)
    Schedule.objects.filter(name="score").update(next_run=now + 2 * HOUR)
    score(due=now.isoformat())
    assert next_run() == HOUR
