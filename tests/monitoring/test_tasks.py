"""When the outside dead-man's switch hears from us: after a complete pass, and never else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from monitoring.alerts.dispatch import dispatch
from monitoring.heartbeat import STARTED, WATCHMAN, WORKER, beat
from monitoring.lease import acquire
from monitoring.models import Channel, MonitorRun
from monitoring.tasks import monitor, watch
from positions.models import Exit, JournalEntry, Position
from tests.monitoring.alerts.book import write_stop
from tests.monitoring.test_health import PushServer
from tests.positions.holdings import holding

pytestmark = pytest.mark.django_db


@pytest.fixture
def push(settings: Settings) -> Iterator[PushServer]:
    with PushServer() as server:
        settings.HEARTBEAT_URL = f"{server.url}/ping"
        yield server


def problem() -> str:
    return MonitorRun.objects.latest("pk").problem


def held(venue: str = "sim", name: str = "calm") -> Position:
    return holding(name, venue=venue, now=timezone.now())


def test_complete_pass_is_heard(push: PushServer) -> None:
    monitor()
    assert (len(push.calls), problem()) == (1, "")


def test_each_complete_pass_is_heard(push: PushServer) -> None:
    monitor()
    monitor()
    assert len(push.calls) == 2


def test_pass_without_any_price_is_not_heard(push: PushServer) -> None:
    held("url", "unknown")
    monitor()
    assert (len(push.calls), problem()) == (0, "no price source answered")


def test_pass_with_an_alert_overdue_is_not_heard(push: PushServer) -> None:
    Channel.objects.create(name="a", url="https://discord.com/api/webhooks/1/x")
    write_stop(at=timezone.now() - timedelta(seconds=61))
    dispatch(now=timezone.now() - timedelta(seconds=61))
    monitor()
    assert (len(push.calls), problem()) == (0, "1 alerts are overdue")


def test_pass_while_nothing_leaves_is_not_heard(push: PushServer, settings: Settings) -> None:
    before = timezone.now() - timedelta(seconds=2 * settings.MONITOR_INTERVAL + 1)
    position = held()
    Exit.objects.create(position=position, rule="manual", shares="0.004", created_at=before)
    monitor()
    assert (len(push.calls), problem()) == (0, "1 exit was decided and is not sent")


def test_pass_that_may_not_run_is_not_heard(push: PushServer) -> None:
    acquire("monitor", now=timezone.now())
    monitor()
    assert (len(push.calls), MonitorRun.objects.count()) == (0, 0)


def test_watch_looks_from_the_worker() -> None:
    now = timezone.now()
    for name, at in ((STARTED, now - timedelta(hours=1)), (WATCHMAN, now), (WORKER, now)):
        beat(name, at=at)
    for _ in range(2):
        watch()
    assert list(JournalEntry.objects.values_list("kind", flat=True)) == ["watch_late"]
