from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from monitoring import firstlogin
from monitoring.diagnosis import firstrun
from monitoring.diagnosis.base import Check
from monitoring.heartbeat import OUTSIDE, beat
from monitoring.keeping.backup import BACKUP
from monitoring.models import Channel, Notification
from monitoring.service.places import place
from monitoring.setup import first_login
from tests.installation import NewInstallation
from tests.monitoring.alerts.book import write_stop
from tests.website import hold

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def found(checks: Iterator[Check]) -> str:
    """The status of the only finding."""
    (check,) = checks
    assert (check.status == "ok") == (check.remedy == "")
    return check.status


class TestPassword:
    def test_printed_one_is_open_until_it_is_changed(self) -> None:
        password = first_login()
        assert (found(firstrun.password()), firstlogin.still_printed()) == ("warn", "admin")
        user = User.objects.get(username="admin")
        assert user.check_password(str(password))
        user.set_password("another one, chosen by a person")
        user.save()
        assert found(firstrun.password()) == "ok"

    def test_user_that_was_switched_off_opens_nothing(self) -> None:
        first_login()
        User.objects.update(is_active=False)
        assert found(firstrun.password()) == "ok"

    def test_installation_from_before_this_was_noted_is_well(self) -> None:
        User.objects.create_superuser("admin", password="x")
        assert found(firstrun.password()) == "ok"


class TestAlerts:
    def test_need_a_channel_that_is_on_and_one_delivery(self) -> None:
        statuses = [found(firstrun.told())]
        channel = Channel.objects.create(name="a")
        note = Notification.objects.create(
            entry=write_stop(), channel=channel, created_at=NOON, not_before=NOON, title="t"
        )
        statuses.append(found(firstrun.told()))
        Notification.objects.filter(pk=note.pk).update(state="sent", sent_at=NOON)
        statuses.append(found(firstrun.told()))
        Channel.objects.update(enabled=False)
        statuses.append(found(firstrun.told()))
        assert statuses == ["warn", "warn", "ok", "warn"]


class TestOutsideHeartbeat:
    def test_is_done_once_it_was_reached(self, settings: Settings) -> None:
        settings.HEARTBEAT_URL = ""
        statuses = [found(firstrun.outside_heartbeat(NOON))]
        settings.HEARTBEAT_URL = "https://hc.example/secret"
        statuses.append(found(firstrun.outside_heartbeat(NOON)))
        beat(OUTSIDE, at=NOON)
        statuses.append(found(firstrun.outside_heartbeat(NOON)))
        statuses.append(found(firstrun.outside_heartbeat(NOON + timedelta(seconds=601))))
        assert statuses == ["warn", "warn", "ok", "warn"]

    def test_address_is_never_shown(self, settings: Settings) -> None:
        settings.HEARTBEAT_URL = "https://hc.example/secret"
        assert "secret" not in repr(list(firstrun.outside_heartbeat(NOON)))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has pg_dump")
class TestBackup:
    @pytest.mark.parametrize(
        ("days", "status"), [(None, "warn"), (0, "ok"), (7, "ok"), (7.01, "warn")]
    )
    def test_is_wanted_once_a_week(self, days: float | None, status: str) -> None:
        if days is not None:
            beat(BACKUP, at=NOON - timedelta(days=days))
        assert found(firstrun.backup(NOON)) == status


def test_own_position_is_one_that_is_no_demo() -> None:
    statuses = [found(firstrun.own_position())]
    hold("oil", is_demo=True)
    statuses.append(found(firstrun.own_position()))
    hold("fed")
    statuses.append(found(firstrun.own_position()))
    assert statuses == ["warn", "warn", "ok"]


class TestService:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Iterator[Path]:
        """A configuration folder of nobody's, for as long as the test lasts."""
        before = os.environ.get("XDG_CONFIG_HOME")
        os.environ["XDG_CONFIG_HOME"] = str(tmp_path)
        yield tmp_path
        del os.environ["XDG_CONFIG_HOME"]
        if before is not None:
            os.environ["XDG_CONFIG_HOME"] = before

    def test_none_is_open(self, home: Path) -> None:
        assert found(firstrun.service([])) == "warn"

    def test_in_a_container_its_policy_counts(self, home: Path) -> None:
        assert found(firstrun.service([home])) == "ok"

    @pytest.mark.parametrize(("here", "enabled"), [(True, True), (True, False), (False, True)])
    def test_counts_when_it_runs_this_folder_and_is_enabled(
        self, home: Path, settings: Settings, here: bool, enabled: bool
    ) -> None:
        where = place(system=False, name="watch")
        where.wanted.parent.mkdir(parents=True)
        folder = settings.BASE_DIR if here else "/elsewhere"
        where.unit.write_text(f"[Service]\nWorkingDirectory={folder}\n")
        if enabled:
            where.wanted.symlink_to(where.unit)
        (check,) = firstrun.service([])
        # A user's service that does not linger is found, and has a step left.
        assert ("enable-linger" in check.remedy) == (here and enabled)


def test_steps_are_seven_and_all_open_at_first(settings: Settings) -> None:
    settings.HEARTBEAT_URL, settings.SITE_URL = "", "http://127.0.0.1:8000"
    first_login()
    steps = firstrun.first_steps(timezone.now())
    names = ["password", "alerts", "outside heartbeat", "links", "service", "backup", "positions"]
    assert [step.name for step in steps] == names
    elsewhere = {"service"} if connection.vendor == "sqlite" else {"service", "backup"}
    assert {step.name for step in firstrun.open_steps(timezone.now())} >= set(names) - elsewhere


def test_up_tells_the_open_steps_at_the_first_start_only(
    new_installation: NewInstallation, tmp_path: Path
) -> None:
    place_ = new_installation(DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}")
    told = []
    for _ in range(2):
        process = place_.start("up")
        place_.wait_for_output(process, f"Position Manager: {place_.url}", 60)
        process.terminate()
        process.wait(10)
        told.append("- outside heartbeat: none set" in place_.output(process))
    assert told == [True, False]
