from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from monitoring.alerts.deciding.alarms import CURSOR
from monitoring.diagnosis import ai, diagnose, inside, outside
from monitoring.diagnosis.base import Check
from monitoring.heartbeat import WORKER, beat
from monitoring.models import Channel, Cursor, Heartbeat, MonitorRun, Notification
from positions.models import Market, Position
from tests.installation import NewInstallation
from tests.monitoring.alerts.book import write_stop

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://discord.com/api/webhooks/1/token"
pytestmark = pytest.mark.django_db


def found(checks: Iterator[Check]) -> list[tuple[str, str]]:
    return [(check.name, check.status) for check in checks]


class TimeServer(ThreadingHTTPServer):
    """Answers HEAD with the Date header it is told, or with none; the fakes always send the real."""

    date = "Sun, 22 Nov 2026 12:00:00 GMT"

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return super().__enter__()

    def server_close(self) -> None:
        self.shutdown()
        super().server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class TellTime(BaseHTTPRequestHandler):
    server: TimeServer

    def do_HEAD(self) -> None:
        self.send_response_only(200)
        if self.server.date:
            self.send_header("Date", self.server.date)
        self.end_headers()


def time_server() -> TimeServer:
    return TimeServer(("127.0.0.1", 0), TellTime)


@pytest.fixture
def venue(settings: Settings) -> Iterator[TimeServer]:
    with time_server() as server:
        settings.POLYMARKET_CLOB_URL = server.url
        yield server


@pytest.mark.both_dbs
class TestDatabase:
    def test_is_writable_and_up_to_date_and_left_as_it_was(self) -> None:
        assert {check.status for check in inside.database(NOON)} == {"ok"}
        assert Heartbeat.objects.count() == 0

    def test_missing_table_is_a_fail(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE monitoring_heartbeat")
        (check,) = inside.database(NOON)
        assert (check.status, "migrate" in check.remedy) == ("fail", True)

    def test_migration_that_is_not_applied_is_a_fail(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'monitoring'")
        assert found(inside.database(NOON))[0] == ("database", "fail")


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_sqlite_settings_in_force_are_read_from_the_connection() -> None:
    (check,) = [row for row in inside.database(NOON) if row.name == "SQLite settings"]
    assert (check.status, check.text) == (
        "ok",
        "journal_mode=wal, synchronous=2, transaction_mode=IMMEDIATE",
    )


class TestWorker:
    def test_that_never_ran_is_a_fail(self) -> None:
        assert found(inside.worker(NOON)) == [("worker", "fail"), ("monitor", "warn")]

    @pytest.mark.parametrize(
        ("seen", "last", "expected"),
        [(1, 20, ["ok", "ok"]), (31, 70, ["fail", "warn"]), (5, 200, ["ok", "fail"])],
    )
    def test_is_judged_by_its_beat_and_its_last_pass(
        self, seen: int, last: int, expected: list[str], settings: Settings
    ) -> None:
        settings.MONITOR_INTERVAL = 30
        beat(WORKER, at=NOON - timedelta(seconds=seen))
        at = NOON - timedelta(seconds=last)
        MonitorRun.objects.create(state="complete", started_at=at, finished_at=at)
        assert [status for _, status in found(inside.worker(NOON))] == expected


class TestChannels:
    def test_none_is_a_warning(self) -> None:
        assert found(inside.channels(NOON)) == [("channels", "warn")]

    @pytest.mark.parametrize(
        ("values", "status"),
        [
            ({}, "warn"),  # never used
            ({"enabled": False}, "warn"),
            ({"enabled": False, "disabled_reason": "404"}, "fail"),
            ({"url": "http://127.0.0.1/x"}, "fail"),
        ],
    )
    def test_is_judged_by_its_switch_and_address(self, values: dict[str, Any], status: str) -> None:
        Channel.objects.create(name="a", **({"url": URL} | values))
        assert found(inside.channels(NOON)) == [("channel a", status)]

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"state": "sent", "sent_at": NOON}, [("channel a", "ok")]),
            ({"state": "failed", "error": "400 bad"}, [("channel a", "warn")]),
            ({"state": "pending"}, [("channel a", "warn"), ("alerts", "fail")]),
        ],
    )
    def test_is_judged_by_its_last_alert(
        self, values: dict[str, Any], expected: list[tuple[str, str]]
    ) -> None:
        row = {"created_at": NOON, "queued_at": NOON, "not_before": NOON, "title": "t"} | values
        channel = Channel.objects.create(name="a", url=URL)
        note = Notification.objects.create(entry=write_stop(), channel=channel, **row)
        Cursor.objects.create(name=CURSOR, entry_id=note.entry_id)
        assert found(inside.channels(NOON + timedelta(seconds=61))) == expected


class TestPriceSources:
    def position(self, venue: str) -> None:
        market = Market.objects.create(venue=venue, key="demo", outcome="Yes", question="Q")
        Position.objects.create(
            market=market,
            entry_price=Decimal("0.5"),
            shares=Decimal(1),
            bought=Decimal(1),
            opened_at=NOON,
        )

    def test_without_a_position_none_is_asked(self) -> None:
        assert found(outside.price_sources()) == [("price sources", "ok")]

    def test_simulated_source_answers(self) -> None:
        self.position("sim")
        ((name, status),) = found(outside.price_sources())
        assert (name, status in {"ok", "warn"}) == ("price source sim", True)


class TestClock:
    @pytest.mark.parametrize(
        ("ahead", "status"), [(0, "ok"), (-2, "ok"), (10, "warn"), (-31, "fail")]
    )
    def test_is_compared_with_the_venue_s(self, venue: TimeServer, ahead: int, status: str) -> None:
        now = NOON + timedelta(seconds=ahead)
        assert found(outside.clock(lambda: now)) == [("clock", status)]

    @pytest.mark.parametrize("date", ["", "yesterday"])
    def test_without_a_time_is_a_warning(self, venue: TimeServer, date: str) -> None:
        venue.date = date
        assert found(outside.clock()) == [("clock", "warn")]

    def test_that_nobody_answers_is_a_warning(self, settings: Settings) -> None:
        with time_server() as server:
            settings.POLYMARKET_CLOB_URL = server.url
        assert found(outside.clock()) == [("clock", "warn")]


class TestTheRest:
    @pytest.mark.parametrize(
        ("url", "status"),
        [
            ("http://127.0.0.1:8000", "warn"),
            ("http://localhost:8000", "warn"),
            ("http://[::1]:8000", "warn"),
            ("https://pm.example", "ok"),
            ("http://192.168.1.5:8000", "ok"),
        ],
    )
    def test_links_to_loopback_are_a_warning(
        self, url: str, status: str, settings: Settings
    ) -> None:
        settings.SITE_URL = url
        assert found(inside.links()) == [("links", status)]

    def test_login_needs_an_active_superuser(self) -> None:
        User.objects.create_user("reader")
        assert found(inside.superuser()) == [("login", "fail")]
        User.objects.create_superuser("admin")
        assert found(inside.superuser()) == [("login", "ok")]

    def test_ai_without_a_key_is_well(self) -> None:
        assert found(ai.key_and_models(NOON)) == [("AI key", "ok")]

    def test_disk_tells_what_is_free(self, settings: Settings, tmp_path: Path) -> None:
        settings.DATA_DIR = tmp_path
        (check,) = inside.disk()
        assert (check.name, f"GB free under {tmp_path}" in check.text) == ("disk", True)


def test_every_check_that_is_not_ok_has_a_remedy(venue: TimeServer) -> None:
    checks = diagnose(now=NOON)
    names = ["worker", "channels", "login", "outside heartbeat", "backup", "AI key", "clock"]
    names += ["links", "disk", "service"]
    assert set(names) <= {check.name for check in checks}
    assert [check for check in checks if (check.status == "ok") == bool(check.remedy)] == []


def test_check_that_breaks_down_stops_no_other(venue: TimeServer, settings: Settings) -> None:
    settings.DATA_DIR = Path("/nowhere/at/all")
    checks = {check.name: check.status for check in diagnose(now=NOON)}
    assert (checks["disk"], checks["links"]) == ("fail", "warn")


def run_command(*args: str) -> tuple[int, str]:
    """Exit code and stdout."""
    out = io.StringIO()
    try:
        call_command("doctor", *args, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_command_exits_1_on_a_fail_and_prints_the_remedy(venue: TimeServer) -> None:
    code, out = run_command()
    assert (code, "fail  worker: has never run here" in out, "→ Start it" in out) == (1, True, True)


def test_command_exits_0_without_a_fail(venue: TimeServer) -> None:
    venue.date = ""  # the real time is compared here: a warning
    User.objects.create_superuser("admin")
    beat(WORKER, at=timezone.now())
    code, out = run_command("--json")
    document = json.loads(out)
    assert (code, document["ok"]) == (0, True)
    assert sorted(document["checks"][0]) == ["name", "remedy", "status", "text"]


def test_command_on_no_database_at_all_is_one_document(
    new_installation: NewInstallation,
) -> None:
    with time_server() as server:
        place = new_installation(POLYMARKET_CLOB_URL=server.url)
        ended = place.manage("doctor", "--json", check=False)
    checks = {row["name"]: row["status"] for row in json.loads(ended.stdout)["checks"]}
    assert (ended.returncode, checks["database"], "worker" in checks) == (1, "fail", False)
