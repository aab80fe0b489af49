"""One headline on its way from a feed to the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Item:
    """`title` is plain text without the publisher's suffix; `domain` who vouches for it, "" when
    nobody is known; `url` http(s) or ""; `published_at` aware, None where the feed does not tell.
    """

    title: str
    publisher: str = ""
    domain: str = ""
    url: str = ""
    published_at: datetime | None = None


class SourceError(Exception):
    """An address that gave no news, in words for people. `retry_after`: seconds it asked us to
    stay away; `resting`: its host would refuse its other addresses as well.
    """

    def __init__(
        self, message: str, *, retry_after: float | None = None, resting: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.resting = resting
