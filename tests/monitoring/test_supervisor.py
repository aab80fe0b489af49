from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monitoring.supervisor import Child, Pulse, Supervisor, back_off
from tests.installation import ROOT, alive, children, descendants
from tests.servers import wait_until

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
time.sleep(60)
"""


def child(code: str, **more: object) -> Child:
    options = {"name": "child", "cwd": str(ROOT), "grace": 0.5, **more}
    return Child(argv=[sys.executable, "-c", code], **options)  # type: ignore[arg-type]


def keeper(one: Child) -> tuple[Supervisor, list[str]]:
    said: list[str] = []
    return Supervisor([one], say=said.append), said


def test_back_off_doubles_up_to_half_a_minute() -> None:
    delays = [back_off(failures) for failures in range(9)]
    assert delays == [0, 0, 1, 2, 4, 8, 16, 30, 30]


class TestPulse:
    def test_reading_that_stands_still_is_a_wedge_after_the_limit(self) -> None:
        pulse = Pulse(read=lambda: None, limit=10, warm_up=5)
        pulse.restart(100)
        assert [pulse.wedged(now) for now in (100, 115, 115.5, 116.5)] == [False] * 3 + [True]

    def test_change_makes_it_fresh_again(self) -> None:
        readings = iter("aabbb")
        pulse = Pulse(read=lambda: next(readings), limit=10, warm_up=5)
        pulse.last = "a"  # what an earlier life left
        pulse.restart(0)
        assert [pulse.wedged(now) for now in (0, 10, 14, 24, 25)] == [False] * 4 + [True]

    def test_unreadable_is_not_dead(self) -> None:
        def unreadable() -> object:
            raise OSError

        pulse = Pulse(read=unreadable, limit=10, warm_up=0)
        pulse.restart(0)
        assert [pulse.wedged(now) for now in (0, 50, 500)] == [False] * 3

    def test_it_looks_once_a_second_at_most(self) -> None:
        looks: list[float] = []
        pulse = Pulse(read=lambda: looks.append(0), limit=10, warm_up=0)
        pulse.restart(0)
        for tenth in range(31):
            pulse.wedged(tenth / 10)
        assert len(looks) == 4


class TestSupervisor:
    def test_dead_child_is_started_again(self) -> None:
        one = child("import sys; sys.exit(3)")
        supervisor, said = keeper(one)
        supervisor.tend(one, 0)
        assert one.process is not None
        first = one.process.pid
        one.process.wait()
        supervisor.tend(one, 1)
        supervisor.tend(one, 2)
        assert said == ["child ended with code 3; restarting it"]
        assert (one.process is not None, one.process.pid == first) == (True, False)
        one.kill()

    def test_child_that_keeps_dying_waits_longer_each_time(self) -> None:
        one = child("pass")
        supervisor, _said = keeper(one)
        waits = []
        for now in (0.0, 100.0, 200.0):
            supervisor.tend(one, now)
            assert one.process is not None
            one.process.wait()
            supervisor.tend(one, now + 1)
            waits.append(one.due - now - 1)
        assert waits == [0, 1, 2]

    def test_failure_after_a_steady_life_counts_as_the_first(self) -> None:
        one = child("pass")
        supervisor, _said = keeper(one)
        one.failures = 5
        supervisor.tend(one, 0)
        assert one.process is not None
        one.process.wait()
        supervisor.tend(one, 61)
        assert (one.failures, one.due) == (1, 61)

    def test_wedged_child_is_killed_with_its_group(self) -> None:
        one = child(STUBBORN, pulse=Pulse(read=lambda: None, limit=1, warm_up=0))
        supervisor, said = keeper(one)
        supervisor.tend(one, 0)
        assert one.process is not None
        pid = one.process.pid
        wait_until(lambda: children(pid), seconds=10, what="its own child")
        family = [pid, *descendants(pid)]
        supervisor.tend(one, 2)
        assert said == ["child shows no life; killing and restarting it"]
        wait_until(lambda: not alive(family), seconds=5, what="the group's end")

    def test_child_that_cannot_get_ready_is_tried_again(self) -> None:
        def not_ready() -> None:
            raise OSError("no database")

        one = child("pass", prepare=not_ready)
        supervisor, said = keeper(one)
        supervisor.tend(one, 0)
        supervisor.tend(one, 0)
        assert said == ["child cannot start: no database"] * 2
        assert (one.process, one.due) == (None, 1)

    def test_stop_kills_the_group_after_the_grace(self) -> None:
        one = child(STUBBORN)
        supervisor, said = keeper(one)
        supervisor.tend(one, 0)
        assert one.process is not None
        pid = one.process.pid
        wait_until(lambda: children(pid), seconds=10, what="its own child")
        family = [pid, *descendants(pid)]
        began = time.monotonic()
        supervisor.stop()
        assert 0.4 < time.monotonic() - began < 2
        assert said == ["child did not stop in time; killing it"]
        wait_until(lambda: not alive(family), seconds=5, what="the group's end")


PROGRAM = """
import sys
from monitoring.supervisor import Child, Supervisor
sleeper = Child(name="sleeper", argv=[sys.executable, "-c", "import time; time.sleep(60)"],
                cwd=".", grace=3)
Supervisor([sleeper], say=print).run()
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_ends_on_a_signal_and_leaves_nobody(signum: int) -> None:
    program = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT)
    wait_until(lambda: children(program.pid), seconds=10, what="the child")
    family = descendants(program.pid)
    program.send_signal(signum)
    assert program.wait(5) == 0
    assert alive(family) == []


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_child_dies_with_a_killed_supervisor() -> None:
    program = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT)
    wait_until(lambda: children(program.pid), seconds=10, what="the child")
    family = descendants(program.pid)
    program.kill()
    program.wait()
    wait_until(lambda: not alive(family), seconds=5, what="the child's end")


def test_child_gets_the_variables_it_is_given(tmp_path: Path) -> None:
    code = "import os, pathlib; pathlib.Path(os.environ['OUT']).write_text(os.environ['PATH'])"
    one = child(code, environ={"OUT": str(tmp_path / "out")})
    keeper(one)[0].tend(one, 0)
    assert one.process is not None
    one.process.wait()
    assert (tmp_path / "out").read_text() == os.environ["PATH"]


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
@pytest.mark.parametrize(("parent", "ended"), [("os.getppid()", (0, "works\n")), ("0", (-9, ""))])
def test_child_whose_parent_died_before_the_kernel_was_asked_ends(
    parent: str, ended: tuple[int, str]
) -> None:
    code = (
        "import os; from monitoring.supervisor import die_with_parent;"
        f"die_with_parent(15, {parent}); print('works')"
    )
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (child.returncode, child.stdout) == ended
