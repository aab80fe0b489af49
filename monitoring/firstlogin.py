"""Whether the password that was made and printed at the first start still opens the door."""

from __future__ import annotations

import hashlib

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.utils import timezone

from positions.models import Switch

FIRST_LOGIN = "first_login"  # `by`: the user's id and a digest of the password's hash


def remember(user: User) -> None:
    """Note the first user's password as it was made."""
    values = {"on": True, "by": f"{user.pk}:{_digest(user.password)}", "at": timezone.now()}
    Switch.objects.update_or_create(name=FIRST_LOGIN, defaults=values)


def still_printed() -> str:
    """The active user who still has it, "" when nobody does."""
    noted = Switch.objects.filter(name=FIRST_LOGIN).values_list("by", flat=True).first()
    pk, _colon, digest = (noted or "").partition(":")
    user = get_user_model().objects.filter(pk=pk, is_active=True).first() if digest else None
    if user is None or _digest(user.password) != digest:
        return ""
    return str(user.get_username())


def _digest(encoded: str) -> str:
    return hashlib.sha256(encoded.encode()).hexdigest()[:32]
