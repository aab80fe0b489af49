"""kill -9 of the running product's processes at the moments of `tests.faults.moments`."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from tests.faults.ground import Ground
from tests.faults.moments import HELD_BACK, Moment
from tests.installation import children, descendants
from tests.monitoring.test_run_worker import SENTINELS_CHILDREN
from tests.servers import wait_until

RECOVERY = 90.0  # seconds in which all has to be sold and told again


class Product:
    """`manage.py up` on a ground; started again by `kill("everything")`, as systemd would."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.services: dict[int, list[int]] = {}
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return self.ground.installation.start("up")

    def begin(self) -> Self:
        """Waits until it is ready. Raises TimeoutError with what it printed instead."""
        self.wait(self.ready, 60, "the product's start")
        return self

    def wait(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        """As `wait_until`; its TimeoutError carries the end of what the product printed."""
        try:
            wait_until(done, seconds=seconds, what=what)
        except TimeoutError as error:
            error.add_note(self.ground.installation.output(self.process)[-4000:])
            raise

    def parts(self) -> dict[str, int]:
        """Pids by name; those that are not there right now are left out."""
        found = {}
        for pid in children(self.process.pid):
            found["worker" if "run_worker" in _command(pid) else "web"] = pid
        for name, parent in (("cluster", "worker"), ("sentinel", "cluster")):
            below = children(found[parent]) if parent in found else []
            if below:
                found[name] = below[0]
        return found

    def workers(self) -> list[int]:
        """The cluster's task workers. Of a new sentinel's children the last two save results and
        push tasks; workers that replace dead ones come after them.
        """
        sentinel = self.parts().get("sentinel")
        family = children(sentinel) if sentinel else []
        if sentinel and sentinel not in self.services and len(family) == SENTINELS_CHILDREN:
            self.services[sentinel] = family[-2:]
        services = self.services.get(sentinel or 0)
        return [pid for pid in family if pid not in services] if services else []

    def busy(self) -> list[int]:
        """Workers that hold a lease: of the pass, or of a channel."""
        rows = self.ground.installation.query(
            "SELECT holder FROM monitoring_lease UNION SELECT lease_holder FROM monitoring_channel"
        )
        pids = {int(row[0].split(":")[-2]) for row in rows if row[0].count(":") >= 2}
        return [pid for pid in self.workers() if pid in pids]

    def victims(self, name: str) -> list[int]:
        """Who dies when `name` is killed."""
        parts = self.parts()
        busy = self.busy()
        if name == "busy worker process":
            return busy
        if name == "every worker process":
            return self.workers()
        if name == "idle worker process":
            return [pid for pid in self.workers() if pid not in busy][:1]
        if name == "everything":
            return [self.process.pid, *descendants(self.process.pid)]
        if name == "whole worker":
            return [parts["worker"], *descendants(parts["worker"])] if "worker" in parts else []
        return [parts[name]] if name in parts else []

    def kill(self, name: str) -> list[int]:
        """SIGKILL to all of them at once; returns whom it hit."""
        victims = self.victims(name)
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process.pid in victims:
            self.process.wait()
            self.process = self._start()
        return victims

    def ready(self) -> bool:
        """Whether web answers, the cluster is whole and a pass has been made."""
        complete = "SELECT count(*) FROM monitoring_monitorrun WHERE state = 'complete'"
        try:
            return (
                self.ground.installation.get("/livez")[0] == 200
                and bool(self.workers())
                and bool(self.ground.installation.query(complete)[0][0])
            )
        except Exception:  # noqa: BLE001  the database is being made
            return False


VICTIMS = (
    "busy worker process",
    "idle worker process",
    "cluster",
    "sentinel",
    "whole worker",
    "web",
    "everything",
)


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline") as file:  # noqa: PTH123
            return file.read().replace("\0", " ")
    except OSError:
        return ""


def killed_at(product: Product, moment: Moment, victim: str) -> float | None:
    """Kill `victim` at this moment of a new position's exit; seconds until all is sold and told.

    None when the victim was gone already: the moment lasts milliseconds only.
    """
    ground = product.ground
    moment.arrange(ground)
    ground.hold()
    try:
        product.wait(lambda: moment.reached(ground), RECOVERY, moment.name)
        sender = moment.unleased and victim == "busy worker process"
        killed = product.kill("every worker process" if sender else victim)
    finally:
        moment.let_go(ground)
    began = time.monotonic()
    recovered(product, RECOVERY)
    seconds = time.monotonic() - began
    # What was held back is still carried out: an order that is late, a message that came twice.
    time.sleep(max(0.0, HELD_BACK + 0.3 - seconds))
    for server in (ground.polymarket, ground.exchange, ground.discord):
        server.clear()
    return seconds if killed else None


def recovered(product: Product, seconds: float) -> None:
    """Waits until nothing is open, everything is told and the page answers. Raises TimeoutError."""
    ground = product.ground

    def done() -> bool:
        return not ground.open_positions() and not ground.untold() and product.ready()

    product.wait(done, seconds, "recovery")
