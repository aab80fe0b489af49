"""What a killed worker process left behind is taken up within seconds, not at the watchdog's minute.

A run that dies cannot pull its schedule forward (monitoring.schedules). Its lease tells that it
died: the holder is a process of this machine that lives no more.
"""

from __future__ import annotations

from datetime import datetime

from monitoring.lease import is_dead
from monitoring.models import Channel, Lease
from monitoring.schedules import look_again


def mend(*, now: datetime) -> None:
    """Makes the pass due when its process has died, and the delivery when a sender has."""
    passes = Lease.objects.exclude(holder="").values_list("holder", flat=True)
    if any(is_dead(holder) for holder in passes):
        look_again("monitor", now)
    senders = Channel.objects.exclude(lease_holder="").values_list("lease_holder", flat=True)
    if any(is_dead(holder.partition("@")[2]) for holder in senders):
        look_again("deliver", now)
        look_again("deliver_again", now)
