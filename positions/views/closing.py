"""Closing by hand: one position with its figures, or everything after asking twice."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from positions import selectors, services
from positions.domain.pnl import plain
from positions.domain.wording import shares_text
from positions.models import Position
from positions.presenting.closing import closing
from positions.presenting.rows import Row
from positions.views.pages import found
from positions.views.respond import action, actor, done, refused
from positions.views.sudo import confirmed_when_live


def wanted_shares(row: Row, text: str) -> Decimal:
    """How many shares the form names; all when it names none. Raises ServiceError."""
    text = text.strip().replace(",", "").replace(" ", "")
    if not text:
        return row.held.shares
    try:
        shares = Decimal(text)
    except InvalidOperation:
        shares = Decimal("NaN")
    if not shares.is_finite() or shares <= 0:
        raise services.ServiceError(
            _("“%(text)s” is not a number of shares.") % {"text": text[:40]}
        )
    if shares > row.held.shares:
        most = shares_text(row.held.shares)
        raise services.ServiceError(
            _("You hold %(most)s shares; enter at most that.") % {"most": most}
        )
    return shares


@never_cache
@require_safe
def proceeds(request: HttpRequest, position_id: int) -> JsonResponse:
    """What closing would bring now, for the dialog."""
    row = found(position_id, timezone.now())
    try:
        if not row.is_open:
            raise services.ServiceError(_("This position is closed already."))
        shares = wanted_shares(row, request.GET.get("shares", ""))
        services.sellable(shares, row.held.min_size)
    except services.ServiceError as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse(closing(row, shares, *selectors.live_book(row.id)))


@confirmed_when_live
def close(request: HttpRequest, position_id: int) -> HttpResponseBase:
    """GET: the question as a page of its own; POST: the sale is asked for."""
    if request.method == "POST":
        return _close(request, position_id=position_id)
    row = found(position_id, timezone.now())
    if not row.is_open:
        return refused(
            request, _("This position is closed already."), reverse("detail", args=[row.id])
        )
    try:
        services.sellable(row.held.shares, row.held.min_size)
    except services.ServiceError as error:
        return refused(request, str(error), reverse("detail", args=[row.id]))
    figures = closing(row, row.held.shares, *selectors.live_book(row.id))
    context = {"nav": "positions", "row": row, "closing": figures, "shares": plain(row.held.shares)}
    return render(request, "positions/close.html", context)


@action
def _close(request: HttpRequest, position_id: int) -> HttpResponse:
    row = found(position_id, timezone.now())
    shares = wanted_shares(row, request.POST.get("shares", ""))
    whole = shares == row.held.shares
    exit_ = services.position_close_request(
        position_id=position_id,
        actor=actor(request),
        now=timezone.now(),
        shares=None if whole else shares,
    )
    message = _("Selling %(n)s %(outcome)s of “%(name)s” at the best bids now.") % {
        "n": shares_text(exit_.shares),
        "outcome": row.outcome or _("shares"),
        "name": row.question,
    }
    return done(request, message, reverse("detail", args=[position_id]))


@confirmed_when_live
def close_all(request: HttpRequest) -> HttpResponseBase:
    """GET: asks once, and for the number of positions as the second answer; POST: sells."""
    if request.method == "POST":
        return _close_all(request)
    positions = Position.objects.filter(state=Position.State.OPEN, is_dust=False)
    context = {"nav": "positions", "count": positions.count()}
    return render(request, "positions/close_all.html", context)


@action
def _close_all(request: HttpRequest) -> HttpResponse:
    count = Position.objects.filter(state=Position.State.OPEN, is_dust=False).count()
    back = reverse("close_all")
    if request.POST.get("count", "").strip() != str(count):
        error = _("Nothing was sold: type %(n)d, the number of positions that would be closed.")
        return refused(request, error % {"n": count}, back, status=400)
    exits = services.close_everything(actor=actor(request), now=timezone.now())
    message = ngettext(
        "Selling %(n)d position at the best bids now.",
        "Selling %(n)d positions at the best bids now.",
        len(exits),
    ) % {"n": len(exits)}
    return done(request, message, reverse("index"))
