"""While the cluster shows no life, its supervisor has somebody else look at the watch.

A process of its own, short-lived: the supervisor itself has one thread and no time, and what hangs
the cluster must not hang it too.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from monitoring.supervisor import Child, die_with_parent

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

QUIET_FOR = 8.0  # seconds without a beat (one is due every two) after which somebody looks
EVERY = 10.0  # seconds between the ends of looks: each costs a start of Django
PATIENCE = 40.0  # seconds a look may take before it is killed
BUDGET = timedelta(seconds=20)


def look_and_deliver() -> None:
    """What the child does: one look, and the delivery when something is wrong."""
    from monitoring.alerts.sending.delivery import deliver_due
    from monitoring.watchman import look

    try:
        if look(timezone.now()).deliver:
            deliver_due(budget=BUDGET)
    except DatabaseError as error:
        logger.warning("nobody could look at the watch: %s", type(error).__name__)
    finally:
        connections.close_all()


class Deputy:
    """Starts a look now and then while `cluster` is dead or shows no life. `tick` never blocks."""

    def __init__(
        self,
        cluster: Child,
        *,
        argv: Sequence[str] = (sys.executable, "manage.py", "run_worker", "--look"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cluster, self.argv, self.clock = cluster, argv, clock
        self.process: subprocess.Popen[bytes] | None = None
        self.began = float("-inf")
        self.next = float("-inf")

    def tick(self) -> None:
        """One look at whether a look is needed."""
        now = self.clock()
        if self.process is not None:
            self._attend(self.process, now)
        elif now >= self.next and self.quiet(now) > QUIET_FOR:
            self._start(now)

    def quiet(self, now: float) -> float:
        """Seconds since the cluster last showed life."""
        pulse = self.cluster.pulse
        return 0.0 if pulse is None else now - pulse.changed_at

    def close(self) -> None:
        """Kills a look that is under way."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()

    def _attend(self, process: subprocess.Popen[bytes], now: float) -> None:
        if process.poll() is None and now - self.began > PATIENCE:
            process.kill()
            process.wait()
        if process.poll() is not None:
            self.process, self.next = None, now + EVERY

    def _start(self, now: float) -> None:
        self.began, self.next = now, now + EVERY
        with suppress(OSError):  # no process to be had: the supervisor has worse to deal with
            self.process = subprocess.Popen(
                self.argv,
                cwd=str(settings.BASE_DIR),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGKILL),  # noqa: PLW1509  one thread
            )
