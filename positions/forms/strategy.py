"""A strategy with its exit policy in one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from positions.domain.policy import loads
from positions.forms.position import Refusal
from positions.forms.rules import RulesForm
from positions.models import ExitPolicy, Strategy

if TYPE_CHECKING:
    BaseForm = forms.ModelForm[Strategy]
else:  # Django's own class takes no type parameters when it runs
    BaseForm = forms.ModelForm


class StrategyForm(RulesForm, BaseForm):
    """`seen` is the policy as it was shown: rules that changed meanwhile are not overwritten."""

    refusal: ClassVar[Refusal | None] = None

    seen = forms.CharField(widget=forms.HiddenInput(), required=False)

    class Meta:
        model = Strategy
        fields = ("name", "description")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = stored_policy(self.instance)
        self.own = loads(self.stored or "{}")
        self.show_rules(self.own, None, with_off=False)
        self.initial["seen"] = self.stored

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.refusal is not None:
            self.add_error(*self.refusal)
        self.check_rules("", self.document(self.own), "")
        return self.cleaned_data


def stored_policy(strategy: Strategy) -> str:
    """The policy's document (JSON text) as it stands, "" where there is none."""
    if not strategy.pk:
        return ""
    rows = ExitPolicy.objects.filter(strategy=strategy)
    return rows.values_list("document", flat=True).first() or ""
