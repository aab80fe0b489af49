"""A killed worker process is noticed by what it held, and its work is due again at once."""

from __future__ import annotations

import socket
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from django_q.models import Schedule

from monitoring.lease import identity
from monitoring.mending import mend
from monitoring.models import Channel, Lease
from monitoring.schedules import ensure_schedules

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def dead() -> str:
    process = subprocess.Popen(["true"])
    process.wait()
    return f"{socket.gethostname()}:{process.pid}:1"


def due() -> dict[str, datetime]:
    mend(now=NOON)
    rows = Schedule.objects.filter(name__startswith="deliver") | Schedule.objects.filter(
        name="monitor"
    )
    return dict(rows.values_list("name", "next_run"))


@pytest.fixture(autouse=True)
def schedules() -> None:
    ensure_schedules(now=LATER)


def test_pass_of_a_dead_process_is_due_now() -> None:
    Lease.objects.create(name="monitor", holder=dead(), expires_at=LATER)
    assert due() == {"monitor": NOON, "deliver": LATER, "deliver_again": LATER}


def test_delivery_of_a_dead_process_is_due_now() -> None:
    Channel.objects.create(name="desk", url="http://127.0.0.1:9/", lease_holder=f"ab12@{dead()}")
    assert due() == {"monitor": LATER, "deliver": NOON, "deliver_again": NOON}


@pytest.mark.parametrize("holder", ["", "elsewhere:1:1"])
def test_what_is_free_or_held_elsewhere_is_left_alone(holder: str) -> None:
    Lease.objects.create(name="monitor", holder=holder, expires_at=LATER)
    Channel.objects.create(name="desk", url="http://127.0.0.1:9/", lease_holder=holder)
    assert due() == {"monitor": LATER, "deliver": LATER, "deliver_again": LATER}


def test_what_lives_is_left_alone() -> None:
    Lease.objects.create(name="monitor", holder=identity(), expires_at=LATER)
    Channel.objects.create(
        name="desk", url="http://127.0.0.1:9/", lease_holder=f"ab12@{identity()}"
    )
    assert due() == {"monitor": LATER, "deliver": LATER, "deliver_again": LATER}


def test_what_is_due_already_is_not_put_off() -> None:
    Schedule.objects.update(next_run=NOON - timedelta(seconds=3))
    Lease.objects.create(name="monitor", holder=dead(), expires_at=LATER)
    assert due()["monitor"] == NOON - timedelta(seconds=3)
