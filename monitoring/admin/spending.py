"""What the AI stage asked, and what that cost: rows of the gate, for reading."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from monitoring.advisor.budget import dollars
from monitoring.models import AICall, AIProvider, AISpend
from positions.admin.base import ReadOnlyAdmin


@admin.register(AISpend)
class AISpendAdmin(ReadOnlyAdmin):
    list_display = ("day", "spent_dollars", "reserved_dollars", "refusals")
    fields = ("day", "spent_dollars", "reserved_dollars", "refusals")
    ordering = ("-day",)

    @admin.display(description=_("spent"), ordering="spent")
    def spent_dollars(self, row: AISpend) -> str:
        return dollars(row.spent)

    @admin.display(description=_("reserved"), ordering="reserved")
    def reserved_dollars(self, row: AISpend) -> str:
        return dollars(row.reserved)


@admin.register(AIProvider)
class AIProviderAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "answered_at",
        "failures",
        "failure",
        "open_until",
        "out_of_credit_since",
        "problem",
    )


@admin.register(AICall)
class AICallAdmin(ReadOnlyAdmin):
    list_display = (
        "started_at",
        "purpose",
        "position",
        "provider",
        "model",
        "state",
        "failure",
        "price",
        "latency_ms",
        "outcome",
    )
    list_filter = ("purpose", "state", "failure", "provider", "model")
    search_fields = ("request_id", "outcome", "position__market__question")
    list_select_related = ("position__market",)
    ordering = ("-id",)

    @admin.display(description=_("cost"), ordering="cost")
    def price(self, row: AICall) -> str:
        return dollars(row.reserved if row.cost is None else row.cost)
