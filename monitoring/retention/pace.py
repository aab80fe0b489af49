"""Deleting beside a watch that must not wait: few rows at a time, and never more than half of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from django.db.models import Model

CHUNK = 500  # rows a transaction: some 10 ms, in which on SQLite nobody else can write


class Pace:
    """Time for one run: `clock` in seconds, `sleep` as time.sleep."""

    def __init__(
        self, budget: float, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self.clock, self.sleep = clock, sleep
        self.end = clock() + budget
        self.longest = 0.0  # seconds that one transaction took

    @property
    def over(self) -> bool:
        """Whether the time is up; what is left waits for the next run."""
        return self.clock() >= self.end

    def delete(self, model: type[Model], ids: Iterable[Any]) -> int:
        """Deletes these rows and returns how many, all of them: the caller asks `over`."""
        rows = model._default_manager  # noqa: SLF001  documented API
        return self.each(ids, lambda some: rows.filter(pk__in=some).delete())

    def each(self, ids: Iterable[Any], act: Callable[[list[Any]], object]) -> int:
        """Does something to these rows, few at a time and with pauses; returns how many."""
        left, gone = iter(ids), 0
        while chunk := list(islice(left, CHUNK)):
            began = self.clock()
            act(chunk)
            took = self.clock() - began
            self.longest = max(self.longest, took)
            gone += len(chunk)
            # A pass that waits for the write lock looks for it every few milliseconds.
            self.sleep(took)
        return gone
