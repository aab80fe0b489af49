"""Silences: made and ended here, through the services, and never edited: the journal tells of both."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from monitoring.alerts.deciding.silences import end_silence, silence
from monitoring.alerts.selection import TOLD
from monitoring.alerts.wording import RULES, kind_words
from monitoring.models import Silence
from positions.admin.base import ReadOnlyAdmin

if TYPE_CHECKING:
    SilenceModelForm = forms.ModelForm[Silence]
else:  # Django's own class takes no type parameters when it runs
    SilenceModelForm = forms.ModelForm

AN_HOUR = timedelta(hours=1)


def _rules() -> list[tuple[str, str]]:
    return [("", gettext("all")), *((rule, str(RULES[rule])) for rule in sorted(RULES))]


def _kinds() -> list[tuple[str, str]]:
    return [("", gettext("all")), *((kind, kind_words(kind)) for kind in sorted(TOLD))]


class SilenceForm(SilenceModelForm):
    """What is silenced until when; all empty is all."""

    rule = forms.ChoiceField(label=_("rule"), required=False, choices=_rules)
    kind = forms.ChoiceField(label=_("kind"), required=False, choices=_kinds)

    class Meta:
        model = Silence
        fields = ("position", "strategy", "rule", "kind", "until", "reason")

    def clean_until(self) -> datetime:
        """A silence that is over already is a mistake in the date."""
        until: datetime = self.cleaned_data["until"]
        if until <= timezone.now():
            raise forms.ValidationError(
                _("The silence would already be over. Choose a later time.")
            )
        return until


@admin.register(Silence)
class SilenceAdmin(ReadOnlyAdmin):
    form = SilenceForm
    list_display = ("__str__", "position", "strategy", "rule", "kind", "until", "on", "created_by")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    list_select_related = ("position__market", "strategy")
    autocomplete_fields = ("position",)
    ordering = ("-id",)
    actions = ("end",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("monitoring.add_silence")

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Who may end a silence."""
        return request.user.has_perm("monitoring.change_silence")

    @admin.display(description=_("on"), boolean=True)
    def on(self, row: Silence) -> bool:
        return row.ended_at is None and row.until > timezone.now()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """An hour, unless the address says otherwise."""
        return {"until": timezone.now() + AN_HOUR} | super().get_changeform_initial_data(request)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Through the service, so that it stands in the journal."""
        assert isinstance(obj, Silence)
        made = silence(
            position_id=obj.position_id,
            strategy_id=obj.strategy_id,
            rule=obj.rule,
            kind=obj.kind,
            until=obj.until,
            reason=obj.reason,
            actor=request.user.get_username(),
            now=timezone.now(),
        )
        obj.pk = made.pk

    @admin.action(description=_("End the silence"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Silence]) -> None:
        """Alerts again from now on."""
        rows = list(queryset.filter(ended_at=None).values_list("pk", flat=True))
        for pk in rows:
            end_silence(silence_id=pk, actor=request.user.get_username(), now=timezone.now())
        text = ngettext("%(n)d silence ended.", "%(n)d silences ended.", len(rows))
        self.message_user(request, text % {"n": len(rows)}, messages.SUCCESS)
