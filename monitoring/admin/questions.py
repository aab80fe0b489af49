"""Questions, decisions, screenings and scores: written by the house, read here; answered on their
own page.
"""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from monitoring.models import Decision, Question, Score, Screening
from positions.admin.base import ReadOnlyAdmin


def link(question_id: int | None, text: str) -> str:
    """The question's own page, where it is answered; "" without one."""
    if question_id is None:
        return ""
    return format_html('<a href="{}">{}</a>', reverse("decision", args=[question_id]), text)


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin):
    list_display = (
        "asked_at",
        "page",
        "position",
        "rule",
        "urgency",
        "state",
        "answer_until",
        "outcome",
        "closed_by",
    )
    list_filter = ("state", "rule", "urgency", "asked_at")
    search_fields = ("reason", "outcome", "position__market__question")
    list_select_related = ("position__market",)
    ordering = ("-id",)
    view_on_site = True

    def get_view_on_site_url(self, obj: Question | None = None) -> str | None:
        return None if obj is None else reverse("decision", args=[obj.pk])

    @admin.display(description=_("page"))
    def page(self, row: Question) -> str:
        return link(row.pk, f"#{row.pk}")


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = (
        "at",
        "page",
        "position",
        "verdict",
        "confidence",
        "thesis_status",
        "provider",
        "model",
        "prompt_version",
    )
    list_filter = ("verdict", "provider", "model", "thesis_status", "at")
    search_fields = ("reasoning", "position__market__question")
    list_select_related = ("position__market",)
    ordering = ("-id",)

    @admin.display(description=_("question"))
    def page(self, row: Decision) -> str:
        return link(row.question_id, f"#{row.question_id}")


@admin.register(Screening)
class ScreeningAdmin(ReadOnlyAdmin):
    list_display = (
        "at",
        "position",
        "headline",
        "direction",
        "urgency",
        "suspected",
        "screener",
        "page",
    )
    list_filter = ("direction", "urgency", "suspected", "screener")
    search_fields = ("headline__title", "summary", "position__market__question")
    list_select_related = ("position__market", "headline")
    ordering = ("-id",)

    @admin.display(description=_("question"))
    def page(self, row: Screening) -> str:
        return link(row.question_id, f"#{row.question_id}")


@admin.register(Score)
class ScoreAdmin(ReadOnlyAdmin):
    list_display = ("decision", "page", "horizon", "due_at", "at", "bid", "right", "regret")
    list_filter = ("horizon", "right")
    list_select_related = ("decision",)
    ordering = ("-id",)

    @admin.display(description=_("question"))
    def page(self, row: Score) -> str:
        return link(row.decision.question_id, f"#{row.decision.question_id}")
