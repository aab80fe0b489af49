"""What time alone brings: reminders, escalation, the end of silences. Cheap when nothing is due."""

from __future__ import annotations

from datetime import datetime

from monitoring.alerts import silences


def upkeep(*, now: datetime) -> None:
    """Does what is due by now; safe at any time, again and at once from several processes."""
    silences.expire(now=now)
