"""Pieces of the pages, rendered anew when the live page learns that their shape has changed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from positions import selectors
from positions.views.pages import chart_context, detail_context, found
from positions.views.respond import may_act

MOST_ROWS = 200
PARTS = {
    "actions": "positions/_actions.html",
    "chart": "positions/_chart.html",
    "rules": "positions/_rules.html",
    "figures": "positions/_figures.html",
}


@never_cache
@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """Rows of `?ids=1,2`, those that are open."""
    asked = request.GET.get("ids", "").split(",")[:MOST_ROWS]
    ids = [int(one) for one in asked if one.isascii() and one.isdigit() and len(one) < 19]
    views = selectors.open_views(ids, timezone.now())
    return render(request, "positions/_rows.html", {"rows": views})


@never_cache
@require_safe
def summary(request: HttpRequest) -> HttpResponse:
    """The totals."""
    return render(request, "positions/_summary.html", {"book": selectors.book(timezone.now())})


@never_cache
@require_safe
def attention(request: HttpRequest) -> HttpResponse:
    """The cards that ask for a look."""
    context = {"book": selectors.book(timezone.now()), "may_act": may_act(request)}
    return render(request, "positions/_attention.html", context)


@never_cache
@require_safe
def part(request: HttpRequest, position_id: int, name: str) -> HttpResponse:
    """One card of a position's page."""
    now = timezone.now()
    row = found(position_id, now)
    context = {"may_act": may_act(request)}
    context |= (
        chart_context(request, row, now) if name == "chart" else detail_context(request, row, now)
    )
    return render(request, PARTS[name], context)
