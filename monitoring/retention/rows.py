"""What the watch and its neighbours write beside the journal, and may forget."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django_q.models import Failure, OrmQ, Success

from monitoring.alerts.deciding.topics import HAPPENS, RAISES
from monitoring.keeping.backup import BACKUP
from monitoring.models import Alarm, Heartbeat, MonitorRun, Notification, Silence, Trigger
from monitoring.retention.pace import CHUNK, Pace

RUNS_KEPT = timedelta(days=7)
TASKS_KEPT = timedelta(days=1)
FAILURES_KEPT = timedelta(days=30)
BEATS_KEPT = timedelta(days=30)
TOLD_KEPT = timedelta(days=90)
# A login that failed, was locked out, or worked: django-axes' own rows.
LOGINS = ("AccessAttempt", "AccessFailureLog", "AccessLog")
State = Notification.State


def prune_rows(*, now: datetime, pace: Pace) -> dict[str, int]:
    """Deletes them, and returns how many by name."""
    gone: dict[str, int] = {}
    for name, rows in _old(now):
        gone[name] = gone.get(name, 0) + _empty(rows, pace)
    return gone


def _empty(rows: QuerySet[Any], pace: Pace) -> int:
    gone = 0
    while not pace.over:
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not ids:
            break
        gone += pace.delete(rows.model, ids)
    return gone


def _old(now: datetime) -> Iterator[tuple[str, QuerySet[Any]]]:
    told = now - TOLD_KEPT
    yield "runs", _runs(now)
    yield "notifications", _notifications(told)
    yield "alarms", _alarms(told)
    yield "silences", Silence.objects.filter(Q(until__lt=told) | Q(ended_at__lt=told))
    # Those of exits stay with them; what the others came to stands in the journal.
    yield "triggers", Trigger.objects.filter(exit=None, at__lt=told)
    yield "tasks", Success.objects.filter(stopped__lt=now - TASKS_KEPT)
    yield "tasks", Failure.objects.filter(stopped__lt=now - FAILURES_KEPT)
    yield "tasks", OrmQ.objects.filter(lock__lt=now - FAILURES_KEPT)
    yield "beats", Heartbeat.objects.filter(at__lt=now - BEATS_KEPT).exclude(name=BACKUP)
    yield "sessions", Session.objects.filter(expire_date__lt=now)
    for name in LOGINS:
        model = apps.get_model("axes", name)
        yield "logins", model._default_manager.filter(attempt_time__lt=told)  # noqa: SLF001


def _runs(now: datetime) -> QuerySet[MonitorRun]:
    """Old passes; the last complete one stays, for health counts from it."""
    complete = MonitorRun.objects.filter(state=MonitorRun.State.COMPLETE).order_by("-pk")
    keep = list(complete.values_list("pk", flat=True)[:1])
    return MonitorRun.objects.filter(started_at__lt=now - RUNS_KEPT).exclude(pk__in=keep)


def _notifications(before: datetime) -> QuerySet[Notification]:
    """What was delivered or deliberately not sent. A failed one stays until somebody has taken note
    of what it was about.
    """
    seen = Q(state__in=(State.SENT, State.SUPPRESSED, State.COLLAPSED))
    seen |= Q(state=State.FAILED, alarm__acknowledged_at__isnull=False)
    return Notification.objects.filter(
        seen, Q(alarm=None) | _over("alarm__"), created_at__lt=before
    )


def _alarms(before: datetime) -> QuerySet[Alarm]:
    """Alarms that have been over for long; one whose alert failed stays until somebody has seen it."""
    unseen = Q(acknowledged_at=None, notifications__state=State.FAILED)
    old = Q(resolved_at=None) | Q(resolved_at__lt=before)
    return Alarm.objects.filter(_over(), old, last_at__lt=before).exclude(unseen)


def _over(prefix: str = "") -> Q:
    """Of alarms: ended; or it only ever happened, like a sale, which is true for ever and stands no
    more; or somebody has taken note of what was no lasting trouble.
    """
    ended = Q(**{f"{prefix}resolved_at__isnull": False})
    noted = Q(**{f"{prefix}acknowledged_at__isnull": False})
    lasting = Q(**{f"{prefix}kind__in": list(RAISES)})
    return ended | Q(**{f"{prefix}kind__in": list(HAPPENS)}) | (noted & ~lasting)
