"""`/decisions/`: what the AI stage asks, what was decided, and the news it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring.models import Question
from monitoring.presenting.answer import Answer, answer
from monitoring.presenting.decisions import CHECKS
from monitoring.questions.answering import latest, price_at
from monitoring.questions.bids import moved
from monitoring.questions.selling import part
from monitoring.questions.telling import somebody_judges
from monitoring.selectors import advice
from monitoring.selectors import decisions as selectors
from monitoring.selectors.decisions import SHOWS, Wanted
from monitoring.views.alerts import Chip, position_of
from positions import selectors as positions
from positions.models import Thesis
from positions.views.respond import may_act


@never_cache
@require_safe
def decisions(request: HttpRequest) -> HttpResponse:
    """The page; `?show=&position=&before=`."""
    return render(request, "monitoring/decisions.html", _context(request) | {"nav": "ai"})


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The page's parts that change, for the same address."""
    return render(request, "monitoring/_decisions.html", _context(request))


@never_cache
@require_safe
def decision(request: HttpRequest, question_id: int) -> HttpResponse:
    """One question and its answers."""
    context = question_context(request, found(question_id)) | {"nav": "ai"}
    return render(request, "monitoring/decision.html", context)


@never_cache
@require_safe
def decision_live(request: HttpRequest, question_id: int) -> HttpResponse:
    """Its parts that change."""
    return render(
        request, "monitoring/_decision.html", question_context(request, found(question_id))
    )


@never_cache
@require_safe
def asks(request: HttpRequest) -> HttpResponse:
    """The cards of the overview that ask for an answer, and their number."""
    return render(request, "monitoring/_asks.html", {"may_act": may_act(request)})


@never_cache
@require_safe
def of_position(request: HttpRequest, position_id: int) -> HttpResponse:
    """The AI stage's parts of a position's page."""
    about = advice.about(position_id, timezone.now())
    if about is None:
        raise Http404
    context = {"ai": about, "may_act": may_act(request)}
    return render(request, "monitoring/_position_parts.html", context)


def found(question_id: int) -> Question:
    """The question, or 404."""
    row = selectors.question(question_id)
    if row is None:
        raise Http404
    return row


def question_context(request: HttpRequest, row: Question, *, warning: str = "") -> dict[str, Any]:
    """What the page of a question and its refreshed parts share. `warning`: why the sale that was
    just asked for has to be confirmed.
    """
    now = timezone.now()
    view = selectors.views([row], now)[0]
    shown = view.decision.id if view.decision else None
    return {
        "one": view,
        "answer": _answer(row, now, warning) if view.live else None,
        "earlier": selectors.earlier(row, shown),
        "headlines": selectors.asked_headlines(row, view.decision.cited if view.decision else ()),
        "thesis": Thesis.objects.filter(position=row.position_id).first(),
        "ai": advice.answers(row.position),
        "checks": CHECKS,
        "may_act": may_act(request),
    }


def _answer(row: Question, now: datetime, warning: str) -> Answer | None:
    held = positions.row(row.position_id, now)
    if held is None or not held.is_open:
        return None
    given = latest(row)
    then = price_at(row, given)
    far = moved(row.position.market, then, held.bid if held.priced else None)
    return answer(held, part(row.position, given), then, moved=far, warning=warning)


def _context(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    asked = selectors.wanted(request.GET)
    rows, following = selectors.page(asked, now)
    above = not asked.show and not asked.before
    return {
        "asked": asked,
        "query": address(asked),
        "about": position_of(asked.position),
        "waiting": selectors.waiting(asked, now) if above else [],
        "rows": rows,
        "chips": _chips(asked),
        "older": "?" + address(replace(asked, before=following)) if following else "",
        "newest": "?" + address(replace(asked, before=None)),
        "news": [] if asked.before else selectors.latest_news(asked, now),
        "ai": somebody_judges(),
        "may_act": may_act(request),
        "standing": advice.standing(now),
    }


def _chips(asked: Wanted) -> list[Chip]:
    counts = selectors.counts(asked)
    names = {
        "": _("All"),
        "open": _("Open"),
        "sell": _("Sell"),
        "hold": _("Hold"),
        "news": _("News"),
    }
    assert set(names) == {"", *SHOWS}
    return [
        Chip(
            name,
            counts[show or "all"],
            "?" + address(replace(asked, show=show, before=None)),
            show == asked.show,
        )
        for show, name in names.items()
    ]


def address(asked: Wanted) -> str:
    """The query string that asks for this."""
    parts = {"show": asked.show, "position": asked.position, "before": asked.before}
    return urlencode({name: value for name, value in parts.items() if value})
