"""The form of a channel: its address goes in and never comes out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from monitoring.alerts.channels import shown
from monitoring.alerts.transports.discord import refusal
from monitoring.models import Channel

if TYPE_CHECKING:
    ChannelModelForm = forms.ModelForm[Channel]
else:  # Django's own class takes no type parameters when it runs
    ChannelModelForm = forms.ModelForm


class ChannelForm(ChannelModelForm):
    """Name, kind, address, switch and role; an empty address keeps the one that is stored."""

    url = forms.CharField(
        label=_("webhook address"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "size": 80}),
    )

    class Meta:
        model = Channel
        fields = ("name", "kind", "url", "enabled", "role_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = self.instance.url if self.instance.pk else ""
        self.fields["url"].help_text = (
            _("Now %(address)s. Leave empty to keep it.") % {"address": shown(self.stored)}
            if self.stored
            else _("From Discord: channel settings, Integrations, Webhooks, Copy Webhook URL.")
        )

    def clean_url(self) -> str:
        """The new address, or the stored one. Refuses what could never be called."""
        url: str = self.cleaned_data["url"].strip() or self.stored
        problem = refusal(url, settings.WEBHOOK_ALLOWED_HOSTS)
        if problem:
            raise forms.ValidationError(problem)
        return url

    def clean_role_id(self) -> str:
        """Discord's ids are numbers; the name of a role pings nobody."""
        role: str = self.cleaned_data["role_id"].strip()
        if role and not (role.isascii() and role.isdecimal()):
            raise forms.ValidationError(_("A role's id is a number: copy it in Discord."))
        return role

    @property
    def changed_fields(self) -> list[str]:
        """Fields whose value differs from the stored row's; an empty address is no change."""
        kept = "url" in self.changed_data and self.cleaned_data.get("url") == self.stored
        return [name for name in self.changed_data if not (name == "url" and kept)]
