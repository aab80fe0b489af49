"""What a trader does with positions from the list: close, mute, unmute, look now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from positions.admin.columns import attach_rows
from positions.domain.state import load
from positions.models import Mark, Position
from positions.services import (
    ServiceError,
    check_request,
    position_close_request,
    position_mute,
    position_unmute,
    rule_arm,
)

Positions = QuerySet[Position]
SELLS = ("close", "arm")  # actions that end in a sale


class PositionActions:
    """Admin actions; each is a service called for each position, and says what became of it."""

    admin_site: Any

    @admin.action(description=gettext_lazy("Close now…"), permissions=["change"])
    def close(self, request: HttpRequest, queryset: Positions) -> HttpResponse | None:
        """Selling asks twice: the first answer is a page with what it would bring."""
        if "confirmed" not in request.POST:
            return self._ask(request, queryset)
        actor, now = request.user.get_username(), timezone.now()
        count = self._each(
            request,
            queryset,
            lambda pk: position_close_request(position_id=pk, actor=actor, now=now),
        )
        if count:
            text = ngettext(
                "%(n)s close requested; it is sold in the pass that begins now.",
                "%(n)s closes requested; they are sold in the pass that begins now.",
                count,
            )
            messages.success(request, text % {"n": count})
        return None

    @admin.action(description=gettext_lazy("Mute alerts for an hour"), permissions=["change"])
    def mute_hour(self, request: HttpRequest, queryset: Positions) -> None:
        self._mute(request, queryset, timedelta(hours=1))

    @admin.action(description=gettext_lazy("Mute alerts for a day"), permissions=["change"])
    def mute_day(self, request: HttpRequest, queryset: Positions) -> None:
        self._mute(request, queryset, timedelta(days=1))

    @admin.action(description=gettext_lazy("Unmute alerts"), permissions=["change"])
    def unmute(self, request: HttpRequest, queryset: Positions) -> None:
        actor, now = request.user.get_username(), timezone.now()
        count = self._each(
            request, queryset, lambda pk: position_unmute(position_id=pk, actor=actor, now=now)
        )
        messages.success(request, _("Alerts are on for %(n)s positions.") % {"n": count})

    @admin.action(description=gettext_lazy("Arm rules that are not armed"), permissions=["change"])
    def arm(self, request: HttpRequest, queryset: Positions) -> None:
        """They were breached when watching began; armed, they sell at the next check."""
        actor, now = request.user.get_username(), timezone.now()

        def arm_all(pk: int) -> None:
            mark = Mark.objects.get(position_id=pk)
            for rule in sorted(load(mark.state).unarmed):
                rule_arm(position_id=pk, rule=rule, actor=actor, now=now)

        waiting = queryset.exclude(mark__unarmed="")
        count = self._each(request, waiting, arm_all)
        text = _(
            "The rules of %(n)s positions are armed; what is breached sells at the next check."
        )
        messages.success(request, text % {"n": count})

    @admin.action(description=gettext_lazy("Check now"), permissions=["change"])
    def check_now(self, request: HttpRequest, queryset: Positions) -> None:
        """A pass looks at every position; asking for one is asking for all."""
        check_request(now=timezone.now())
        messages.success(request, _("A check is asked for; the worker begins it now."))

    def _mute(self, request: HttpRequest, queryset: Positions, span: timedelta) -> None:
        actor, now = request.user.get_username(), timezone.now()
        count = self._each(
            request,
            queryset,
            lambda pk: position_mute(position_id=pk, until=now + span, actor=actor, now=now),
        )
        text = _("Alerts of %(n)s positions are muted; their exits go on.")
        messages.success(request, text % {"n": count})

    def _each(
        self, request: HttpRequest, queryset: Positions, deed: Callable[[int], object]
    ) -> int:
        """How many it worked for; each refusal is told with the position it is about."""
        done = 0
        for position in queryset.select_related("market").order_by("pk"):
            try:
                deed(position.pk)
                done += 1
            except ServiceError as error:
                messages.error(request, f"{position}: {error}")
        return done

    def _ask(self, request: HttpRequest, queryset: Positions) -> HttpResponse:
        positions = list(queryset.order_by("pk"))
        attach_rows(positions, timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Close these positions?"),
            "positions": [
                {
                    "name": str(position),
                    "shares": self.shares_held(position),  # type: ignore[attr-defined]
                    "bid": self.bid(position),  # type: ignore[attr-defined]
                    "pnl": self.pnl(position),  # type: ignore[attr-defined]
                }
                for position in positions
            ],
            "ids": [position.pk for position in positions],
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
            "opts": Position._meta,  # noqa: SLF001  Django's public API
        }
        return TemplateResponse(request, "admin/positions/position/close.html", context)
