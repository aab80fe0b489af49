from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import AsyncClient, Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from monitoring.alerts.dispatch import dispatch
from monitoring.health import (
    Health,
    alerts_overdue,
    health,
    ping_heartbeat,
    read_health,
    status_of,
)
from monitoring.heartbeat import OUTSIDE, last_beat
from monitoring.models import Channel, MonitorRun, Notification
from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request
from tests.monitoring.alerts.book import write, write_stop

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEYS = ["status", "last_pass_age", "interval", "prices_age", "alerts_overdue"]


def ago(seconds: float) -> datetime:
    return NOON - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (None, "late"),
        (0, "ok"),
        (60, "ok"),
        (60.001, "late"),
        (150, "late"),
        (150.001, "down"),
        (-5, "ok"),
        (-60, "ok"),
        (-60.001, "late"),  # the clock was set back: that pass proves nothing
    ],
)
def test_status_is_late_above_two_intervals_and_down_above_five(
    age: float | None, expected: str
) -> None:
    assert status_of(NOON, None if age is None else ago(age), 30) == expected


def test_health_holds_ages_in_seconds() -> None:
    found = health(NOON, last_pass=ago(12.34), interval=30, prices_at=ago(70), overdue=2)
    assert found == Health("ok", 12.3, 30, 70.0, 2)


def test_health_of_a_clock_that_was_set_back_is_no_negative_age() -> None:
    assert health(NOON, last_pass=ago(-9), interval=30, prices_at=None, overdue=0) == Health(
        "ok", 0.0, 30, None, 0
    )


def make_run(state: str, seconds: float, prices: float | None = None) -> MonitorRun:
    return MonitorRun.objects.create(
        state=state,
        started_at=ago(seconds),
        finished_at=ago(seconds),
        prices_at=None if prices is None else ago(prices),
    )


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestReadHealth:
    def test_counts_from_the_last_complete_pass(self, settings: Settings) -> None:
        settings.MONITOR_INTERVAL = 30
        make_run("complete", 100, 101)
        make_run("complete", 70, 71)
        make_run("incomplete", 40, 45)
        make_run("failed", 10)
        MonitorRun.objects.create(started_at=NOON)
        assert read_health(now=NOON) == Health("late", 70.0, 30, 45.0, 0)

    def test_before_the_first_pass_everything_is_unknown(self, settings: Settings) -> None:
        settings.MONITOR_INTERVAL = 30
        assert read_health(now=NOON) == Health("late", None, 30, None, 0)

    def test_takes_a_handful_of_queries(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(20):
            make_run("complete", number)
            write_stop(number)
        Channel.objects.create(name="a")
        dispatch(now=NOON)
        with django_assert_num_queries(5):
            read_health(now=NOON)


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestAlertsOverdue:
    def overdue(self) -> int:
        return alerts_overdue(now=NOON + timedelta(seconds=61))

    def test_waiting_for_more_than_a_minute_counts(self) -> None:
        Channel.objects.create(name="a")
        write_stop()
        dispatch(now=NOON)
        assert alerts_overdue(now=NOON + timedelta(seconds=60)) == 0
        assert self.overdue() == 1

    @pytest.mark.parametrize("state", ["sent", "failed", "suppressed"])
    def test_what_does_not_wait_does_not_count(self, state: str) -> None:
        Channel.objects.create(name="a")
        write_stop()
        dispatch(now=NOON)
        Notification.objects.update(state=state)
        assert self.overdue() == 0

    def test_channel_that_is_off_does_not_count(self) -> None:
        Channel.objects.create(name="a", enabled=False, disabled_reason="404")
        write_stop()
        dispatch(now=NOON)
        assert self.overdue() == 0

    def test_dispatcher_that_has_died_counts(self) -> None:
        Channel.objects.create(name="a")
        write_stop()
        write("fill")
        write_stop(at=NOON + timedelta(seconds=30))
        assert self.overdue() == 1

    def test_without_a_channel_nothing_is_overdue(self) -> None:
        write_stop()
        assert self.overdue() == 0


@pytest.mark.django_db
class TestHealthz:
    def test_is_200_with_the_contract_s_keys_while_passes_come(self, client: Client) -> None:
        MonitorRun.objects.create(
            state="complete",
            started_at=timezone.now(),
            finished_at=timezone.now(),
            prices_at=timezone.now(),
        )
        answer = client.get("/healthz")
        body = answer.json()
        assert (answer.status_code, list(body), body["status"]) == (200, KEYS, "ok")
        assert (body["interval"], body["alerts_overdue"], body["last_pass_age"] < 5) == (
            30,
            0,
            True,
        )

    def test_is_503_before_the_first_pass(self, client: Client) -> None:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["status"]) == (503, "late")

    def test_is_503_when_the_monitor_is_silent(self, client: Client) -> None:
        make_run("complete", 0)
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["status"]) == (503, "down")

    def test_is_never_cached_nor_changed_by_a_post(self, client: Client) -> None:
        assert "no-store" in client.get("/healthz")["Cache-Control"]
        assert client.post("/healthz").status_code == 405

    def test_database_that_does_not_answer_is_down(self, client: Client) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE monitoring_monitorrun RENAME TO elsewhere")
        answer = client.get("/healthz")
        assert (answer.status_code, list(answer.json())) == (503, KEYS)
        assert answer.json()["status"] == "down"


def test_livez_answers_without_login_and_without_database(client: Client) -> None:
    answer = client.get("/livez")  # no database mark: a query would fail the test
    assert (answer.status_code, json.loads(answer.content)) == (200, {"status": "alive"})


async def test_livez_answers_under_asgi(async_client: AsyncClient) -> None:
    assert (await async_client.get("/livez")).status_code == 200


class PushServer(FakeServer):
    """A dead-man's switch: 200 for whatever comes."""

    def handle(self, request: Request) -> Reply:
        return Reply(200, b"OK")


@pytest.fixture
def push(settings: Settings) -> Iterator[PushServer]:
    with PushServer() as server:
        settings.HEARTBEAT_URL = f"{server.url}/ping/secret-id"
        yield server


@pytest.mark.django_db
class TestPingHeartbeat:
    def test_gets_the_address_once_after_a_complete_pass(self, push: PushServer) -> None:
        assert ping_heartbeat(complete=True) is True
        assert [(call.request.method, call.path) for call in push.calls] == [
            ("GET", "/ping/secret-id")
        ]
        noted = last_beat(OUTSIDE)
        assert noted is not None
        assert timedelta(0) <= timezone.now() - noted < timedelta(seconds=20)

    def test_calls_nobody_after_an_incomplete_pass(self, push: PushServer) -> None:
        assert (ping_heartbeat(complete=False), len(push.calls)) == (False, 0)

    def test_calls_nobody_without_an_address(self, settings: Settings) -> None:
        settings.HEARTBEAT_URL = ""
        assert ping_heartbeat(complete=True) is False

    @pytest.mark.parametrize("kind", ["500", "404", "drop", "redirect"])
    def test_failure_is_logged_without_the_address(
        self, push: PushServer, caplog: pytest.LogCaptureFixture, kind: str
    ) -> None:
        push.knob(kind)
        assert ping_heartbeat(complete=True) is False
        warnings = [row.getMessage() for row in caplog.records if row.name == "monitoring.health"]
        assert (len(warnings), "secret-id" in warnings[0]) == (1, False)
        assert last_beat(OUTSIDE) is None

    def test_service_that_hangs_delays_the_next_pass_by_a_third_of_an_interval_at_most(
        self, push: PushServer, settings: Settings
    ) -> None:
        settings.MONITOR_INTERVAL = 5
        push.knob("hang", seconds=6)
        began = time.monotonic()
        assert ping_heartbeat(complete=True) is False
        assert time.monotonic() - began < 3
