"""Decimals that come back from every database exactly as they were written.

Django keeps a DecimalField in SQLite as REAL: 0.1 + 0.2 of a price is then no longer what the
user typed, and a level is missed by one part in 10^17. Here SQLite holds text, PostgreSQL numeric
without a scale; both return the very digits.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Value
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from positions.domain.pnl import plain

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]
    AnyOneToOneField = models.OneToOneField[Any, Any]
else:  # Django's own classes take no type parameters when they run
    AnyField = models.Field
    AnyOneToOneField = models.OneToOneField


class ExactDecimalField(AnyField):
    """A finite Decimal of any precision, equal to the digit on SQLite and PostgreSQL."""

    description = _("Exact decimal number")
    default_error_messages = {"invalid": _("“%(value)s” is not a decimal number.")}

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "numeric" if connection.vendor == "postgresql" else "text"

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or value == "":
            return None
        try:
            number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise ValidationError(
                self.error_messages["invalid"], code="invalid", params={"value": value}
            )
        return number

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else Decimal(value)

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return prepared if hasattr(prepared, "resolve_expression") else self.to_python(prepared)

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        number = value if prepared else self.get_prep_value(value)
        if isinstance(number, Decimal) and connection.vendor != "postgresql":
            return format(number, "f")
        return number

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else format(value, "f")

    def formfield(self, **kwargs: Any) -> forms.Field | None:  # type: ignore[override]
        return super().formfield(**{"form_class": PlainDecimalFormField, **kwargs})


class RowOfField(AnyOneToOneField):
    """The primary key of a row that belongs to another one.

    SQLite keeps a `bigint` key in an index beside the table; an `integer` one is the row's own
    number, which saves a pass over 10,000 positions as many searches.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)


class PlainDecimalFormField(forms.DecimalField):
    """Shows 100 as `100`, not `1E+2`, and keeps the digits that were typed."""

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if isinstance(value, Decimal) else value


def number(name: str) -> Cast:
    """The column as a float for CHECK constraints and ORDER BY only: text does not compare."""
    return Cast(name, models.FloatField())


def at_least(name: str, bound: float) -> GreaterThanOrEqual[Any]:
    """CHECK condition `name >= bound` on an exact decimal column."""
    return GreaterThanOrEqual(number(name), Value(bound))


def above(name: str, bound: float) -> GreaterThan[Any]:
    """CHECK condition `name > bound` on an exact decimal column."""
    return GreaterThan(number(name), Value(bound))


def at_most(name: str, other: str) -> LessThanOrEqual[Any]:
    """CHECK condition `name <= other` between two exact decimal columns of one row."""
    return LessThanOrEqual(number(name), number(other))
