"""The port between the outbox and the services that carry alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One alert. `id` is the notification's: shown in the message, it makes a rare double plain."""

    id: int
    title: str
    body: str
    link: str
    urgency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `error` is fit for people and holds no part of the address.

    `status` is None when there was no answer. `refused`: the address must not be called at all.
    `in_between`: a page of something on the way (a proxy, a temporary ban), not the service's own
    word. `retry_after`, `reset_after` in seconds; `remaining` places in the rate limit's bucket.
    """

    status: int | None
    error: str = ""
    retry_after: float | None = None
    remaining: int | None = None
    reset_after: float | None = None
    everywhere: bool = False
    refused: bool = False
    in_between: bool = False


class Transport(Protocol):
    def send(self, url: str, message: Message, *, role_id: str = "") -> Answer:
        """Sends once and never raises; returns within about half a minute."""

    def refusal(self, url: str) -> str:
        """Why this address is not called, in words without its secrets; "" when it may be."""
