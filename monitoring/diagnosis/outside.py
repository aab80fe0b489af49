"""Checks that ask the world: the price sources in use, and what time it is elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.diagnosis.base import Check, fail, ok, warn
from positions.exits import instrument_of
from positions.models import Position
from positions.venues.base import VenueError
from positions.venues.http import CONNECT_SECONDS
from positions.venues.pinned import session
from positions.venues.registry import source_for

PATIENCE = 10.0  # seconds for one source
CLOCK_OK, CLOCK_WARN = 2.0, 30.0  # seconds; the Date header itself counts in whole ones


def price_sources() -> Iterator[Check]:
    """One reading from each venue that holds an open position."""
    held = Position.objects.filter(state=Position.State.OPEN).select_related("market")
    venues = sorted(set(held.values_list("market__venue", flat=True)))
    if not venues:
        yield ok(_("price sources"), _("none in use: no open position"))
    for venue in venues:
        position = held.filter(market__venue=venue).order_by("-pk").first()
        if position is not None:
            yield _source(venue, position)


def _source(venue: str, position: Position) -> Check:
    name = _("price source %(venue)s") % {"venue": venue}
    market, began = instrument_of(position), time.monotonic()
    try:
        readings = source_for(venue).read([market], deadline=began + PATIENCE)
    except VenueError as error:
        return fail(name, str(error), _("Check the network, then the venue's own status page."))
    problem = readings.errors.get(market.id)
    if problem:
        return warn(name, problem, _("Check this market; the source itself answers."))
    took = {"ms": (time.monotonic() - began) * 1000}
    return ok(name, _("answers in %(ms).0f ms") % took)


def clock(now: Callable[[], datetime] = timezone.now) -> Iterator[Check]:
    """Our clock against the Date header of Polymarket's price server."""
    name = _("clock")
    theirs = _date_of(settings.POLYMARKET_CLOB_URL)
    if theirs is None:
        yield warn(
            name,
            _("not compared: no time from %(url)s") % {"url": settings.POLYMARKET_CLOB_URL},
            _("Make sure that this machine's time is set by NTP."),
        )
        return
    apart = abs((now() - theirs).total_seconds())
    text = _("%(apart).0f s apart from the venue's") % {"apart": apart}
    remedy = _("Set this machine's time by NTP: quotes are judged by their age.")
    if apart <= CLOCK_OK:
        yield ok(name, text)
    elif apart <= CLOCK_WARN:
        yield warn(name, text, remedy)
    else:
        yield fail(name, text, remedy)


def _date_of(url: str) -> datetime | None:
    """The Date header (RFC 9110 6.6.1) of whatever answers there; None when nothing does."""
    try:
        timeout = (CONNECT_SECONDS, CONNECT_SECONDS)
        with session() as calls:
            answer = calls.head(url, timeout=timeout, allow_redirects=False)
        told = parsedate_to_datetime(answer.headers["Date"])
    except (requests.RequestException, KeyError, ValueError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
