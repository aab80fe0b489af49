"""What the admin pages of the book share: reading only, and refusing without losing what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from positions.domain.policy import PolicyError
from positions.forms.position import Refusal
from positions.services import ConfirmationNeededError, ServiceError
from positions.views.sudo import unconfirmed

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
else:  # Django's own class takes no type parameters when it runs
    AnyAdmin = admin.ModelAdmin


class ReadOnlyAdmin(AnyAdmin):
    """Rows that the house itself wrote: to be looked at."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ConfirmedAdmin(AnyAdmin):
    """Keys, people and addresses: whoever may change them gives the password first."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        asked = self._asked(request)
        return asked or super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._asked(request) or super().delete_view(request, object_id, extra_context)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        deletes = request.POST.get("action") == "delete_selected"
        asked = self._asked(request) if deletes else None
        return asked or super().changelist_view(request, extra_context)

    def _asked(self, request: HttpRequest) -> HttpResponse | None:
        """Whoever may only look, or not even that, is told so by the page itself."""
        writes = self.has_change_permission(request) or self.has_add_permission(request)
        return unconfirmed(request) if writes else None


class RefusedError(Exception):
    """A write was refused after the form was found valid; everything is rolled back."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal[1])
        self.refusal = refusal


def refused(error: ServiceError | PolicyError) -> RefusedError:
    """The refusal with the field it belongs to."""
    if isinstance(error, ConfirmationNeededError):
        return RefusedError(Refusal(("confirm_lower", str(error))))
    if isinstance(error, PolicyError):
        return RefusedError(Refusal((error.field.split("[")[0].split(".")[0], error.message)))
    return RefusedError(Refusal((None, str(error))))


class RefusingAdmin(AnyAdmin):
    """Shows the form again, as it was typed, when a service refuses what it asked for.

    Its `save_model` raises RefusedError; its forms have a `refusal` that their `clean` adds.
    """

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except RefusedError as error:
            # The transaction is rolled back; the same form once more, with the reason on it.
            request.refusal = error.refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        form = super().get_form(request, obj, change=change, **kwargs)
        # A class made for this request only.
        form.refusal = getattr(request, "refusal", None)  # type: ignore[attr-defined]
        return form
