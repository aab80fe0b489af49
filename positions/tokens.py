"""Keys of bots: shown once, kept as SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.core.cache import cache
from django.http import HttpRequest

from pmsite.proxies import client_address
from positions.models import ApiToken

PREFIX = "pm_"
USED_EVERY = timedelta(minutes=1)
# Nobody guesses 256 bits; whoever tries shall at least not keep the database busy.
MOST_GUESSES, GUESS_SECONDS = 30, 600


class TooManyGuessesError(Exception):
    """This address sent too many wrong keys; right ones are not looked at either, for a while."""


def new_token() -> str:
    """A key of 256 bits that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is stored of a key: 64 hex digits. A slow hash would guard weak secrets; this is none."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_of(request: HttpRequest, *, now: datetime) -> ApiToken | None:
    """The enabled key of an active user that the Authorization header carries; notes its use.

    Raises TooManyGuessesError after 30 wrong ones from one address within ten minutes.
    """
    place = f"guesses:{client_address(request)}"
    guesses = int(cache.get(place, 0))
    if guesses >= MOST_GUESSES:
        raise TooManyGuessesError
    header = request.headers.get("Authorization", "")
    token = _known(header, now)
    if token is None and header:
        cache.set(place, guesses + 1, GUESS_SECONDS)
    return token


def _known(header: str, now: datetime) -> ApiToken | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        return None
    rows = ApiToken.objects.select_related("user").filter(enabled=True, user__is_active=True)
    token = rows.filter(digest=digest_of(value.strip())).first()
    if token is not None and (token.used_at is None or now - token.used_at > USED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)
    return token
