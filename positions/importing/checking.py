"""An entry against what the house knows: its strategy, and its market once that is found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from positions.domain import policy as policies
from positions.importing.entry import Entry, EntryError, parse_entry
from positions.models import Market, Strategy
from positions.services import ServiceError, check_entry


def strategy_documents() -> dict[str, str]:
    """The stored policy (JSON text, "" for none) of every strategy by name."""
    rows = Strategy.objects.values_list("name", "policy__document")
    return {name: document or "" for name, document in rows}


def read_entry(raw: Mapping[str, object], *, now: datetime, known: Mapping[str, str]) -> Entry:
    """`parse_entry`, and its strategy is one of `known`. Raises EntryError naming all fields."""
    errors: dict[str, str] = {}
    entry = None
    try:
        entry = parse_entry(raw, now=now)
    except EntryError as error:
        errors |= error.errors
    name = raw.get("strategy")
    if (
        isinstance(name, str)
        and name.strip()
        and name.strip() not in known
        and "strategy" not in errors
    ):
        errors["strategy"] = _("“%(name)s” is not known; known are %(known)s") % {
            "name": name.strip()[:60],
            "known": ", ".join(sorted(known)),
        }
    if errors or entry is None:
        raise EntryError(errors)
    return entry


def check_against_market(entry: Entry, market: Market, known: Mapping[str, str]) -> None:
    """Price within the payout, rules that fit market and strategy. Raises EntryError."""
    errors: dict[str, str] = {}
    try:
        check_entry(market, entry.entry_price, entry.shares)
    except ServiceError as error:
        errors["entry_price"] = str(error)
    try:
        rules = policies.effective(known.get(entry.strategy, ""), policies.dumps(entry.policy))
        policies.check_market(rules, market.payout)
    except policies.PolicyError as error:
        errors[error.field if error.field == "fair_value" else f"policy.{error.field}"] = (
            error.message
        )
    if errors:
        raise EntryError(errors)
