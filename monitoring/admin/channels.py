"""Channels: edited by people, watched by the sender."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from monitoring.alerts import probe
from monitoring.alerts.channels import revive, shown
from monitoring.alerts.sending.daily import begin_with_the_next
from monitoring.forms import ChannelForm
from monitoring.models import Channel, Notification
from positions.admin.base import ConfirmedAdmin


@admin.register(Channel)
class ChannelAdmin(ConfirmedAdmin):
    form = ChannelForm
    list_display = (
        "name",
        "kind",
        "enabled",
        "listens",
        "fallback",
        "disabled_reason",
        "address",
        "last_delivery",
    )
    list_select_related = ("fallback",)
    fieldsets = (
        (None, {"fields": ("name", "kind", "url", "enabled", "disabled_reason")}),
        (_("What is told here"), {"fields": ("listens", "role_id")}),
        (
            _("When it is not delivered, or not acknowledged"),
            {"fields": ("fallback", "escalate_to", "escalate_minutes")},
        ),
        (_("When"), {"fields": ("time_zone", "quiet_from", "quiet_to", "digest_at")}),
    )
    list_filter = ("enabled", "kind")
    search_fields = ("name",)
    readonly_fields = ("disabled_reason",)
    actions = ("send_test",)

    @admin.display(description=_("address"))
    def address(self, channel: Channel) -> str:
        return shown(channel.url)

    @admin.display(description=_("last delivery"))
    def last_delivery(self, channel: Channel) -> str:
        tried = channel.notifications.filter(attempts__gt=0).order_by("-pk").first()
        if tried is None:
            return "–"
        if tried.sent_at is not None:
            return f"{tried.sent_at:%Y-%m-%d %H:%M:%S}"
        return tried.error or tried.get_state_display()

    @admin.action(description=_("Send a test alert"), permissions=["change"])
    def send_test(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        """Records the tests; the worker delivers them like any other alert."""
        on = list(queryset.filter(enabled=True))
        for channel in on:
            probe.record(
                actor=request.user.get_username(), now=timezone.now(), channel=channel.name
            )
        if len(on) < queryset.count():
            text = _("Channels that are off get no test: switch them on first.")
            self.message_user(request, text, messages.WARNING)
        if on:
            done = ngettext(
                "A test alert is on its way; Notifications shows what became of it.",
                "%(count)d test alerts are on their way; Notifications shows what became of them.",
                len(on),
            )
            self.message_user(request, done % {"count": len(on)}, messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        """Writes only what the person changed: the sender writes to the same row."""
        fields = set(form.changed_fields)
        if obj.digest_at and (not change or fields & {"digest_at", "time_zone"}):
            begin_with_the_next(obj, timezone.now())
            fields.add("digested_on")
        if not change:
            obj.save()
            return
        if obj.enabled and fields & {"url", "kind", "enabled"}:
            revive(obj)
            fields |= {"disabled_reason", "not_before"}
        elif "enabled" in fields:
            obj.disabled_reason = ""  # a person's own choice needs no reason, and no banner
            fields.add("disabled_reason")
        if fields:
            obj.save(update_fields=fields)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Its notifications go with it, although nobody may delete them one by one."""
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        lacking.discard(str(Notification._meta.verbose_name))  # noqa: SLF001  Django's public API
        return found, counts, lacking, protected
