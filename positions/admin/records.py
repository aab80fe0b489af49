"""The journal, exits and fills: written by the house, read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from positions.admin.base import AnyAdmin, ReadOnlyAdmin
from positions.models import Exit, Fill, JournalEntry
from positions.services import ServiceError, exit_cancel_request

if TYPE_CHECKING:
    FillBase = admin.TabularInline[Fill, Exit]
else:  # Django's own class takes no type parameters when it runs
    FillBase = admin.TabularInline


@admin.register(JournalEntry)
class JournalAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "kind", "position", "rule", "text", "urgency", "actor")
    list_filter = ("kind", "rule", "urgency", "at")
    search_fields = ("text", "position__market__question", "actor")
    list_select_related = ("position__market",)
    ordering = ("-id",)


class FillInline(FillBase):
    model = Fill
    extra = 0
    can_delete = False
    fields = readonly_fields = ("at", "attempt", "number", "shares", "price", "fee")

    def has_add_permission(self, request: HttpRequest, obj: Exit | None = None) -> bool:
        return False


@admin.register(Exit)
class ExitAdmin(AnyAdmin):
    list_display = (
        "id",
        "created_at",
        "position",
        "rule",
        "state",
        "shares",
        "filled",
        "pnl",
        "problem",
    )
    list_filter = ("state", "rule", "created_at")
    search_fields = ("reason", "position__market__question")
    list_select_related = ("position__market",)
    ordering = ("-id",)
    show_full_result_count = False
    inlines = (FillInline,)
    actions = ("cancel",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Exit | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Exit | None = None) -> bool:
        """For the list's action only; no exit is edited."""
        return obj is None and super().has_change_permission(request)

    @admin.action(description=gettext_lazy("Cancel what is not sold yet"), permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Exit]) -> None:
        for exit_ in queryset.order_by("pk"):
            try:
                exit_cancel_request(
                    exit_id=exit_.pk, actor=request.user.get_username(), now=timezone.now()
                )
            except ServiceError as error:
                messages.error(request, f"#{exit_.pk}: {error}")
