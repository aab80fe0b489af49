"""Strategies with their policy; theses and policies of all positions to look through."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions.admin.base import ReadOnlyAdmin, RefusingAdmin, refused
from positions.domain.policy import FIELDS, PolicyError, loads
from positions.forms.lines import shown
from positions.forms.rules import ASKING, GUARDS, LABELS, STOPS, TARGETS, TIMES
from positions.forms.strategy import StrategyForm, stored_policy
from positions.locks import hold_book
from positions.models import ExitPolicy, Position, Strategy, Thesis
from positions.services import ServiceError, StaleError, strategy_policy_set


@admin.register(Strategy)
class StrategyAdmin(RefusingAdmin):
    form = StrategyForm
    list_display = ("name", "description", "open_positions", "rules")
    search_fields = ("name", "description")
    fieldsets = (
        (None, {"fields": ("seen", "name", "description")}),
        (gettext_lazy("Exit rules: stops"), {"fields": STOPS}),
        (gettext_lazy("Exit rules: targets"), {"fields": TARGETS}),
        (gettext_lazy("Exit rules: time"), {"fields": TIMES}),
        (gettext_lazy("Rules that ask you"), {"fields": ASKING}),
        (gettext_lazy("Guards"), {"fields": GUARDS, "classes": ["collapse"]}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Strategy]:
        held = Count("position", filter=Q(position__state=Position.State.OPEN))
        found: QuerySet[Strategy] = super().get_queryset(request).select_related("policy")
        return found.annotate(held=held)

    @admin.display(description=gettext_lazy("open positions"), ordering="held")
    def open_positions(self, obj: Strategy) -> int:
        return int(getattr(obj, "held", 0))

    @admin.display(description=gettext_lazy("rules"))
    def rules(self, obj: Strategy) -> SafeString | str:
        return rules_html(getattr(obj, "policy", None))

    def has_delete_permission(self, request: HttpRequest, obj: Strategy | None = None) -> bool:
        """Deleting one would take the rules from its positions; none at once from the list."""
        if obj is None or Position.objects.filter(strategy=obj, state="open").exists():
            return False
        return super().has_delete_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Strategy, form: StrategyForm, change: bool
    ) -> None:
        try:
            _save(obj, form, request.user.get_username())
        except (ServiceError, PolicyError) as error:
            raise refused(error) from None


def _save(strategy: Strategy, form: StrategyForm, actor: str) -> None:
    """Name and description as changed; the rules by their service, and only where they changed."""
    with transaction.atomic():
        hold_book()
        own = [name for name in ("name", "description") if name in form.changed_data]
        strategy.save(update_fields=own if strategy.pk else None)
        document = form.document(form.own)
        if document == form.own and form.stored:
            return
        if stored_policy(strategy) != form.cleaned_data["seen"]:
            raise StaleError(
                _("Somebody changed these rules meanwhile. Look at them again, then repeat yours.")
            )
        strategy_policy_set(strategy=strategy, document=document, actor=actor, now=timezone.now())


def rules_html(policy: ExitPolicy | None) -> SafeString | str:
    """The rules of a stored policy, one a line, as they are typed; an explicit null says off."""
    document = loads(policy.document) if policy is not None else {}
    lines = [
        (LABELS[key][0], shown(key, document) or _("off")) for key in FIELDS if key in document
    ]
    return format_html_join("", "<div>{}: {}</div>", lines) or "–"


def _position_link(position: Position) -> SafeString:
    url = reverse("admin:positions_position_change", args=[position.pk])
    return format_html('<a href="{}">{}</a>', url, str(position))


@admin.register(Thesis)
class ThesisAdmin(ReadOnlyAdmin):
    """All theses at a glance, the next review first; they are written on their position's page."""

    list_display = ("held", "text", "probability", "keywords", "review_at", "version")
    list_display_links = None
    list_filter = ("position__state", "review_at")
    search_fields = ("text", "keywords", "position__market__question")
    list_select_related = ("position__market",)
    ordering = ("review_at", "-id")

    @admin.display(description=gettext_lazy("position"))
    def held(self, obj: Thesis) -> SafeString:
        return _position_link(obj.position)


@admin.register(ExitPolicy)
class ExitPolicyAdmin(ReadOnlyAdmin):
    """Who states which rules; they are written on the page of the position or strategy."""

    list_display = ("owner", "rules")
    list_display_links = None
    search_fields = ("position__market__question", "strategy__name")
    list_select_related = ("position__market", "strategy")
    ordering = ("strategy", "-id")

    @admin.display(description=gettext_lazy("belongs to"))
    def owner(self, obj: ExitPolicy) -> SafeString | str:
        if obj.position is not None:
            return _position_link(obj.position)
        url = reverse("admin:positions_strategy_change", args=[obj.strategy_id])
        return format_html('<a href="{}">{}</a>', url, str(obj.strategy))

    @admin.display(description=gettext_lazy("rules"))
    def rules(self, obj: Any) -> SafeString | str:
        return rules_html(obj)
