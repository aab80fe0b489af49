"""A pass's ports that count their calls, name the step each belongs to, and kill at one of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from monitoring.engine import Ports
from positions.domain.book import Book
from positions.venues.base import (
    Executor,
    Instrument,
    MarketInfo,
    MarketStatus,
    Order,
    PriceSource,
    Readings,
    Report,
)

# By the last thing that happened outside the pass, and how many looks at the clock ago that was.
STEPS = {
    ("start", 1): "before the lease",
    ("start", 2): "inside the taking of the lease",
    ("start", 3): "lease taken",
    ("read>", 0): "prices asked for",
    ("read<", 0): "prices read",
    ("read<", 1): "judged, not committed",
    ("read<", 2): "committed, inside the claim",
    ("sell>", 0): "claimed, not sent",
    ("sell<", 0): "sold, answer not taken",
    ("sell<", 1): "answered, not booked",
    ("sell<", 2): "inside the booking",
    ("sell<", 3): "booked, before the next claim",
    ("sell!", 0): "answer lost",
    ("lookup>", 0): "answer lost",
    ("lookup<", 0): "venue asked, answer not taken",
    ("lookup<", 1): "answered, not booked",
    ("lookup<", 2): "inside the booking",
    ("lookup<", 3): "booked, before the next claim",
    ("sleep>", 0): "waiting for the second reading",
    ("sleep<", 0): "waiting for the second reading",
}
REST = "all booked, ending"


class Tripwire:
    """`reach` is told of every call; `told` gets the step's name, and at call `kill_at` it kills."""

    def __init__(self, told: Callable[[str], None], kill_at: int | None) -> None:
        self.told, self.kill_at = told, kill_at
        self.calls = self.looks = 0
        self.stage = "start"

    def reach(self, what: str) -> None:
        self.calls += 1
        if what == "now":
            self.looks += 1
        else:
            self.stage, self.looks = what, 0
        self.told(STEPS.get((self.stage, self.looks), REST))
        if self.calls == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def ports(self, inner: Ports) -> Ports:
        """`inner` with the wire in front of each."""

        def now() -> datetime:
            self.reach("now")
            return inner.now()

        def sleep(seconds: float) -> None:
            self.reach("sleep>")
            inner.sleep(seconds)
            self.reach("sleep<")

        return replace(
            inner,
            now=now,
            sleep=sleep,
            source=lambda venue: WiredSource(self, inner.source(venue)),
            executor=WiredExecutor(self, inner.executor),
        )


class WiredSource:
    def __init__(self, wire: Tripwire, inner: PriceSource) -> None:
        self.wire, self.inner, self.venue = wire, inner, inner.venue

    def read(self, instruments: Sequence[Instrument], *, deadline: float) -> Readings:
        self.wire.reach("read>")
        answer = self.inner.read(instruments, deadline=deadline)
        self.wire.reach("read<")
        return answer

    def status(
        self, instruments: Sequence[Instrument], *, deadline: float
    ) -> Mapping[int, MarketStatus]:
        return self.inner.status(instruments, deadline=deadline)

    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]:
        return self.inner.find(reference, outcome)


class WiredExecutor:
    def __init__(self, wire: Tripwire, inner: Executor) -> None:
        self.wire, self.inner = wire, inner

    def sell(self, order: Order, book: Book) -> Report:
        report: Report = self._wired("sell", lambda: self.inner.sell(order, book))
        return report

    def lookup(self, order: Order) -> Report | None:
        found: Report | None = self._wired("lookup", lambda: self.inner.lookup(order))
        return found

    def _wired(self, name: str, call: Callable[[], Any]) -> Any:
        self.wire.reach(f"{name}>")
        try:
            answer = call()
        except Exception:
            self.wire.reach(f"{name}!")
            raise
        self.wire.reach(f"{name}<")
        return answer
