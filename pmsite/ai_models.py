"""The AI models that are known here: what they cost and which parameters they take.

Prices in US dollars per million tokens, as of `AS_OF`; sources in docs/decisions/ai-providers.md. A
model that is not listed may be used all the same: each call then costs what was reserved for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

AS_OF = date(2026, 11, 22)
PRICES_OLD = timedelta(days=90)  # then a person is told to compare them
# Of a model that is not listed: dear enough that no known one costs more.
UNKNOWN_INPUT, UNKNOWN_OUTPUT = Decimal(10), Decimal(50)


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal


@dataclass(frozen=True, slots=True)
class Model:
    """`dear` counts instead of `price` for every token of a prompt above `dear_above` tokens, and
    `then` instead of both from the day `changes` on.
    `screen` and `decide`: parameters of a request besides model, texts and schema.
    """

    price: Price
    dear: Price | None = None
    dear_above: int = 0
    changes: date | None = None
    then: Price | None = None
    screen: Mapping[str, Any] = field(default_factory=dict)
    decide: Mapping[str, Any] = field(default_factory=dict)


def _price(*dollars: str) -> Price:
    return Price(*map(Decimal, dollars))


MODELS: Mapping[str, Model] = {
    "claude-haiku-5-5": Model(
        price=_price("0.10", "0.50", "0.01", "0.125", "0.20"),
        dear=_price("0.50", "2.50", "0.05", "0.625", "1.00"),
        dear_above=100_000,
        screen={"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}},
        decide={"output_config": {"effort": "medium"}},
    ),
    "claude-sonnet-5-5": Model(
        price=_price("2", "10", "0.10", "2.50", "4"),
        # `disabled` is refused here; thinking between tools is none where there are no tools.
        screen={"thinking": {"type": "between_tools"}, "output_config": {"effort": "low"}},
        decide={"output_config": {"effort": "medium"}},
    ),
    "claude-haiku-4-5": Model(price=_price("1", "5", "0.10", "1.25", "2")),
    "gemini-3.8-flash": Model(
        price=_price("0.75", "3.75", "0.75", "0.75", "0.75"),
        changes=date(2027, 1, 1),
        then=_price("1.50", "7.50", "1.50", "1.50", "1.50"),
    ),
}
