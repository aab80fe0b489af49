"""What was told and what is wrong: written by the machine, acknowledged by people."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from monitoring.alerts.deciding.acknowledging import acknowledge, unacknowledge
from monitoring.alerts.deciding.reasons import words
from monitoring.models import Alarm, Notification
from positions.admin.base import ReadOnlyAdmin
from positions.services.base import ServiceError


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "channel",
        "state",
        "why",
        "urgency",
        "created_at",
        "attempts",
        "sent_at",
        "error",
    )
    list_filter = ("state", "channel", "urgency", "origin")
    search_fields = ("title", "body")
    list_select_related = ("channel",)
    ordering = ("-id",)
    show_full_result_count = False

    @admin.display(description=_("why"))
    def why(self, row: Notification) -> str:
        return words(row.reason)


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    list_display = (
        "kind",
        "position",
        "rule",
        "urgency",
        "raised_at",
        "resolved_at",
        "told_at",
        "reminders",
        "acknowledged_by",
        "flapping",
    )
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "urgency", "kind", "flapping")
    search_fields = ("key", "entry__text")
    list_select_related = ("position__market",)
    ordering = ("-raised_at",)
    actions = ("take_note", "take_back")

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may take note of alarms; the rows themselves nobody changes."""
        return request.user.has_perm("monitoring.change_alarm")

    @admin.action(description=_("Acknowledge"), permissions=["act"])
    def take_note(self, request: HttpRequest, queryset: QuerySet[Alarm]) -> None:
        """No more reminders of these."""
        self._each(request, queryset, acknowledge)

    @admin.action(description=_("Take the acknowledgement back"), permissions=["act"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Alarm]) -> None:
        """Reminders again."""
        self._each(request, queryset, unacknowledge)

    def _each(self, request: HttpRequest, rows: QuerySet[Alarm], act: Callable[..., Alarm]) -> None:
        done = 0
        for pk in rows.values_list("pk", flat=True):
            try:
                act(alarm_id=pk, actor=request.user.get_username(), now=timezone.now())
                done += 1
            except ServiceError as error:
                self.message_user(request, str(error), messages.WARNING)
        if done:
            text = ngettext("%(n)d alarm changed.", "%(n)d alarms changed.", done)
            self.message_user(request, text % {"n": done}, messages.SUCCESS)
