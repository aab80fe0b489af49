"""An end to an exchange which no time-out of a socket ends.

Those count from byte to byte. A server that drips the head of its answer, a chunk's length or the
handshake keeps a call for days with them, and whoever waits for it: a pass over the book.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Lock, Timer, local
from types import TracebackType
from typing import Self

_running = local()


class Overdue:
    """For one exchange, as a context manager in the thread that makes it: shuts its connections
    after so many seconds. `over`: it did, so whatever came is cut short and no answer.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._lock = Lock()
        self._held: list[socket.socket] = []
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _running.now = self
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _running.now = None
        self._timer.cancel()
        with self._lock:
            for held in self._held:
                held.close()
            self._held.clear()

    def hold(self, connection: socket.socket) -> None:
        """Has this connection end with the exchange; it stays the caller's."""
        # A second descriptor: wrapping in TLS takes the first one away from its object.
        twin = socket.fromfd(connection.fileno(), connection.family, connection.type)
        with self._lock:
            self._held.append(twin)
            if self.over:
                _shut(twin)

    def _end(self) -> None:
        with self._lock:
            self.over = True
            for held in self._held:
                _shut(held)


def watched(connection: socket.socket) -> None:
    """To be told of each connection that this thread uses; nothing outside an exchange."""
    running: Overdue | None = getattr(_running, "now", None)
    if running is not None:
        running.hold(connection)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)
