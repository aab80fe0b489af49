"""What a person does about a question: approve, decline, take that back, and ask by hand."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.models import Question
from monitoring.questions import answering
from monitoring.questions.asking import raise_question
from monitoring.selectors.advice import answers
from monitoring.views.decisions import found, question_context
from positions.domain.wording import shares_text
from positions.models import Position
from positions.services import ConfirmationNeededError, ServiceError
from positions.views.respond import action, actor, done, refused, wants_json
from positions.views.sudo import confirmed_when_live


@confirmed_when_live
def approve(request: HttpRequest, question_id: int) -> HttpResponseBase:
    """POST: sells what the decision says, at the bids of now. GET: where the form is (a person who
    had to confirm the password comes back here).
    """
    if request.method == "POST":
        return _approve(request, question_id=question_id)
    return redirect("decision", question_id)


@action
def _approve(request: HttpRequest, question_id: int) -> HttpResponse:
    row = found(question_id)
    try:
        exit_ = answering.approve(
            question_id=question_id,
            actor=actor(request),
            now=timezone.now(),
            seen_bid=_price(request.POST.get("seen_bid", "")),
            confirmed=request.POST.get("confirmed") == "on",
        )
    except ConfirmationNeededError as error:
        return _confirm(request, row, str(error))
    except ServiceError as error:
        return refused(request, str(error), _page(question_id))
    message = _("Approved: selling %(n)s %(outcome)s of “%(name)s” at the best bids now.") % {
        "n": shares_text(exit_.shares),
        "outcome": row.position.market.outcome or _("shares"),
        "name": row.position.market.question,
    }
    return done(request, message, _page(question_id))


@action
def decline(request: HttpRequest, question_id: int) -> HttpResponse:
    """Nothing is sold for this; can be taken back while there is time to answer."""
    found(question_id)
    try:
        answering.decline(question_id=question_id, actor=actor(request), now=timezone.now())
    except ServiceError as error:
        return refused(request, str(error), _page(question_id))
    undo = {"url": reverse("decision_reopen", args=[question_id]), "fields": {}}
    message = _("Declined: nothing is sold for this. Its stops stay armed.")
    return done(request, message, _page(question_id), undo=undo)


@action
def reopen(request: HttpRequest, question_id: int) -> HttpResponse:
    """Takes a decline back."""
    found(question_id)
    try:
        answering.reopen(question_id=question_id, actor=actor(request), now=timezone.now())
    except ServiceError as error:
        return refused(request, str(error), _page(question_id))
    return done(request, _("The question is open again."), _page(question_id))


@action
def ask(request: HttpRequest, position_id: int) -> HttpResponse:
    """“Ask the AI”: a question by hand, answered beside the pass."""
    position = get_object_or_404(Position, pk=position_id)
    if not answers(position):
        raise ServiceError(
            _(
                "There is no AI to ask: set ANTHROPIC_API_KEY, or AI_FALLBACK_URL and"
                " AI_FALLBACK_MODEL, and start again."
            )
        )
    row = raise_question(
        position_id=position_id,
        rule=Question.Rule.ASKED,
        urgency="medium",
        reason=_("asked by %(who)s: does the thesis still hold?") % {"who": actor(request)},
        now=timezone.now(),
        asked_by=actor(request),
    )
    message = _("The AI is asked; its answer comes within a minute or so.")
    if wants_json(request):
        return done(request, message, _page(row.pk))
    return done(request, message, reverse("detail", args=[position_id]))


def _confirm(request: HttpRequest, row: Question, error: str) -> HttpResponse:
    """The page once more, where the same button now sells in spite of the move."""
    if wants_json(request):
        return refused(request, error, _page(row.pk))
    context = question_context(request, row, warning=error) | {"nav": "ai", "loud": True}
    return render(request, "monitoring/decision.html", context, status=409)


def _page(question_id: int) -> str:
    return reverse("decision", args=[question_id])


def _price(text: str) -> Decimal | None:
    """The bid that the form showed; None where it showed none, or nonsense."""
    try:
        price = Decimal(text)
    except InvalidOperation:
        return None
    return price if price.is_finite() and price > 0 else None
