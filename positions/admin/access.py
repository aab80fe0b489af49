"""Wallets to mirror, and keys for bots."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions.admin.base import AnyAdmin, ConfirmedAdmin
from positions.models import ApiToken, Position, Wallet
from positions.tokens import digest_of, new_token
from positions.venues.base import VenueError
from positions.wallets import wallet_sync

if TYPE_CHECKING:
    WalletBase = forms.ModelForm[Wallet]
else:  # Django's own class takes no type parameters when it runs
    WalletBase = forms.ModelForm

ADDRESS = re.compile(r"0x[0-9a-f]{40}")


class WalletForm(WalletBase):
    class Meta:
        model = Wallet
        fields = ("address", "label", "strategy")
        help_texts = {
            "address": gettext_lazy(
                "The proxy (deposit) address of your profile page: 0x and 40 hex digits. It is"
                " public; no key is asked for."
            )
        }

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"]).strip().lower()
        if not ADDRESS.fullmatch(address):
            raise ValidationError(_("0x and 40 hex digits are an address."))
        return address


@admin.register(Wallet)
class WalletAdmin(AnyAdmin):
    form = WalletForm
    list_display = ("address", "label", "strategy", "held", "synced_at", "error")
    readonly_fields = ("synced_at", "error")
    search_fields = ("address", "label", "strategy")
    actions = ("sync_now",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Wallet]:
        held = Count("position", filter=Q(position__state=Position.State.OPEN))
        found: QuerySet[Wallet] = super().get_queryset(request).select_related("strategy")
        return found.annotate(held=held)

    @admin.display(description=gettext_lazy("open positions"), ordering="held")
    def held(self, obj: Wallet) -> int:
        return int(getattr(obj, "held", 0))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        return ("address", *self.readonly_fields) if obj else tuple(self.readonly_fields)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Its positions point to it; without any it may go. None at once from the list."""
        if not isinstance(obj, Wallet) or Position.objects.filter(wallet=obj).exists():
            return False
        return super().has_delete_permission(request, obj)

    @admin.action(description=gettext_lazy("Sync now"), permissions=["change"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet[Wallet]) -> None:
        for wallet in queryset:
            try:
                done = wallet_sync(wallet.address, now=timezone.now())
            except VenueError as error:
                messages.error(request, f"{wallet}: {error}")
                continue
            counts = {
                "all": done.holdings,
                "opened": len(done.opened),
                "changed": len(done.changed),
                "closed": len(done.closed),
            }
            text = _("%(all)s holdings: %(opened)s opened, %(changed)s changed, %(closed)s closed")
            messages.success(request, f"{wallet}: {text % counts}")
            for line in (*done.problems, done.warning, done.hint):
                if line:
                    messages.warning(request, line)


@admin.register(ApiToken)
class ApiTokenAdmin(ConfirmedAdmin):
    """The key itself is shown once, on the page that answers its making, and kept nowhere."""

    list_display = ("name", "user", "enabled", "created_at", "used_at")
    list_filter = ("enabled",)
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    fields = ("name", "user", "enabled", "created_at", "used_at")
    readonly_fields = ("created_at", "used_at")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk}

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=form.changed_data)
            return
        token = new_token()
        obj.digest = digest_of(token)
        obj.save()
        request.new_token = token  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Not by way of a message: those travel in a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Your new token"),
            "token": request.new_token,  # type: ignore[attr-defined]
            "row": obj,
            "opts": ApiToken._meta,  # noqa: SLF001  Django's public API
        }
        return TemplateResponse(request, "admin/positions/apitoken/made.html", context)
