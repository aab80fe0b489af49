"""The form of a channel: its address goes in and never comes out again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from monitoring.alerts.channels import shown
from monitoring.alerts.deciding.escalation import LONGEST
from monitoring.alerts.transports import refusal
from monitoring.models import Channel
from positions.forms.zones import ZoneField

if TYPE_CHECKING:
    ChannelModelForm = forms.ModelForm[Channel]
else:  # Django's own class takes no type parameters when it runs
    ChannelModelForm = forms.ModelForm

CLOCK = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class ChannelForm(ChannelModelForm):
    """All that a person decides about a channel; an empty address keeps the one that is stored."""

    url = forms.CharField(
        label=_("address"),
        max_length=1000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "size": 80}),
    )
    time_zone = ZoneField(
        label=_("time zone"),
        initial="UTC",
        help_text=_("Of the quiet hours, the daily digest and the times in collected alerts."),
    )

    class Meta:
        model = Channel
        fields = (
            "name",
            "kind",
            "url",
            "enabled",
            "listens",
            "role_id",
            "fallback",
            "escalate_to",
            "escalate_minutes",
            "time_zone",
            "quiet_from",
            "quiet_to",
            "digest_at",
        )
        widgets = dict.fromkeys(("quiet_from", "quiet_to", "digest_at"), CLOCK)
        help_texts = {
            "quiet_from": _(
                "From here until there only what is critical or has a deadline is told; the rest"
                " comes afterwards. Both empty: never quiet."
            ),
            "digest_at": _("Once a day: what is held, sold, told, and whether the watch is well."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = self.instance.url if self.instance.pk else ""
        self.fields["url"].help_text = (
            _("Now %(address)s. Leave empty to keep it.") % {"address": shown(self.stored)}
            if self.stored
            else _(
                "Discord: channel settings, Integrations, Webhooks, Copy Webhook URL. Others: an"
                " Apprise address such as tgram://token/chat; the guide lists them."
            )
        )
        for name in ("fallback", "escalate_to"):
            if name in self.fields and self.instance.pk:
                others = Channel.objects.exclude(pk=self.instance.pk)
                self.fields[name].queryset = others  # type: ignore[attr-defined]

    def clean_url(self) -> str:
        """The new address, or the stored one. Refuses one that another channel has: two senders
        would share one rate limit.
        """
        url: str = self.cleaned_data["url"].strip() or self.stored
        if url and Channel.objects.filter(url=url).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another channel has this address already."))
        return url

    def clean_role_id(self) -> str:
        """Discord's ids are numbers; the name of a role pings nobody."""
        role: str = self.cleaned_data["role_id"].strip()
        if role and not (role.isascii() and role.isdecimal()):
            raise forms.ValidationError(_("A role's id is a number: copy it in Discord."))
        return role

    def clean_escalate_minutes(self) -> int:
        """Refuses what is no escalation any more."""
        minutes: int = self.cleaned_data["escalate_minutes"]
        if minutes > LONGEST // timedelta(minutes=1):
            raise forms.ValidationError(_("A week (10080 minutes) is the longest wait."))
        return minutes

    def clean_fallback(self) -> Channel | None:
        """Refuses a way that leads back here: nobody would be told in the end."""
        other: Channel | None = self.cleaned_data["fallback"]
        seen, step = {self.instance.pk}, other
        while step is not None and self.instance.pk:
            if step.pk in seen:
                raise forms.ValidationError(_("This leads back to the channel itself."))
            seen.add(step.pk)
            step = step.fallback
        return other

    def clean(self) -> dict[str, Any]:
        """What concerns several fields: the address and its kind, both ends of the quiet hours."""
        found = super().clean() or {}
        kind, url = found.get("kind"), found.get("url")
        if kind and url is not None:
            problem = refusal(kind, url) if url else _("An address is needed.")
            if problem:
                self.add_error("url", problem)
        if kind != Channel.Kind.DISCORD and found.get("role_id"):
            self.add_error("role_id", _("Only Discord knows roles."))
        begin, end = found.get("quiet_from"), found.get("quiet_to")
        if (begin is None) != (end is None):
            missing = "quiet_to" if end is None else "quiet_from"
            self.add_error(missing, _("Quiet hours need both times, or none."))
        elif begin is not None and begin == end:
            self.add_error("quiet_to", _("Quiet hours end at another time than they begin."))
        return found

    @property
    def changed_fields(self) -> list[str]:
        """Fields whose value differs from the stored row's; an empty address is no change."""
        kept = "url" in self.changed_data and self.cleaned_data.get("url") == self.stored
        return [name for name in self.changed_data if not (name == "url" and kept)]
