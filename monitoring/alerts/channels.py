"""Channels as rows: the one from the environment, and switching one off when it is dead."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from monitoring.alerts.transports.services import SERVICES, scheme_of
from monitoring.models import Channel
from positions import journal

ENV_NAME = "discord"


def ensure_env_channel() -> Channel | None:
    """Makes or mends the channel of DISCORD_WEBHOOK_URL; None when the variable is unset.

    Idempotent. A new address is switched on; an old one stays as it is, off included.
    """
    url: str = settings.DISCORD_WEBHOOK_URL
    if not url:
        return None
    with transaction.atomic():
        channel, made = Channel.objects.select_for_update().get_or_create(
            name=ENV_NAME, defaults={"url": url, "from_environment": True}
        )
        if not made and channel.url != url:
            channel.url, channel.from_environment = url, True
            revive(channel)
            channel.save()
    return channel


def revive(channel: Channel) -> None:
    """Forgets, in memory, what was held against the channel's old address."""
    channel.enabled, channel.disabled_reason, channel.not_before = True, "", None


def disable(channel: Channel, reason: str, *, now: datetime) -> bool:
    """Switches the channel off and tells the others through the journal; False when it was off.

    Only with the address that failed: a person may have put in a new one meanwhile.
    """
    with transaction.atomic():
        rows = Channel.objects.filter(pk=channel.pk, url=channel.url, enabled=True)
        if not rows.update(enabled=False, disabled_reason=reason[:300] or "?"):
            return False
        text = _("alerts to the channel “%(name)s” have stopped: %(reason)s") % {
            "name": channel.name,
            "reason": reason,
        }
        data = {"channel": channel.name, "reason": reason}
        journal.append(
            journal.entry("channel_disabled", text, at=now, urgency="critical", data=data)
        )
    return True


def shown(url: str) -> str:
    """The address as people may see it: without its last part, which is the token. Of one for
    Apprise the scheme alone, for tokens, topics and passwords stand anywhere in it.
    """
    if scheme_of(url) in SERVICES:
        return f"{scheme_of(url)}://…"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    return f"{parts.scheme}://{host}{parts.path.rpartition('/')[0]}/…" if host else "…"
