"""Filters over what the watch remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from positions.models import Position

if TYPE_CHECKING:
    Choices = list[tuple[str, Any]]


class YesNoFilter(admin.SimpleListFilter):
    """Two sides of a condition; a subclass says which."""

    yes: Any
    no: Any

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("yes", self.yes), ("no", self.no)]

    def condition(self) -> Q:
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Position]) -> QuerySet[Position]:
        if self.value() == "yes":
            return queryset.filter(self.condition())
        if self.value() == "no":
            return queryset.exclude(self.condition())
        return queryset


class ArmedFilter(YesNoFilter):
    title, parameter_name = gettext_lazy("arming"), "unarmed"
    yes, no = gettext_lazy("a rule is not armed"), gettext_lazy("all rules are armed")

    def condition(self) -> Q:
        return Q(mark__isnull=False) & ~Q(mark__unarmed="")


class PricedFilter(YesNoFilter):
    title, parameter_name = gettext_lazy("price"), "unpriced"
    yes, no = gettext_lazy("no usable price"), gettext_lazy("priced")

    def condition(self) -> Q:
        return Q(mark__unpriced_since__isnull=False)


class MutedFilter(YesNoFilter):
    title, parameter_name = gettext_lazy("alerts"), "muted"
    yes, no = gettext_lazy("muted"), gettext_lazy("not muted")

    def condition(self) -> Q:
        return Q(muted_until__gt=timezone.now())
