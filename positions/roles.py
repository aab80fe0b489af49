"""Who may do what: viewer (sees), operator (acts), admin (channels, tokens, users, sources).

A role is a group, made at every start by `ensure_roles`; a superuser is an admin. Everything that
asks is asked here or by Django's own permissions, which the groups hold:

* a POST that changes something: `@positions.views.respond.action` (needs ACT, or the permission
  that it is given; refuses with the 403 page, or with JSON where a page's module asked);
* a page that only some may open: `@allowed(MANAGE)`;
* a template: `{% if may_act %}` (given by the view) or `{% if perms.app.codename %}`;
* the admin: Django's permissions of each model;
* the API: the permissions of the token's user.

Frames on the socket are the same for all: they hold nothing that a viewer may not see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

VIEWER, OPERATOR, ADMIN = ROLES = ("viewer", "operator", "admin")
NAMES = {VIEWER: _("viewer: sees"), OPERATOR: _("operator: acts"), ADMIN: _("admin: sets up")}
# What stands for a role where a view asks.
ACT, MANAGE = "positions.change_position", "monitoring.change_channel"

HOUSE = ("positions", "monitoring")
SETUP = ("auth", "django_q")
# What an operator writes. A new model is read by all and written by admins until it stands here.
WRITTEN_BY_OPERATORS = {
    "positions": ("position", "strategy", "exitpolicy", "advicepolicy", "thesis", "market", "exit"),
    "monitoring": ("alarm", "silence", "notification", "feed", "question"),
}
# Keys, people and addresses: their lists are for admins alone.
HIDDEN = {"positions": ("apitoken", "jsonsource"), "monitoring": ("channel",)}

View = Callable[..., HttpResponseBase]
Anybody = AbstractBaseUser | AnonymousUser


def ensure_roles() -> None:
    """The three groups with the permissions of this version's models; idempotent."""
    wanted = {
        VIEWER: _seen(),
        OPERATOR: _seen() | _models(WRITTEN_BY_OPERATORS),
        ADMIN: Q(content_type__app_label__in=(*HOUSE, *SETUP)),
    }
    with transaction.atomic():
        for name, which in wanted.items():
            group = Group.objects.get_or_create(name=name)[0]
            group.permissions.set(Permission.objects.filter(which))


def _seen() -> Q:
    return Q(content_type__app_label__in=HOUSE, codename__startswith="view_") & ~_models(HIDDEN)


def _models(names: Mapping[str, tuple[str, ...]]) -> Q:
    found = Q(pk__in=())
    for app, models in names.items():
        found |= Q(content_type__app_label=app, content_type__model__in=models)
    return found


def role_of(user: User) -> str:
    """The strongest role of a user; a viewer is who has none."""
    if user.is_superuser:
        return ADMIN
    held = set(user.groups.filter(name__in=ROLES).values_list("name", flat=True))
    return next((role for role in reversed(ROLES) if role in held), VIEWER)


def give_role(user: User, role: str) -> None:
    """Makes it the user's only role. All three may open the admin; what they see there differs."""
    if role not in ROLES:
        raise ValueError(f"{role!r} is no role")
    user.groups.set([*user.groups.exclude(name__in=ROLES), Group.objects.get(name=role)])
    user.is_staff, user.is_superuser = True, user.is_superuser and role == ADMIN
    user.save(update_fields=["is_staff", "is_superuser"])


def may(user: Anybody, permission: str = ACT) -> bool:
    """Whether an active, signed-in user holds a permission."""
    return user.is_authenticated and isinstance(user, User) and user.has_perm(permission)


def allowed(*permissions: str) -> Callable[[View], View]:
    """A page that needs all of these permissions; others get the 403 page."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not all(may(request.user, one) for one in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def names(roles: Iterable[str] = ROLES) -> list[tuple[str, object]]:
    """Choices for a form, weakest first."""
    return [(role, NAMES[role]) for role in roles]
