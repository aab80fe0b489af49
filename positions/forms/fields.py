"""The form field of one exit rule: a value, nothing (inherit), or off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from positions.domain.policy import PolicyError
from positions.forms.lines import parse_field


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the two controls."""

    text: str = ""
    off: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What it means: `stated` False inherits, a stated None turns the inherited rule off."""

    stated: bool = False
    value: Any = None


class RuleWidget(forms.Widget):
    """A text control and, where there is something to turn off, a box beside it."""

    def __init__(self, *, rows: int = 1, with_off: bool = True) -> None:
        super().__init__()
        self.rows, self.with_off = rows, with_off

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        typed = value if isinstance(value, Typed) else Typed()
        given = {key: entry for key, entry in (attrs or {}).items() if key != "required"}
        box = self._control().render(name, typed.text, given)
        if not self.with_off:
            return box
        off = forms.CheckboxInput().render(f"{name}_off", typed.off, {"id": f"id_{name}_off"})
        return format_html(
            '<span class="rule">{}<label class="off" for="id_{}_off">{} {}</label></span>',
            box,
            name,
            off,
            _("off"),
        )

    def _control(self) -> forms.Widget:
        quiet = {"autocomplete": "off", "spellcheck": "false"}
        if self.rows > 1:
            return forms.Textarea({"rows": self.rows, "cols": 40, **quiet})
        return forms.TextInput({"class": "vTextField", "size": 24, **quiet})

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Typed:
        text = str(data.get(name, "")).replace("\r\n", "\n").strip()
        return Typed(text, self.with_off and f"{name}_off" in data)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data


class RuleField(forms.Field):
    """One key of an exit policy; cleans to a `Rule`. `key` is its name in the contract's JSON."""

    widget: RuleWidget

    def __init__(self, key: str, *, rows: int = 1, with_off: bool = True, **kwargs: Any) -> None:
        self.key = key
        super().__init__(required=False, widget=RuleWidget(rows=rows, with_off=with_off), **kwargs)

    def clean(self, value: Typed) -> Rule:
        """Raises ValidationError in the words of the policy's own check."""
        if value.off:
            if value.text:
                raise ValidationError(_("Either a value or off, not both."))
            return Rule(stated=True)
        if not value.text:
            return Rule()
        try:
            return Rule(stated=True, value=parse_field(self.key, value.text))
        except PolicyError as error:
            place = error.field.removeprefix(self.key).lstrip(".")
            raise ValidationError(f"{place}: {error.message}" if place else error.message) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or Typed()) != data)
