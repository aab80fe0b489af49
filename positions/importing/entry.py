"""One position as a file or a bot writes it: checked field by field, every complaint by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from positions.domain import policy as policies
from positions.text import is_storable, storable

REQUIRED = ("market", "entry_price", "shares")
COLUMNS = (
    "market",
    "outcome",
    "question",
    "strategy",
    "entry_price",
    "shares",
    "currency",
    "opened_at",
    "thesis",
    "fair_value",
    "stop_loss_pct",
    "take_profit_pct",
    "trailing_pct",
)
KEYS = (*COLUMNS, "policy")
LENGTHS = {"market": 500, "outcome": 100, "question": 500, "strategy": 50, "thesis": 20_000}
CURRENCY = re.compile(r"[A-Z]{2,10}")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# Beyond these a number is a slip of the keyboard, and its plain notation could fill a disk.
MOST_DIGITS, LARGEST, SMALLEST = 30, 18, -18
CLOCKS_DIFFER = timedelta(minutes=5)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class EntryError(ValueError):
    """An entry that cannot be meant; `errors` has a sentence for each field that is wrong."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class Entry:
    """A position to be added. Prices and fees per share in `currency` ("" = the market's own);
    `opened_at` UTC or None for now, `opened_text` as it was written; `policy` the contract's JSON.
    """

    market: str
    entry_price: Decimal
    shares: Decimal
    outcome: str = ""
    question: str = ""
    strategy: str = ""
    currency: str = ""
    opened_at: datetime | None = None
    opened_text: str = ""
    thesis: str = ""
    fair_value: Decimal | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)


def parse_entry(raw: Mapping[str, object], *, now: datetime) -> Entry:
    """The entry that these keys describe; empty text and null count as not given.

    Raises EntryError with every field that is unknown, missing or wrong.
    """
    errors = _unreadable(raw)
    raw = {key: value for key, value in raw.items() if storable(str(key)) not in errors}
    given = {key: value for key, value in raw.items() if value is not None and value != ""}
    for key in raw:
        if key not in KEYS:
            errors[str(key)] = _("is not a known key; known are %(keys)s") % {
                "keys": ", ".join(KEYS)
            }
    for key in REQUIRED:
        if key not in given and key not in errors:
            errors[key] = _("is required")
    read = Reading(given, errors)
    entry = Entry(
        market=read.text("market"),
        entry_price=read.number("entry_price") or Decimal(0),
        shares=read.number("shares") or Decimal(0),
        outcome=read.text("outcome"),
        question=read.text("question"),
        strategy=read.text("strategy"),
        currency=read.with_("currency", _currency, ""),
        opened_at=read.with_("opened_at", lambda value: _moment(value, now), None),
        opened_text=str(given.get("opened_at", "")).strip(),
        thesis=read.text("thesis"),
        fair_value=read.with_("fair_value", _probability, None),
        policy=_policy(given, errors),
    )
    if errors:
        raise EntryError(errors)
    return entry


def _unreadable(raw: Mapping[str, object]) -> dict[str, str]:
    """Fields with text that no database takes, found before anything repeats that text."""
    text = _("holds a zero byte or half a character (a lone surrogate)")
    return {storable(str(key)): text for key, value in raw.items() if not is_storable({key: value})}


class Reading:
    """Reads fields one by one and keeps the complaints."""

    def __init__(self, given: Mapping[str, object], errors: dict[str, str]) -> None:
        self.given, self.errors = given, errors

    def with_(self, name: str, parse: Callable[[object], Any], default: Any) -> Any:
        """`parse` of a field that is given; its ValueError is the complaint."""
        if name not in self.given or name in self.errors:
            return default
        try:
            return parse(self.given[name])
        except ValueError as error:
            self.errors[name] = str(error)
            return default

    def text(self, name: str) -> str:
        found: str = self.with_(name, lambda value: _text(value, LENGTHS[name]), "")
        return found

    def number(self, name: str) -> Decimal | None:
        found: Decimal | None = self.with_(name, positive, None)
        return found


def exact(value: object) -> Decimal:
    """A number as it was written, in plain digits with a point. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(_("must be a number"))  # noqa: TRY004  as _text
    text = value.strip() if isinstance(value, str) else str(value)
    if re.fullmatch(r"[+-]?\d+,\d+", text, re.ASCII):
        raise ValueError(_("write “%(text)s” with a point, not a comma") % {"text": text[:40]})
    if not NUMBER.fullmatch(text):
        raise ValueError(_("“%(text)s” is not a number") % {"text": text[:40]})
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(_("“%(text)s” is not a number") % {"text": text[:40]}) from None
    digits, exponent = number.as_tuple()[1:]
    if len(digits) > MOST_DIGITS or number.adjusted() > LARGEST or int(exponent) < SMALLEST:
        raise ValueError(_("“%(text)s” has too many digits") % {"text": text[:40]})
    return number


def positive(value: object) -> Decimal:
    """A number above zero. Raises ValueError."""
    number = exact(value)
    if number <= 0:
        raise ValueError(_("must be above 0"))
    return number


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise ValueError(_("must be text"))  # noqa: TRY004  a complaint about a field, not a bug
    text = value.strip()
    if len(text) > longest:
        raise ValueError(_("is longer than %(most)s characters") % {"most": longest})
    return text


def _currency(value: object) -> str:
    text = _text(value, 10).upper()
    if not CURRENCY.fullmatch(text):
        raise ValueError(_("must be a currency's letters, such as USDC or PKR"))
    return text


def _probability(value: object) -> Decimal:
    number = positive(value)
    if number > 1:
        raise ValueError(_("must be a probability, above 0 and at most 1"))
    return number


def _moment(value: object, now: datetime) -> datetime:
    """UTC where the text names no zone. Raises ValueError."""
    text = _text(value, 40)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            _("“%(text)s” is not a time such as 2026-11-22T14:30Z") % {"text": text}
        ) from None
    if moment > now + CLOCKS_DIFFER:
        raise ValueError(_("“%(text)s” lies in the future") % {"text": text})
    if moment < EARLIEST:
        raise ValueError(_("“%(text)s” lies before the year 2000") % {"text": text})
    return moment


# Column → where it stands in the policy.
SHORT: Mapping[str, tuple[str, Callable[[Decimal], Any]]] = {
    "stop_loss_pct": ("stop_loss_pct", lambda pct: pct),
    "take_profit_pct": (
        "take_profit",
        lambda pct: [{"after_minutes": "0", "pct": pct, "sell_pct": "100"}],
    ),
    "trailing_pct": (
        "trailing_stop",
        lambda pct: [{"distance_pct": pct, "activation_pct": "0"}],
    ),
}


def _policy(given: Mapping[str, object], errors: dict[str, str]) -> dict[str, Any]:
    """The rules of an entry: its `policy` and the columns that stand for parts of one."""
    document: dict[str, Any] = {}
    raw = given.get("policy")
    if isinstance(raw, Mapping):
        document |= _checked(raw, "policy.", errors)
    elif raw is not None:
        errors["policy"] = _("must be an object")
    for column, (key, build) in SHORT.items():
        if column not in given:
            continue
        if key in document:
            errors[column] = _("is also given as policy.%(key)s") % {"key": key}
            continue
        try:
            document |= _checked({key: build(exact(given[column]))}, "", errors, column)
        except ValueError as error:
            errors[column] = str(error)
    if "fair_value" in given:
        if "fair_value" in document:
            errors["fair_value"] = _("is also given as policy.fair_value")
        # The thesis holds the number, so that a changed opinion moves the rule with it.
        document["fair_value"] = "thesis"
    return document


def _checked(
    document: Mapping[str, Any], prefix: str, errors: dict[str, str], column: str = ""
) -> dict[str, Any]:
    try:
        policies.parse(document)
    except policies.PolicyError as error:
        errors[column or f"{prefix}{error.field}"] = error.message
        return {}
    return dict(document)
