"""SQLite after a power cut: with the product's settings nothing acknowledged is lost, with weaker
ones it is, which shows that these cuts can lose something.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import need
from tests.faults.powercut import (
    Disk,
    Event,
    Recording,
    compiler,
    cut_everywhere,
    record,
)

EXITS, CUTS = 14, 60
Record = Callable[[str], Recording]


@pytest.fixture
def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> Record:
    """Records a run at a level of synchronous."""
    need(request, "a C compiler on Linux", compiler())
    return lambda level: record(tmp_path, exits=EXITS, level=level)


def test_every_acknowledged_exit_survives_a_power_cut(recorded: Record, tmp_path: Path) -> None:
    recording = recorded("FULL")
    kinds = [words[0] for _, words in recording.promises()]
    assert kinds == ["held", "sent", "sold"] * EXITS
    outcome = cut_everywhere(recording, tmp_path, cuts=CUTS, seed=1)
    assert (outcome.lost, outcome.broken) == ([], [])
    assert (outcome.cuts > CUTS, outcome.promises > 10 * CUTS) == (True, True)


@pytest.mark.parametrize("level", ["NORMAL", "OFF"])
def test_weaker_setting_loses_what_was_acknowledged(
    recorded: Record, tmp_path: Path, level: str
) -> None:
    outcome = cut_everywhere(recorded(level), tmp_path, cuts=CUTS, seed=1)
    assert len(outcome.lost) + len(outcome.broken) > CUTS


def test_record_holds_every_write_of_the_run(recorded: Record) -> None:
    recording = recorded("FULL")
    disk = Disk({name: bytearray(data) for name, data in recording.before.items()})
    for event in recording.events:
        disk.take(event)
    everything = disk.cut(random.Random(1), 1)
    assert {name: everything[name] for name in recording.after} == recording.after


def write(offset: int, data: bytes) -> Event:
    return Event("w", "f", offset, data)


def test_disk_keeps_what_was_synced_and_nothing_else_for_sure() -> None:
    disk = Disk({"f": bytearray(b"old")})
    disk.take(write(0, b"new"))
    assert (disk.cut(random.Random(1), 0), disk.cut(random.Random(1), 1)) == (
        {"f": b"old"},
        {"f": b"new"},
    )
    disk.take(Event("s", "f", 0, b""))
    disk.take(Event("t", "f", 1, b""))
    assert (disk.cut(random.Random(1), 0), disk.cut(random.Random(1), 1)) == (
        {"f": b"new"},
        {"f": b"n"},
    )


def test_write_may_be_torn_at_a_sector() -> None:
    disk = Disk({"f": bytearray(b"-" * 1024)})
    disk.take(write(500, b"+" * 24))
    found = {disk.cut(random.Random(seed), 0.5)["f"].count(b"+") for seed in range(20)}
    assert found == {0, 12, 24}
