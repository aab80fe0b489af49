"""The watch's own rows, and the messages that leave the house."""

from __future__ import annotations

from monitoring.models.alerts import Alarm, Channel, Cursor, Notification, Silence
from monitoring.models.watch import Heartbeat, Lease, MonitorRun, Source, Trigger

__all__ = (
    "Alarm",
    "Channel",
    "Cursor",
    "Heartbeat",
    "Lease",
    "MonitorRun",
    "Notification",
    "Silence",
    "Source",
    "Trigger",
)
