"""No room on the disk: nothing is half done, it is told, and work goes on once there is room."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from monitoring.lease import LENGTH
from monitoring.models import MonitorRun
from positions.models import Exit, Fill, JournalEntry, Position
from tests.faults.ground import Ground
from tests.installation import ROOT
from tests.monitoring.engine.house import House

only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="its own server's disk")
HELD = 30
STOP = {"stop_loss_price": Decimal("0.45"), "confirm_seconds": Decimal(0)}


def pages() -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA page_count").fetchone()[0])


def allow(most: int) -> None:
    """The database may grow to so many pages; SQLite then answers as on a full disk."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count={most}")


@pytest.fixture
def full_house() -> Iterator[House]:
    """Many stops that all have to sell, in a database without a free page."""
    house = House()
    for number in range(HELD):
        house.position(f"M{number}", policy=STOP)
        house.says(f"M{number}", "0.44")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
    yield house
    allow(2**30)


def booked_as_sold(house: House) -> None:
    """Fills, exits, positions and journal agree, and nothing is booked that was not sold."""
    for exit_ in Exit.objects.select_related("position"):
        fills = sum((fill.shares for fill in Fill.objects.filter(exit=exit_)), Decimal(0))
        assert fills == exit_.filled == exit_.position.bought - exit_.position.shares
        if exit_.filled:
            assert house.exchange.done[exit_.order_key].fills
    told = JournalEntry.objects.filter(kind="fill").values_list("data", flat=True)
    filled = Exit.objects.filter(filled__gt=0).values_list("pk", flat=True)
    assert sorted(data["exit"] for data in told) == sorted(filled)


@only_sqlite
@pytest.mark.django_db(transaction=True)
def test_passes_that_find_no_room_leave_nothing_half_done(full_house: House) -> None:
    start, said = pages(), set()
    failed = 0
    for room in range(60):
        allow(start + room)
        try:
            full_house.run()
        except DatabaseError as error:
            said.add(str(error))
            failed += 1
        booked_as_sold(full_house)
        full_house.clock.later(LENGTH.total_seconds() + 1)
        if not Position.objects.filter(state="open").exists():
            break
    assert (failed > 3, said) == (True, {"database or disk is full"})
    assert full_house.exchange.sold == 100 * HELD
    assert Exit.objects.filter(state="filled").count() == HELD


@only_sqlite
@pytest.mark.django_db(transaction=True)
def test_failed_pass_is_no_complete_one_and_the_next_goes_on(full_house: House) -> None:
    allow(pages())
    with pytest.raises(DatabaseError):
        full_house.run()
    assert not MonitorRun.objects.filter(state="complete").exists()
    allow(2**30)
    full_house.clock.later(LENGTH.total_seconds() + 1)
    full_house.run()
    assert full_house.exchange.sold == 100 * HELD
    assert MonitorRun.objects.latest("pk").state == "complete"


def limited(ground: Ground, size: int) -> subprocess.CompletedProcess[str]:
    """A pass none of whose files may grow above `size` bytes, its write-ahead log first."""
    return subprocess.run(
        [sys.executable, "manage.py", "monitor", "--json"],
        cwd=ROOT,
        env=ground.installation.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )


def test_real_files_without_room_sell_nothing_twice(tmp_path: Path) -> None:
    with Ground(tmp_path, None) as ground:
        for _ in range(6):
            ground.hold()
        ended = []
        for size in (33_000, 50_000, 75_000, 100_000):
            done = limited(ground, size)
            ended.append(done.returncode)
            if done.returncode:
                assert "The database cannot be used: disk I/O error" in done.stderr
                assert "cannot be used" in json.loads(done.stdout)["error"]
        assert ended[0] == 1
        for _ in range(2):
            json.loads(ground.installation.manage("monitor", "--json").stdout)
        verdict = ground.verdict(alerts=False)
        assert (verdict.wrong, verdict.positions) == ([], 6)
