"""People and their roles. Groups are made by `positions.roles`; nobody edits them by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions.admin.base import ConfirmedAdmin
from positions.roles import NAMES, VIEWER, ensure_roles, give_role, names, role_of

if TYPE_CHECKING:
    ChangeForm = UserChangeForm[User]
    AnyUserAdmin = UserAdmin[User]
else:  # Django's own classes take no type parameters when they run
    ChangeForm = UserChangeForm
    AnyUserAdmin = UserAdmin

admin.site.unregister(User)
admin.site.unregister(Group)

ROLE_HELP = gettext_lazy(
    "A viewer sees everything but keys and addresses. An operator also closes, mutes, acknowledges"
    " and edits rules. An admin also sets up channels, price sources, wallets, keys and people."
)


def _role_field() -> forms.ChoiceField:
    return forms.ChoiceField(label=gettext_lazy("role"), choices=names, help_text=ROLE_HELP)


class NewPersonForm(AdminUserCreationForm):
    role = _role_field()


class PersonForm(ChangeForm):
    role = _role_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["role"] = role_of(self.instance)

    def clean(self) -> dict[str, Any]:
        """An installation without an admin could not be set up any more."""
        given = super().clean() or self.cleaned_data
        stays = given.get("is_active") and given.get("role") == role_of(self.instance)
        if role_of(self.instance) == "admin" and not stays and not _other_admins(self.instance):
            raise forms.ValidationError(
                _("This is the only admin; give another one the role first.")
            )
        return given


def _other_admins(user: User) -> bool:
    others = User.objects.filter(is_active=True).exclude(pk=user.pk)
    return others.filter(is_superuser=True).exists() or others.filter(groups__name="admin").exists()


@admin.register(User)
class PersonAdmin(ConfirmedAdmin, AnyUserAdmin):
    """Name, password, role. What a role may is no choice of this page."""

    form = PersonForm
    add_form = NewPersonForm
    list_display = ("username", "role", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    fieldsets = (
        (None, {"fields": ("username", "password", "role", "is_active")}),
        (gettext_lazy("Who it is"), {"fields": ("first_name", "last_name", "email")}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "role", "password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined")

    @admin.display(description=gettext_lazy("role"))
    def role(self, person: User) -> str:
        return str(NAMES[role_of(person)])

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """One by one, and never oneself; whoever leaves is better made inactive."""
        if obj is None or obj == request.user:
            return False
        return super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        wanted = form.cleaned_data.get("role", VIEWER)
        if not change or wanted != role_of(obj):
            ensure_roles()  # somebody may have migrated without a start of the product
            give_role(obj, wanted)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  Django calls it so
        form_url: str = "",
    ) -> HttpResponse:
        """Another's password; as dangerous as the rest."""
        return self._asked(request) or super().user_change_password(request, id, form_url)
