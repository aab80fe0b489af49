"""The watch's own rows, the messages that leave the house, and what the AI stage read and said."""

from __future__ import annotations

from monitoring.models.advice import Decision, Question, Score, Screening
from monitoring.models.alerts import Alarm, Channel, Cursor, Notification, Silence
from monitoring.models.news import Feed, Headline, Mention
from monitoring.models.spending import AICall, AIProvider, AISpend
from monitoring.models.watch import Heartbeat, Lease, MonitorRun, Source, Trigger

__all__ = (
    "AICall",
    "AIProvider",
    "AISpend",
    "Alarm",
    "Channel",
    "Cursor",
    "Decision",
    "Feed",
    "Headline",
    "Heartbeat",
    "Lease",
    "Mention",
    "MonitorRun",
    "Notification",
    "Question",
    "Score",
    "Screening",
    "Silence",
    "Source",
    "Trigger",
)
