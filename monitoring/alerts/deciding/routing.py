"""Which channels hear of an entry: by urgency, and by whom the entry itself is about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from monitoring.alerts.deciding.topics import APART, RANK

NEVER = "never"
# Meant for the channel that they name; without a name, for all.
FOR_ONE = APART
# News of a channel's own trouble: it would not arrive there.
FOR_OTHERS = frozenset({"channel_disabled", "alerts_failed"})


class Listener(Protocol):
    """A channel as far as routing cares."""

    @property
    def name(self) -> str: ...
    @property
    def listens(self) -> str: ...


C = TypeVar("C", bound=Listener)


def routes(kind: str, urgency: str, data: Mapping[str, Any], channels: Iterable[C]) -> list[C]:
    """The channels that are told, in the order given."""
    named = data.get("channel")
    if kind in FOR_ONE:
        return [channel for channel in channels if named is None or channel.name == named]
    return [
        channel
        for channel in channels
        if hears(channel.listens, urgency) and not (kind in FOR_OTHERS and channel.name == named)
    ]


def hears(listens: str, urgency: str) -> bool:
    """Whether a channel that listens from this urgency on is told; `never` hears nothing at once."""
    return listens != NEVER and RANK.get(urgency, 0) >= RANK.get(listens, 0)
