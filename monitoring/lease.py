"""One pass at a time, and no pass that lost its lease ever acts again.

The lease has a deadline and a fencing number that grows with every holder. Every commit and every
claim of an exit renews it under its own number in the same transaction; a holder that was frozen,
swapped out or killed finds a higher number and its transaction rolls back.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from monitoring.models import Lease

LENGTH = timedelta(seconds=90)


class LeaseLostError(Exception):
    """Another pass holds the lease now; what this one has not committed never happened."""


class LeaseHeldError(Exception):
    """Another pass is at work; `holder` says which process."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"another pass is at work ({holder})")
        self.holder = holder


def identity() -> str:
    """host:pid:start of this process; the start tells a reused pid from its predecessor."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def _started(pid: int) -> str:
    """Start time of a living process in clock ticks since boot, "" when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]


def is_dead(holder: str) -> bool:
    """Whether the holder is a process of this machine that lives no more."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    pid, start = rest, holder.rpartition(":")[2]
    if host != socket.gethostname() or not pid.isdigit() or not Path("/proc/self/stat").exists():
        return False
    return _started(int(pid)) != start


@dataclass(frozen=True, slots=True)
class Held:
    """A lease taken: `renew` it in every transaction."""

    name: str
    fence: int

    def renew(self, now: datetime) -> None:
        """Moves the deadline under our own fence; to be called inside the caller's transaction.

        Raises LeaseLostError.
        """
        rows = Lease.objects.filter(name=self.name, fence=self.fence, holder=identity())
        if not rows.update(expires_at=now + LENGTH):
            raise LeaseLostError(f"lease {self.name} #{self.fence} was lost")

    def release(self, now: datetime) -> None:
        """Lets the next pass begin at once."""
        Lease.objects.filter(name=self.name, fence=self.fence).update(holder="", expires_at=now)


def acquire(name: str, *, now: datetime) -> Held:
    """Takes the lease when it is free, expired, or held by a dead process of this machine.

    Raises LeaseHeldError.
    """
    with transaction.atomic():
        Lease.objects.get_or_create(name=name, defaults={"expires_at": now})
        row = Lease.objects.select_for_update().get(name=name)
        # No deadline is further ahead than this: the clock was set back since, and what is fenced
        # out by mistake has only to begin anew.
        held = now < row.expires_at <= now + 2 * LENGTH
        if row.holder and held and not is_dead(row.holder):
            raise LeaseHeldError(row.holder)
        row.fence += 1
        row.holder, row.expires_at = identity(), now + LENGTH
        row.save(update_fields=["fence", "holder", "expires_at"])
    return Held(name, row.fence)
