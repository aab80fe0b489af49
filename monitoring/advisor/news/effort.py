"""A bound on the work that a stranger's document may cost, in seconds of the processor."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread


class EffortError(BaseException):
    """It would cost more. No Exception, or the parser that it ends would take it for its own."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises EffortError in what runs inside once that has used the processor for so long.

    By a signal, so in a process's main thread only, where tasks run; elsewhere there is no bound.
    """
    if current_thread() is not main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise EffortError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
