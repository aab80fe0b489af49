"""What was told: written by the machine, read by people."""

from __future__ import annotations

from django.contrib import admin

from monitoring.models import Notification
from positions.admin.base import ReadOnlyAdmin


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "channel",
        "state",
        "urgency",
        "created_at",
        "attempts",
        "sent_at",
        "error",
    )
    list_filter = ("state", "channel", "urgency")
    search_fields = ("title", "body")
    list_select_related = ("channel",)
    ordering = ("-id",)
    show_full_result_count = False
