"""The supervisor's words to systemd (sd_notify(3)): that it is ready and that it lives.

A datagram each, to the socket that NOTIFY_SOCKET names. Without one nothing is sent.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress


class Notifier:
    """Takes the variables out of `environ`: they are meant for this process, not for its children."""

    def __init__(
        self,
        environ: MutableMapping[str, str] = os.environ,
        *,
        pid: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = environ.pop("NOTIFY_SOCKET", "")
        period = int(environ.pop("WATCHDOG_USEC", "0") or 0) / 1e6
        meant = environ.pop("WATCHDOG_PID", "") or str(pid or os.getpid())
        # Half the time that systemd grants, as sd_watchdog_enabled(3) advises.
        self.every = period / 2 if meant == str(pid or os.getpid()) else 0.0
        self.clock = clock
        self.due = float("-inf")

    def ready(self) -> None:
        """The dashboard answers: `systemctl start` returns now."""
        self.send("READY=1")

    def alive(self) -> None:
        """To be called with every look at the children; sends only when it is time."""
        if self.every and self.clock() >= self.due:
            self.due = self.clock() + self.every
            self.send("WATCHDOG=1")

    def send(self, words: str) -> None:
        """One datagram; a systemd that does not listen must not end the watch."""
        if not self.address:
            return
        # "@" stands for the zero byte that begins an abstract name.
        name = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.sendto(words.encode(), name)
