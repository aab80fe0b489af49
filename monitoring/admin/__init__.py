"""Admin of the watch: channels and silences are edited, the rest the machine wrote and is read."""

from __future__ import annotations

from monitoring.admin.alerts import AlarmAdmin, NotificationAdmin
from monitoring.admin.channels import ChannelAdmin
from monitoring.admin.news import FeedAdmin, HeadlineAdmin, MentionAdmin
from monitoring.admin.questions import DecisionAdmin, QuestionAdmin, ScoreAdmin, ScreeningAdmin
from monitoring.admin.queue import FailureAdmin, ScheduleAdmin
from monitoring.admin.silences import SilenceAdmin
from monitoring.admin.spending import AICallAdmin, AIProviderAdmin, AISpendAdmin
from monitoring.admin.watch import MonitorRunAdmin, TriggerAdmin

__all__ = (
    "AICallAdmin",
    "AIProviderAdmin",
    "AISpendAdmin",
    "AlarmAdmin",
    "ChannelAdmin",
    "DecisionAdmin",
    "FailureAdmin",
    "FeedAdmin",
    "HeadlineAdmin",
    "MentionAdmin",
    "MonitorRunAdmin",
    "NotificationAdmin",
    "QuestionAdmin",
    "ScheduleAdmin",
    "ScoreAdmin",
    "ScreeningAdmin",
    "SilenceAdmin",
    "TriggerAdmin",
)
