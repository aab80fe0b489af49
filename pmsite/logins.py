"""Guessing passwords: counted by django-axes, locked by user and address, and told.

Ten failures for one user from one address lock that pair for a quarter of an hour; fifty from one
address, whatever the users, lock the address. Nobody is locked out by what others do elsewhere, so
a stranger cannot keep the owner out (docs/decisions/login.md).
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from pmsite.proxies import client_address

logger = logging.getLogger(__name__)

PAIR_LIMIT: int = settings.AXES_FAILURE_LIMIT
COOL_OFF: timedelta = settings.AXES_COOLOFF_TIME
ADDRESS_LIMIT = 5 * PAIR_LIMIT  # failures within the cool-off, whatever the users
MOST_TOLD = 20  # an hour: the journal is never pruned, and a crowd of addresses must not fill it
Attempts = QuerySet[Any]
_TURNS = tuple(threading.Lock() for _ in range(64))


@contextmanager
def in_turn(request: HttpRequest) -> Iterator[None]:
    """Around every look at a password: one at a time from an address.

    A try is counted when it has failed, which takes a hash's time. Forty sent at once would all be
    looked at before the first was counted.
    """
    with _TURNS[hash(client_address(request)) % len(_TURNS)]:
        yield


class LoginHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """Two limits where axes has one, and an entry in the journal when one is reached."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        """As axes compares it with PAIR_LIMIT: an address's failures weigh a fifth."""
        pair, address = (_sum(rows) for rows in self.get_user_attempts(request, credentials))
        return max(pair, address * PAIR_LIMIT // ADDRESS_LIMIT)

    def reset_user_attempts(self, request: HttpRequest, credentials: Any = None) -> int:
        """After a success only the pair is forgiven: whoever has an account must not clear the
        address's count for guesses at others'.
        """
        pair, _address = self.filter_user_attempts(request, credentials)
        return int(pair.delete()[0])

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any
    ) -> None:
        was_locked = request is not None and request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is not None and request.axes_locked_out and not was_locked:
            _tell(credentials.get("username"), request.axes_ip_address)


def counted_name(request: HttpRequest, credentials: Any = None) -> str:
    """What stands for a user name in the counts. Not the name: people type passwords into its field."""
    name = (credentials or request.POST).get("username") or ""
    return salted_hmac("pmsite.logins", name).hexdigest()[:40]


def _sum(rows: Attempts) -> int:
    return int(rows.aggregate(n=Sum("failures_since_start"))["n"] or 0)


def _tell(name: object, address: str | None) -> None:
    """One urgent journal entry a lock; it names users that exist only, for people type passwords
    into the wrong field.
    """
    from positions import journal
    from positions.models import JournalEntry

    now = timezone.now()
    known = get_user_model().objects.filter(username=name or "").exists()
    told = JournalEntry.objects.filter(kind="login_locked", at__gt=now - timedelta(hours=1))
    if told.count() >= MOST_TOLD:
        logger.warning("a login was locked; the journal holds %d of the last hour", MOST_TOLD)
        return
    shown = f"“{name}”" if known else _("a user that does not exist")
    text = _(
        "%(n)s failed logins as %(name)s from %(address)s: locked for %(minutes)s minutes."
    ) % {
        "n": PAIR_LIMIT,
        "name": shown,
        "address": address or _("an unknown address"),
        "minutes": COOL_OFF // timedelta(minutes=1),
    }
    data = {"address": address or "", "user": str(name) if known else ""}
    with transaction.atomic():
        journal.append(
            journal.entry("login_locked", text, at=now, urgency="high", actor="login", data=data)
        )


def locked_page(request: HttpRequest, *_rest: object) -> HttpResponse:
    """429 with how long to wait; the same whether the user exists or not."""
    seconds = math.ceil(_locked_until(request, timezone.now()).total_seconds())
    headers = {"Retry-After": str(seconds)}
    minutes = max(1, math.ceil(seconds / 60))
    if "application/json" in request.headers.get("accept", ""):
        error = _("Too many failed logins. Try again in %(n)s min.") % {"n": minutes}
        return JsonResponse({"ok": False, "error": error}, status=429, headers=headers)
    answer = render(request, "registration/locked.html", {"minutes": minutes}, status=429)
    answer["Retry-After"] = headers["Retry-After"]
    return answer


def _locked_until(request: HttpRequest, now: datetime) -> timedelta:
    """How much longer: until the last counted failure is a cool-off old."""
    rows = AccessAttempt.objects.filter(ip_address=client_address(request))
    last = rows.aggregate(at=Max("attempt_time"))["at"]
    left = (last + COOL_OFF - now) if last else COOL_OFF
    return min(COOL_OFF, max(timedelta(seconds=1), left))
