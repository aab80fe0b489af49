"""A JSON price: where to read it, checked as far as it can be without asking."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from positions.models import JsonSource
from positions.venues.base import PermanentError
from positions.venues.guard import Guard

if TYPE_CHECKING:
    BaseForm = forms.ModelForm[JsonSource]
else:  # Django's own class takes no type parameters when it runs
    BaseForm = forms.ModelForm

PATH = re.compile(r"\$?[^.\s]+(\.[^.\s]+)*")
PATHS = ("price_path", "bid_path", "ask_path", "time_path")


class JsonSourceForm(BaseForm):
    """What an address says by itself is judged here; its host is resolved when it is called."""

    url = forms.URLField(
        label=JsonSource._meta.get_field("url").verbose_name,  # noqa: SLF001  Django's public API
        max_length=500,
        assume_scheme="https",
        help_text=JsonSource._meta.get_field("url").help_text,  # noqa: SLF001
        widget=forms.URLInput({"class": "vLargeTextField"}),
    )

    class Meta:
        model = JsonSource
        fields = "__all__"

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            Guard(settings.ENV.webhook_allowed_hosts).check(url)
        except PermanentError as error:
            raise forms.ValidationError(str(error)) from None
        return url

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for name in PATHS:
            path = given.get(name)
            if path and not PATH.fullmatch(path):
                self.add_error(name, _("names joined by dots, such as data.0.1"))
        scale = given.get("scale")
        if scale is not None and scale <= 0:
            self.add_error("scale", _("must be above 0"))
        return given
