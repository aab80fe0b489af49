"""Keeps child processes alive: restarts with back-off, stops within a budget, leaves no orphans.

django-q2 decided the shape. SIGTERM to its whole process group hangs it, so only a child's main
process is ever asked to stop; the death of an idle worker wedges it for good while it still calls
itself working, so its pulse is watched from outside; the death of its main process leaves its
workers at work, so what remains of a group is killed before the next start.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType

TICK = 0.1  # seconds between two looks at the children
STEADY = 60.0  # seconds of life after which earlier failures are forgotten
PR_SET_PDEATHSIG = 1


def back_off(failures: int) -> float:
    """Seconds to wait before a restart after so many failures in a row: 0, 1, 2, 4 … 30."""
    return 0.0 if failures <= 1 else min(30.0, 2.0 ** (failures - 2))


def die_with_parent(signum: int, parent: int | None = None) -> None:
    """Have the kernel send `signum` to this process when its parent dies (Linux; else nothing).

    `parent`: the pid that forked it. One that died before the kernel was asked is never told of by
    it, and this process would work on for ever beside its successor: then it ends at once.
    """
    if sys.platform != "linux":
        return
    import ctypes  # only where the call exists

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(kw_only=True)
class Pulse:
    """A reading that must keep changing. `read` raises OSError when it cannot tell.

    Changes are timed by the supervisor's own clock, so that a jump of the system clock is no death.
    """

    read: Callable[[], object]
    limit: float  # seconds without a change after which the child counts as wedged
    warm_up: float = 15.0  # seconds granted on top until the first change after a start
    every: float = 1.0  # seconds between two readings
    last: object = field(default=None, init=False)
    fresh_until: float = field(default=0.0, init=False)
    changed_at: float = field(default=0.0, init=False)  # of the supervisor's clock
    next_look: float = field(default=0.0, init=False)

    def restart(self, now: float) -> None:
        self.fresh_until = now + self.warm_up + self.limit
        # A start is no sign of life, but the first one begins the count.
        self.changed_at = self.changed_at or now
        self.next_look = now

    def wedged(self, now: float) -> bool:
        """Whether the reading has stood still for too long at `now` (monotonic seconds)."""
        if now < self.next_look:
            return False
        self.next_look = now + self.every
        try:
            value = self.read()
        except OSError:  # not known to be alive is not known to be dead
            self.fresh_until = max(self.fresh_until, now + self.limit)
            return False
        if value != self.last:  # it lives: no need of warm-up any more
            self.last = value
            self.fresh_until = now + self.limit
            self.changed_at = now
        return now > self.fresh_until


@dataclass(kw_only=True)
class Child:
    """One process in a session of its own, and what its keeper needs to know about it."""

    name: str
    argv: Sequence[str]
    cwd: str
    grace: float  # seconds between SIGTERM to its main process and SIGKILL to its group
    environ: Mapping[str, str] = field(default_factory=dict)
    on_parent_death: int = signal.SIGTERM
    prepare: Callable[[], None] | None = None  # runs before each start; OSError: try again later
    pulse: Pulse | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    failures: int = field(default=0, init=False)
    started: float = field(default=0.0, init=False)
    due: float = field(default=0.0, init=False)  # monotonic time of the next start

    def start(self, now: float) -> None:
        """Raises OSError when `prepare` could not do its work."""
        if self.prepare is not None:
            self.prepare()
        self.started = now
        keeper = os.getpid()
        self.process = subprocess.Popen(
            self.argv,
            cwd=self.cwd,
            env={**os.environ, **self.environ},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(self.on_parent_death, keeper),  # noqa: PLW1509  one thread
        )
        if self.pulse is not None:
            self.pulse.restart(now)

    def bury(self, now: float) -> None:
        """Kill what is left of the group and set the time of the next start."""
        self.kill()
        self.process = None
        self.failures = 1 if now - self.started > STEADY else self.failures + 1
        self.due = now + back_off(self.failures)

    def ask_to_stop(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """SIGKILL to the whole group, whose leader may be dead already."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def gone(self) -> bool:
        return self.process is None or self.process.poll() is not None


class Supervisor:
    """Runs children until SIGINT, SIGTERM or SIGHUP; a second signal stops waiting for them."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        say: Callable[[str], None],
        each_tick: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.children = children
        self._say = say
        self.each_tick = each_tick
        self.clock = clock
        self.signals = 0

    def say(self, text: str) -> None:
        """Tell whoever still listens: a terminal that was closed must not end the watch."""
        with suppress(OSError):
            self._say(text)

    def run(self) -> None:
        """Returns once every child and every process of its group is gone."""
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._on_signal)
        try:
            while not self.signals:
                for child in self.children:
                    self.tend(child, self.clock())
                self.each_tick()
                time.sleep(TICK)
        finally:
            self.stop()

    def tend(self, child: Child, now: float) -> None:
        """One look at one child: start it when due, bury it when dead or wedged."""
        if child.process is None:
            if now >= child.due:
                self._start(child, now)
        elif child.gone():
            self.say(f"{child.name} ended with code {child.process.returncode}; restarting it")
            child.bury(now)
        elif child.pulse is not None and child.pulse.wedged(now):
            self.say(f"{child.name} shows no life; killing and restarting it")
            child.bury(now)

    def stop(self) -> None:
        """Ask every main process at once, wait each one's grace, then kill what is left."""
        began = self.clock()
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            while not child.gone() and self.clock() < began + child.grace and self.signals < 2:
                time.sleep(TICK / 2)
            if not child.gone():
                self.say(f"{child.name} did not stop in time; killing it")
            child.kill()

    def _start(self, child: Child, now: float) -> None:
        try:
            child.start(now)
        except OSError as error:
            child.bury(now)
            self.say(f"{child.name} cannot start: {error}")

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self.signals += 1
