"""What a user may write for a Polymarket market: slug, address, condition id or token id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from positions.venues.base import PermanentError

Kind = Literal["condition", "token", "market", "event"]
HEX = re.compile(r"0x[0-9a-fA-F]{62}(?:[0-9a-fA-F]{2})?")
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,299}")
TOKEN_DIGITS = 20  # any real token id has 70 or more; a slug may be a short number
HOSTS = ("polymarket.com", "www.polymarket.com")


@dataclass(frozen=True, slots=True)
class Reference:
    """`market` may also turn out to be an event's slug."""

    kind: Kind
    value: str


def read(text: str) -> Reference:
    """Raises PermanentError for what can be none of these."""
    plain = text.strip()
    if "/" in plain:
        return _from_url(plain)
    if HEX.fullmatch(plain):
        return Reference("condition", plain.lower())
    if plain.isascii() and plain.isdecimal() and len(plain) >= TOKEN_DIGITS:
        return Reference("token", plain)
    if SLUG.fullmatch(plain):
        return Reference("market", plain)
    raise PermanentError(f"{text!r:.100} is no Polymarket slug, address, condition id or token id")


def _from_url(text: str) -> Reference:
    """`/event/EVENT[/MARKET]`, `/market/MARKET`, with a language before it or a section instead."""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        raise PermanentError(f"{text!r:.100} is no address") from None
    if parts.hostname not in HOSTS:
        raise PermanentError(f"{text!r:.100} is not an address of polymarket.com")
    token = parse_qs(parts.query).get("tid", [""])[0]
    # Links that people share carry a moment in `tid` as well, in milliseconds.
    if token.isascii() and token.isdecimal() and len(token) >= TOKEN_DIGITS:
        return Reference("token", token)
    path = [part for part in parts.path.split("/") if part]
    for word in ("event", "market"):
        if word in path[:2] and len(path) > path.index(word) + 1:
            rest = path[path.index(word) + 1 :]
            kind: Kind = "event" if word == "event" and len(rest) == 1 else "market"
            return Reference(kind, _slug(rest[min(len(rest), 2) - 1], text))
    if path:
        return Reference("market", _slug(path[-1], text))
    raise PermanentError(f"{text!r:.100} names no market")


def _slug(value: str, text: str) -> str:
    if not SLUG.fullmatch(value):
        raise PermanentError(f"{text!r:.100} names no market")
    return value
