"""The lock of the alarms: whoever changes what is remembered of them waits for the others."""

from __future__ import annotations

from monitoring.models import Cursor

CURSOR = "alerts"


def hold() -> Cursor:
    """Locks the alarms until the transaction ends, and returns how far the journal has been read.

    Dispatch, upkeep and acknowledging all change the same rows: without the lock a batch could
    write back an alarm as it was before a person took note of it.
    """
    Cursor.objects.get_or_create(name=CURSOR)
    return Cursor.objects.select_for_update().get(name=CURSOR)
