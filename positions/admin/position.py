"""Positions: a list to work from, a form that guards, actions that call the services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from positions.admin import layout
from positions.admin.actions import SELLS, PositionActions
from positions.admin.base import RefusingAdmin, refused
from positions.admin.columns import PositionColumns, attach_rows
from positions.admin.filters import ArmedFilter, MutedFilter, PricedFilter
from positions.domain.policy import PolicyError
from positions.forms.position import PositionAddForm, PositionChangeForm, PositionForm
from positions.importing.placing import market_named
from positions.markets import market_ensure
from positions.models import Market, Position
from positions.services import (
    ServiceError,
    advice_set,
    policy_set,
    position_edit,
    position_open,
    thesis_set,
)
from positions.services.editing import EDITABLE
from positions.venues.base import VenueError
from positions.views.sudo import unconfirmed_when_live

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList


@admin.register(Position)
class PositionAdmin(PositionColumns, PositionActions, RefusingAdmin):
    """Shares, state and marks are written by services and passes; here they are read."""

    list_display = (
        "market_name",
        "outcome",
        "shares_held",
        "entry",
        "bid",
        "pnl",
        "to_stop",
        "to_target",
        "condition",
        "judged",
    )
    list_display_links = ("market_name",)
    list_filter = (
        "state",
        ArmedFilter,
        PricedFilter,
        MutedFilter,
        "strategy",
        "market__venue",
        "market__currency",
        "source",
        "is_dust",
        "is_demo",
    )
    search_fields = (
        "market__question",
        "market__slug",
        "market__key",
        "reference",
        "thesis__text",
        "thesis__keywords",
    )
    ordering = ("-state", "-id")  # open ones first
    list_per_page = 100
    show_full_result_count = False
    view_on_site = True
    actions = ("close", "mute_hour", "mute_day", "unmute", "arm", "check_now")
    actions_on_bottom = True

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With real money, selling from the list wants the password too."""
        sells = request.POST.get("action") in SELLS
        asked = unconfirmed_when_live(request) if sells else None
        return asked or super().changelist_view(request, extra_context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Position]:
        related = ("market__quote", "strategy__policy", "mark", "policy", "thesis", "wallet")
        return super().get_queryset(request).select_related(*related)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        found = super().get_changelist_instance(request)
        attach_rows(found.result_list, timezone.now())
        return found

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Position | None:
        found: Position | None = super().get_object(request, object_id, from_field)
        if found is not None:
            attach_rows([found], timezone.now())
        return found

    def get_view_on_site_url(self, obj: Position | None = None) -> str | None:
        return None if obj is None else reverse("detail", args=[obj.pk])

    def has_delete_permission(self, request: HttpRequest, obj: Position | None = None) -> bool:
        """What was decided about money stays in the journal; close it instead."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Position | None = None) -> bool:
        """A closed position is history."""
        closed = obj is not None and obj.state != Position.State.OPEN
        return not closed and super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Position | None = None) -> Any:
        if obj is None:
            return layout.ADD
        return layout.CHANGE if self.has_change_permission(request, obj) else layout.VIEW

    def get_readonly_fields(self, request: HttpRequest, obj: Position | None = None) -> Any:
        return () if obj is None else layout.READ

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Asks the venue about a new position's market first: nothing is asked in a transaction."""
        if request.method == "POST" and object_id is None and self.has_add_permission(request):
            request.resolved = _resolve(request)  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        kwargs["form"] = PositionAddForm if obj is None else PositionChangeForm
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is None:
            form.resolved = getattr(request, "resolved", None)
        return form

    def save_model(
        self, request: HttpRequest, obj: Position, form: PositionForm, change: bool
    ) -> None:
        actor = request.user.get_username()
        try:
            if isinstance(form, PositionChangeForm):
                _change(form, actor)
            elif isinstance(form, PositionAddForm):
                # The admin goes on with `obj`: it becomes the row that the service made.
                obj.__dict__.update(_add(form, actor).__dict__)
        except (ServiceError, PolicyError) as error:
            raise refused(error) from None
        attach_rows([obj], timezone.now())
        for text in layout.warnings(obj):
            messages.warning(request, text)


def _resolve(request: HttpRequest) -> Market | str | None:
    """The market that the posted form names, or why there is none; None when it names nothing."""
    names = ("market_text", "outcome", "currency")
    text, outcome, currency = (request.POST.get(name, "").strip() for name in names)
    if not text or len(text) > 500:
        return None
    try:
        return market_named(text, outcome, currency.upper())
    except VenueError as error:
        return str(error)


def _add(form: PositionAddForm, actor: str) -> Position:
    given = form.cleaned_data
    assert isinstance(form.resolved, Market)
    position = position_open(
        market=market_ensure(form.resolved),
        entry_price=given["entry_price"],
        shares=given["shares"],
        entry_fees=given["entry_fees"],
        strategy=given["strategy"],
        opened_at=given["opened_at"],
        policy=form.document({}),
        thesis=given["thesis_text"],
        probability=given["probability"],
        source="admin",
        actor=actor,
        arm_now=given["arm_now"],
        now=timezone.now(),
    )
    extra = {name: given[name] for name in ("keywords", "feeds", "review_at") if given[name]}
    if extra:
        thesis_set(position_id=position.pk, actor=actor, now=timezone.now(), **extra)
    advice = form.advice_changes()
    if advice:
        advice_set(position_id=position.pk, actor=actor, now=timezone.now(), **advice)
    return position


def _change(form: PositionChangeForm, actor: str) -> None:
    """Only what was changed is written; the version is asked for once, before the first write."""
    given, pk = form.cleaned_data, form.instance.pk
    version: int | None = given["seen_version"]
    asked: dict[str, Any] = {"position_id": pk, "actor": actor, "now": timezone.now()}
    with transaction.atomic():
        edits = {name: given[name] for name in EDITABLE if name in form.changed_data}
        if edits:
            position_edit(version=version, confirmed=given["confirm_lower"], **asked, **edits)
            version = None
        document = form.document(form.own)
        if document != form.own:
            confirmed = given["confirm_lower"]
            policy_set(document=document, version=version, confirmed=confirmed, **asked)
            version = None
        thesis = form.thesis_changes()
        if thesis:
            thesis_set(version=version, **asked, **thesis)
            version = None
        advice = form.advice_changes()
        if advice:
            advice_set(version=version, **asked, **advice)
