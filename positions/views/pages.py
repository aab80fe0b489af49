"""The pages: the book, one position, the journal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from positions import selectors
from positions.models import Position
from positions.presenting.chart import RANGES, chart
from positions.presenting.detail import figures
from positions.presenting.rows import Row, levels
from positions.presenting.rules import guards_text, rule_views
from positions.presenting.view import row_view
from positions.views.respond import may_act

RANGE_NAMES = (("6h", "6 h"), ("1d", "1 d"), ("1w", "1 w"), ("all", ""))
FILTERS = (
    ("", "All"),
    ("critical", "Urgent"),
    ("exits", "Exits"),
    ("prices", "Prices"),
    ("people", "People"),
)


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The book, live."""
    now = timezone.now()
    book = selectors.book(now)
    context = {
        "nav": "positions",
        "book": book,
        "groups": groups(book),
        "attention_count": book.counts["att"],
        "entries": selectors.history(most=8),
        "may_act": may_act(request),
    }
    return render(request, "positions/index.html", context)


def groups(book: selectors.Book) -> list[tuple[str, str, list[Any]]]:
    """The table's three bodies: key, title, rows. Empty ones are hidden by the stylesheet."""
    return [
        ("att", _("Needs attention"), book.group("att")),
        ("open", _("Open"), book.group("open")),
        ("closed", _("Closed in the last 24 hours"), book.closed),
    ]


@never_cache
@require_safe
def detail(request: HttpRequest, position_id: int) -> HttpResponse:
    """One position."""
    now = timezone.now()
    row = found(position_id, now)
    context = detail_context(request, row, now) | {
        "nav": "positions",
        "position": Position.objects.select_related("market", "strategy", "thesis").get(pk=row.id),
        "entries": selectors.history(position_id=row.id, most=60),
        "may_act": may_act(request),
    }
    return render(request, "positions/detail.html", context)


def found(position_id: int, now: datetime) -> Row:
    """The row, or 404."""
    row = selectors.row(position_id, now)
    if row is None:
        raise Http404
    return row


def detail_context(request: HttpRequest, row: Row, now: datetime) -> dict[str, Any]:
    """What the detail page and its refreshed parts share."""
    return {
        "row": row_view(row, now),
        "rules": rule_views(row, now),
        "guards": guards_text(row.policy),
        "figures": figures(row, levels(row, now)),
        "may_act": may_act(request),
    } | chart_context(request, row, now)


def chart_context(request: HttpRequest, row: Row, now: datetime) -> dict[str, Any]:
    """The chart for ?range=6h|1d|1w|all; a day where nothing or nonsense is asked."""
    wanted = request.GET.get("range", "")
    name = wanted if wanted in RANGES else "1d"
    span = RANGES[name]
    since = row.held.opened_at - timedelta(hours=1) if span is None else now - span
    market_id = Position.objects.values_list("market_id", flat=True).get(pk=row.id)
    runs = selectors.runs_of(market_id, since)
    marks = selectors.marks(row, since)
    names = [(key, text or _("All")) for key, text in RANGE_NAMES]
    return {
        "chart": chart(row, levels(row, now), runs, marks, now, since=since),
        "range": name,
        "ranges": names,
    }


@never_cache
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """The journal, newest first, in pages by id."""
    kinds = request.GET.get("show", "")
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    entries, following = selectors.page(kinds=kinds, before=number)
    context = {
        "nav": "activity",
        "entries": entries,
        "following": following,
        "show": kinds,
        "filters": [(key, _(name)) for key, name in FILTERS],
        "still": number is not None or bool(kinds),
    }
    return render(request, "positions/activity.html", context)
