"""`POST /api/positions`: a bot adds what it bought, once, however often it asks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from positions.domain import policy as policies
from positions.domain.pnl import plain
from positions.importing.checking import check_against_market, read_entry, strategy_documents
from positions.importing.entry import Entry, EntryError
from positions.importing.placing import market_of
from positions.markets import market_ensure
from positions.models import JournalEntry, Market, Position, Strategy
from positions.services import jsonable, position_open
from positions.text import is_storable
from positions.tokens import GUESS_SECONDS, TooManyGuessesError, token_of
from positions.venues.base import PermanentError, VenueError

LARGEST = 256 * 1024
PERMISSION = "positions.add_position"
LONGEST_REFERENCE = 200
# Other adders' own namespaces.
RESERVED = ("import:", "wallet:")
RETRY_SECONDS = 30


class RefusedError(Exception):
    """An answer that is none of the good ones; `errors` has a sentence for each field."""

    def __init__(self, status: int, errors: Mapping[str, str]) -> None:
        super().__init__(str(errors))
        self.status, self.errors = status, dict(errors)


@csrf_exempt  # no cookie is looked at: the token alone says who asks
@login_not_required
def positions(request: HttpRequest) -> JsonResponse:
    """Adds a position: 201 with its id, 200 when this reference is known with the same content.

    400 names what is wrong by field, 401 and 403 the token, 409 a reference used for other content,
    413 a body above 256 kB, 429 too many wrong tokens, 503 a venue that cannot be asked right now.
    """
    try:
        if request.method != "POST":
            raise RefusedError(405, {"method": _("only POST is allowed")})
        now = timezone.now()
        actor = _actor(request, now)
        position, made = _add(_body(request), actor, now)
    except RefusedError as error:
        return _refusal(error)
    path = reverse("detail", args=[position.pk])
    answer = {
        "id": position.pk,
        "reference": position.reference,
        "url": f"{settings.SITE_URL}{path}",
    }
    return JsonResponse(answer, status=201 if made else 200, headers={"Location": path})


def _refusal(error: RefusedError) -> JsonResponse:
    headers = {
        401: {"WWW-Authenticate": "Bearer"},
        405: {"Allow": "POST"},
        429: {"Retry-After": str(GUESS_SECONDS)},
        503: {"Retry-After": str(RETRY_SECONDS)},
    }
    return JsonResponse(
        {"errors": error.errors}, status=error.status, headers=headers.get(error.status, {})
    )


def _actor(request: HttpRequest, now: datetime) -> str:
    try:
        token = token_of(request, now=now)
    except TooManyGuessesError:
        raise RefusedError(429, {"authorization": _("too many wrong tokens")}) from None
    if token is None:
        raise RefusedError(401, {"authorization": _("a valid “Bearer” token is required")})
    if not token.user.has_perm(PERMISSION):
        raise RefusedError(403, {"authorization": _("this token's user may not add positions")})
    return f"{token.user.get_username()} ({token.name})"


def _body(request: HttpRequest) -> dict[str, Any]:
    too_large = RefusedError(413, {"body": _("at most %(kb)s kB") % {"kb": LARGEST // 1024}})
    length = request.headers.get("Content-Length", "0")
    if length.isdecimal() and int(length) > LARGEST:
        raise too_large
    try:
        raw = request.body
    except RequestDataTooBig:
        raise too_large from None
    except UnreadablePostError:
        raise RefusedError(400, {"body": _("did not arrive completely")}) from None
    if len(raw) > LARGEST:
        raise too_large
    try:
        found = policies.loads(raw.decode())
    except policies.PolicyError as error:
        raise RefusedError(400, {error.field: error.message}) from None
    except (ValueError, RecursionError, ArithmeticError):
        raise RefusedError(400, {"body": _("is not JSON")}) from None
    if not isinstance(found, dict):
        raise RefusedError(400, {"body": _("must be an object")})
    return found


def _add(body: dict[str, Any], actor: str, now: datetime) -> tuple[Position, bool]:
    """The position and whether it is new. Every venue is asked before the transaction."""
    errors: dict[str, str] = {}
    reference = _reference(body.pop("reference", None), errors)
    known = strategy_documents()
    try:
        entry = read_entry(body, now=now, known=known)
        if errors:
            raise RefusedError(400, errors)
        content = content_of(entry)
        found = _existing(reference, content)
        if found is not None:
            return found, False
        market = _market(entry)
        check_against_market(entry, market, known)
    except EntryError as error:
        raise RefusedError(400, errors | error.errors) from None
    try:
        return _open(entry, market, reference, content, actor, now), True
    except IntegrityError:
        # The same request came twice at once, and the other was faster.
        found = _existing(reference, content)
        if found is None:
            raise
        return found, False


def _reference(value: object, errors: dict[str, str]) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        errors["reference"] = _("is required: your own key, the same for each retry")
    elif len(text) > LONGEST_REFERENCE:
        errors["reference"] = _("is longer than %(most)s characters") % {"most": LONGEST_REFERENCE}
    elif not is_storable(text):
        errors["reference"] = _("holds a zero byte or half a character (a lone surrogate)")
    elif text.startswith(RESERVED):
        errors["reference"] = _("must not begin with %(names)s") % {"names": ", ".join(RESERVED)}
    return text


def content_of(entry: Entry) -> str:
    """A fingerprint of what is asked for: equal for 0.45 and "0.450", different for other trades."""
    fields = asdict(entry) | {
        "entry_price": plain(entry.entry_price),
        "shares": plain(entry.shares),
        "fair_value": plain(entry.fair_value) if entry.fair_value is not None else None,
        "opened_at": entry.opened_at.isoformat() if entry.opened_at else None,
        "opened_text": None,
        "policy": jsonable(entry.policy),
    }
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _existing(reference: str, content: str) -> Position | None:
    position = Position.objects.filter(reference=reference).first()
    if position is None:
        return None
    opened = JournalEntry.objects.filter(position=position, kind="position_opened").first()
    if opened is None or opened.data.get("content") != content:
        raise RefusedError(
            409, {"reference": _("was used for another position: %(id)s") % {"id": position.pk}}
        )
    return position


def _market(entry: Entry) -> Market:
    try:
        return market_of(entry)
    except PermanentError as error:
        raise RefusedError(400, {"market": str(error)}) from None
    except VenueError as error:
        raise RefusedError(503, {"market": str(error)}) from None


def _open(
    entry: Entry, market: Market, reference: str, content: str, actor: str, now: datetime
) -> Position:
    with transaction.atomic():
        return position_open(
            market=market_ensure(market),
            entry_price=entry.entry_price,
            shares=entry.shares,
            now=now,
            strategy=Strategy.objects.filter(name=entry.strategy).first(),
            opened_at=entry.opened_at,
            policy=entry.policy,
            thesis=entry.thesis,
            probability=entry.fair_value,
            reference=reference,
            source="api",
            actor=actor,
            details={"content": content, "reference": reference},
        )
