"""The services that carry alerts, by the channel's kind."""

from __future__ import annotations

from collections.abc import Callable

from monitoring.alerts.transports.base import Transport


def _discord() -> Transport:
    from django.conf import settings

    from monitoring.alerts.transports.discord import Discord  # brings requests along

    return Discord(settings.WEBHOOK_ALLOWED_HOSTS)


def _apprise() -> Transport:
    from django.conf import settings

    from monitoring.alerts.transports.through_apprise import Through  # brings Apprise along

    return Through(settings.WEBHOOK_ALLOWED_HOSTS)


KINDS: dict[str, Callable[[], Transport]] = {"discord": _discord, "apprise": _apprise}


def transport_for(kind: str) -> Transport:
    """The transport of a channel's kind. Raises KeyError for a kind that is not built."""
    return KINDS[kind]()


def refusal(kind: str, url: str) -> str:
    """Why a channel of this kind cannot use this address, in words that hold no part of its secret;
    "" when it may be tried.
    """
    return transport_for(kind).refusal(url)
