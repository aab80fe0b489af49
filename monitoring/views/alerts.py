"""`/alerts/`: what needs a person, what was told and what was not."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring.presenting.alarms import scope
from monitoring.selectors import alerts as selectors
from monitoring.selectors.alerts import Wanted
from monitoring.views.until import CHOICES
from positions.models import Position
from positions.presenting.badges import RULES, rule_name
from positions.views.respond import may_act

MOST_FAILED = 5  # shown above everything else; the others under their chip
SILENCED_RULES = [rule for rule in RULES if rule not in {"manual", "wallet"}]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter of the history: a link that says how many are behind it."""

    name: str
    count: int
    url: str
    pressed: bool


@never_cache
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """The page; `?show=&q=&channel=&position=&digest=&before=`."""
    asked = selectors.wanted(request.GET)
    strategies, positions, more = selectors.to_silence(asked)
    context = _context(request, asked) | {
        "nav": "alerts",
        "strategies": strategies,
        "positions": positions,
        "more_positions": more,
        "rules": [(rule, rule_name(rule)) for rule in SILENCED_RULES],
    }
    return render(request, "monitoring/alerts.html", context)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The page's parts that change, for the same address."""
    return render(
        request, "monitoring/_alerts.html", _context(request, selectors.wanted(request.GET))
    )


@never_cache
@require_safe
def banner(request: HttpRequest) -> HttpResponse:
    """What every page says while alerts do not arrive."""
    return render(
        request, "monitoring/_banner.html", {"nav": "alerts" if "here" in request.GET else ""}
    )


def _context(request: HttpRequest, asked: Wanted) -> dict[str, Any]:
    now = timezone.now()
    told, following = selectors.page(asked, now)
    return _needs(asked, now) | {
        "asked": asked,
        "query": address(asked),
        "told": told,
        "chips": _chips(asked),
        "filtered": asked != Wanted(),
        "kept": kept(asked, but=("q", "before")),
        "everything": "?" + address(Wanted(position=asked.position)),
        "older": "?" + address(replace(asked, before=following)) if following else "",
        "ways": selectors.channels(now),
        "choices": CHOICES,
        "may_act": may_act(request),
    }


def _needs(asked: Wanted, now: datetime) -> dict[str, Any]:
    """What stands above the history: of one position, where the address names one."""
    about = Wanted(position=asked.position)
    gone = replace(about, show="failed", alone=True)
    failed, more = selectors.page(gone, now, size=MOST_FAILED)
    silences = selectors.silences(now)
    alarms, open_count = selectors.alarms(about, silences, now)
    return {
        "about": position_of(asked.position),
        "failed": failed,
        "may_retry": any(line["retry"] for one in failed for line in one.lines),
        "failed_count": selectors.failed_count(gone),
        "more_failed": more is not None,
        "alarms": alarms,
        "open_count": open_count,
        "silences": [(silence, scope(silence)) for silence in silences],
    }


def position_of(pk: int | None) -> Position | None:
    """The position that a page is narrowed to, with its market; None for none."""
    if pk is None:
        return None
    return Position.objects.select_related("market").filter(pk=pk).first()


def _chips(asked: Wanted) -> list[Chip]:
    """One for each state; what is seldom here shows no empty chip."""
    counts = selectors.counts(asked)
    names = {
        "": _("All"),
        "failed": _("Failed"),
        "waiting": _("Waiting"),
        "suppressed": _("Not told"),
        "delivered": _("Delivered"),
        "collapsed": _("In a digest"),
    }
    return [
        Chip(
            name,
            counts[show],
            "?" + address(replace(asked, show=show, before=None)),
            show == asked.show,
        )
        for show, name in names.items()
        if show != "collapsed" or counts[show] or asked.show == show
    ]


def kept(asked: Wanted, *, but: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The parts of an address that asks for this, by name, in order; empty ones are left out."""
    names = {"text": "q"}
    parts = ((names.get(one.name, one.name), getattr(asked, one.name)) for one in fields(asked))
    return [(name, str(value)) for name, value in parts if value and name not in but]


def address(asked: Wanted) -> str:
    """The query string that asks for this."""
    return urlencode(kept(asked))
