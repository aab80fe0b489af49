"""The watch's passes and what fired in them, for reading."""

from __future__ import annotations

from django.contrib import admin

from monitoring.models import MonitorRun, Trigger
from positions.admin.base import ReadOnlyAdmin


@admin.register(MonitorRun)
class MonitorRunAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "state",
        "started_at",
        "finished_at",
        "open",
        "checked",
        "unpriced",
        "triggers",
        "exits",
        "problem",
    )
    list_filter = ("state",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Trigger)
class TriggerAdmin(ReadOnlyAdmin):
    list_display = ("at", "position", "rule", "urgency", "level", "price", "decision", "reason")
    list_filter = ("rule", "urgency", "decision")
    search_fields = ("reason", "position__market__question")
    list_select_related = ("position__market",)
    ordering = ("-id",)
    show_full_result_count = False
