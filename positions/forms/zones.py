"""Choosing a time zone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from positions.zones import zone_names

OPTION = '<option value="{}"{}>{}</option>'


class ZoneSelect(forms.Select):
    """All zones at once: Django's own renders a template for each of the 600, a tenth of a second a
    page. A stored zone that this system no longer has stays the one that is shown.
    """

    def render(
        self,
        name: str,
        value: Any,
        attrs: Mapping[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        known, chosen = zone_names(), str(value or "")
        names = known if chosen in known else (chosen, *known)
        marks = ((one, flatatt({"selected": one == chosen}), one) for one in names)
        own = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        options = format_html_join("\n", OPTION, marks)
        return format_html("<select{}>{}</select>", flatatt(own), options)


class ZoneField(forms.ChoiceField):
    """One of the zones by name."""

    widget = ZoneSelect

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=lambda: [(name, name) for name in zone_names()], **kwargs)
