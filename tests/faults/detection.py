"""How soon a watch that has stopped is noticed, and by what: page, /healthz, alert, heartbeat."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request
from tests.faults.ground import Ground
from tests.faults.processes import Product
from tests.faults.restarts import unix
from tests.installation import descendants
from tests.servers import wait_until

INTERVAL = 5.0  # seconds, the product's own
WATCHED = 45.0  # seconds in which it has to be noticed
HIDDEN = 'id="b-beat" hidden'


class Outside(FakeServer):
    """The dead-man's switch: HEARTBEAT_URL."""

    def handle(self, request: Request) -> Reply:
        return Reply(200, b"OK")


@dataclass
class Noticed:
    """Seconds since the harm: when /healthz said so, the page, an alert (None: not within the
    time); `beat`: of the last ping after it (negative: before it); `well`: healthy again by itself
    or once the harm was undone; `passes`: how many began in the first interval after that.
    """

    healthz: float | None = None
    banner: float | None = None
    alert: float | None = None
    beat: float = 0.0
    well: float | None = None
    passes: int = 0
    alerts: list[str] = field(default_factory=list)


Pids = Callable[[Product], list[int]]


def _worker(product: Product) -> list[int]:
    worker = product.parts()["worker"]
    return [worker, *descendants(worker)]


def _cluster(product: Product) -> list[int]:
    cluster = product.parts()["cluster"]
    return [cluster, *descendants(cluster)]


def _signal(signum: int, pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signum)


@dataclass(frozen=True)
class Harm:
    """`do` returns what undoes it."""

    name: str
    do: Callable[[Product], Callable[[], None]]


def _freeze(whom: Pids) -> Callable[[Product], Callable[[], None]]:
    def do(product: Product) -> Callable[[], None]:
        pids = whom(product)
        _signal(signal.SIGSTOP, pids)
        return lambda: _signal(signal.SIGCONT, pids)

    return do


def _kill_idle(product: Product) -> Callable[[], None]:
    # One of them waits with the queue's lock in its hand, which dies with it.
    busy = product.busy()
    _signal(signal.SIGKILL, [pid for pid in product.workers() if pid not in busy])
    return lambda: None


def _hang_venue(product: Product) -> Callable[[], None]:
    product.ground.polymarket.knob("hang", route="clob/*", seconds=60)
    return product.ground.polymarket.clear


HARMS = (
    Harm("the whole worker stands still (SIGSTOP)", _freeze(_worker)),
    Harm("the cluster stands still, its supervisor lives", _freeze(_cluster)),
    Harm("the idle worker processes are killed: django-q2 wedges", _kill_idle),
    Harm("the venue hangs: no pass is complete", _hang_venue),
)


def noticed(product: Product, outside: Outside, harm: Harm) -> Noticed:
    """Do the harm to a healthy product with a position open, and look ten times a second."""
    ground = product.ground
    key = ground.hand.ask("login")
    wait_until(lambda: _healthz(ground) == 200, seconds=90, what="health before the harm")
    wait_until(lambda: not ground.untold(), seconds=60, what="silence before the harm")
    told, found = len(ground.discord.sent()), Noticed()
    last = len(outside.calls)
    wait_until(lambda: len(outside.calls) > last, seconds=20, what="a ping before the harm")
    began, at = time.monotonic(), time.time()
    undo = harm.do(product)
    try:
        while time.monotonic() < began + WATCHED and None in _seen(found).values():
            _look(found, ground, key, told, began)
            time.sleep(0.1)
    finally:
        undo()
    found.beat = (
        max((call.at for call in outside.calls if call.at < _end(found, at)), default=at) - at
    )
    restored = time.time()
    wait_until(lambda: _healthz(ground) == 200, seconds=120, what="health again")
    found.well = time.time() - restored
    found.passes = _passes_since(ground, restored)
    found.alerts = [str(m["payload"]["content"]) for m in ground.discord.sent()[told:]]
    return found


def _seen(found: Noticed) -> Mapping[str, float | None]:
    return {"healthz": found.healthz, "banner": found.banner, "alert": found.alert}


def _end(found: Noticed, at: float) -> float:
    """Pings after it was noticed may be those of the recovery."""
    return at + (found.healthz if found.healthz is not None else WATCHED)


def _look(found: Noticed, ground: Ground, key: str, told: int, began: float) -> None:
    if found.healthz is None and _healthz(ground) == 503:
        found.healthz = time.monotonic() - began
    if found.banner is None and HIDDEN not in _page(ground, key):
        found.banner = time.monotonic() - began
    if found.alert is None and len(ground.discord.sent()) > told:
        found.alert = time.monotonic() - began


def _healthz(ground: Ground) -> int:
    return ground.installation.get("/healthz")[0]


def _page(ground: Ground, key: str) -> str:
    request = urllib.request.Request(f"{ground.installation.url}/", headers={"Cookie": key})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return HIDDEN


def _passes_since(ground: Ground, at: float) -> int:
    """Passes that began within the first interval after the first one since then."""
    time.sleep(INTERVAL)
    rows = ground.installation.query("SELECT started_at FROM monitoring_monitorrun ORDER BY id")
    starts = [seconds for row in rows if (seconds := unix(row[0])) > at]
    return sum(start < starts[0] + INTERVAL - 0.5 for start in starts)
