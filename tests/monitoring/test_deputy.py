"""Who looks at the watch while the cluster shows no life."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from monitoring.deputy import EVERY, PATIENCE, QUIET_FOR, Deputy
from monitoring.supervisor import Child, Pulse
from tests.installation import ROOT, alive
from tests.servers import wait_until


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def cluster(clock: Clock) -> Child:
    """One that has last shown life now."""
    pulse = Pulse(read=lambda: clock.now, limit=15)
    pulse.restart(clock.now)
    return Child(name="cluster", argv=["true"], cwd=str(ROOT), grace=1, pulse=pulse)


def deputy(clock: Clock, tmp_path: Path, code: str = "") -> Deputy:
    """Its looks leave a letter in a file each."""
    note = f"open({str(tmp_path / 'looks')!r}, 'a').write('x')\n{code}"
    return Deputy(cluster(clock), argv=(sys.executable, "-c", note), clock=clock)


def looks(tmp_path: Path) -> int:
    file = tmp_path / "looks"
    return len(file.read_text()) if file.exists() else 0


def ended(one: Deputy) -> None:
    if one.process is not None:
        one.process.wait(10)


def test_nobody_looks_while_the_cluster_beats(clock: Clock, tmp_path: Path) -> None:
    one = deputy(clock, tmp_path)
    for second in range(60):
        clock.now = second
        assert one.cluster.pulse is not None
        one.cluster.pulse.wedged(clock.now)
        one.tick()
    assert (one.process, looks(tmp_path)) == (None, 0)


def test_silence_has_somebody_look_again_and_again(clock: Clock, tmp_path: Path) -> None:
    one = deputy(clock, tmp_path)
    clock.now = QUIET_FOR
    one.tick()
    assert one.process is None
    clock.now = QUIET_FOR + 0.1
    one.tick()
    ended(one)
    one.tick()  # takes note of the end
    one.tick()
    assert (one.process, looks(tmp_path)) == (None, 1)
    clock.now += EVERY
    one.tick()
    ended(one)
    assert looks(tmp_path) == 2


def test_restart_of_the_cluster_is_no_sign_of_life(clock: Clock, tmp_path: Path) -> None:
    one = deputy(clock, tmp_path)
    clock.now = 5.0
    assert one.cluster.pulse is not None
    one.cluster.pulse.wedged(5.0)
    clock.now = 5.0 + QUIET_FOR + 0.1
    one.cluster.pulse.restart(clock.now)
    assert one.quiet(clock.now) > QUIET_FOR


def test_look_that_hangs_is_killed(clock: Clock, tmp_path: Path) -> None:
    one = deputy(clock, tmp_path, "import time; time.sleep(60)")
    clock.now = 20.0
    one.tick()
    assert one.process is not None
    pid = one.process.pid
    wait_until(lambda: looks(tmp_path), seconds=10, what="the look")
    clock.now += PATIENCE + 1
    one.tick()
    assert alive([pid]) == []
    assert looks(tmp_path) == 1
    clock.now += EVERY
    one.tick()
    assert one.process.pid != pid  # and the next one has begun
    one.close()


def test_look_under_way_ends_with_the_supervisor(clock: Clock, tmp_path: Path) -> None:
    one = deputy(clock, tmp_path, "import time; time.sleep(60)")
    clock.now = 20.0
    one.tick()
    assert one.process is not None
    pid = one.process.pid
    one.close()
    assert alive([pid]) == []
