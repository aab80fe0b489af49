"""The part of a form that holds a position's AI policy: the row's own fields by their own names."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from positions.forms.zones import ZoneField
from positions.models import AdvicePolicy
from positions.services.advice import ADVICE, check_advice

CLOCK = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def _field(name: str, **more: Any) -> Any:
    """The form field of the row's own field."""
    return cast("Any", AdvicePolicy._meta.get_field(name)).formfield(**more)  # noqa: SLF001


class AdviceForm(forms.Form):
    """Fields of the AI policy with the defaults of the row; `show_advice` puts a stored one in."""

    mode = forms.ChoiceField(
        label=gettext_lazy("AI stage"),
        choices=AdvicePolicy.Mode.choices,
        help_text=gettext_lazy(
            "What follows when a rule has asked and the AI says SELL or REDUCE. Stops, targets and"
            " time never wait for it."
        ),
    )
    auto_from = _field("auto_from", widget=CLOCK)
    auto_to = _field(
        "auto_to",
        widget=CLOCK,
        help_text=gettext_lazy("Over midnight where this is the earlier one."),
    )
    time_zone = ZoneField(label=gettext_lazy("Time zone of these hours"))
    answer_minutes = _field(
        "answer_minutes", help_text=gettext_lazy("1 to 1440, from when you are asked.")
    )
    if_unanswered = _field(
        "if_unanswered",
        help_text=gettext_lazy(
            "“Sell” sells where a price rule asked, or the AI was sure enough on two publishers;"
            " never on news that nobody has judged."
        ),
    )
    min_confidence = _field("min_confidence")
    cooldown_minutes = _field("cooldown_minutes")
    daily_sells = _field("daily_sells")
    reduce_pct = _field("reduce_pct")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show_advice(AdvicePolicy())

    def show_advice(self, policy: AdvicePolicy) -> None:
        """Shows the policy, and takes as changed what differs from it."""
        self.initial = {**self.initial, **{name: getattr(policy, name) for name in ADVICE}}

    def check_advice(self) -> None:
        """What is wrong, beside its fields; to be called by `clean`."""
        if any(name not in self.cleaned_data for name in ADVICE):
            return
        try:
            check_advice(AdvicePolicy(**{name: self.cleaned_data[name] for name in ADVICE}))
        except ValidationError as error:
            self.add_error(None, error)

    def advice_changes(self) -> dict[str, Any]:
        """Changed fields of the AI policy by their own names."""
        return {name: self.cleaned_data[name] for name in ADVICE if name in self.changed_data}
