"""What a call costs, in whole micro-dollars (µ$). Dollars per million tokens are µ$ per token."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from django.conf import settings

from monitoring.advisor.port import Usage
from pmsite.ai_models import AS_OF, UNKNOWN_INPUT, UNKNOWN_OUTPUT, Model, Price

if TYPE_CHECKING:
    from monitoring.advisor.port import Request

# What a provider adds to a prompt of its own accord, such as how to follow a schema.
ADDED_TOKENS = 1000
MOST_TOKENS = 10**8  # no model reads or writes so much: an answer that says so is not believed
_DATED = re.compile(r"-20\d{6}$")


def known(name: str) -> Model | None:
    """The table's entry of a model; `name-20251001` is its `name`, and so is `models/name`."""
    models: Mapping[str, Model] = settings.AI_MODELS
    plain = name.removeprefix("models/")
    return models.get(plain) or models.get(_DATED.sub("", plain))


def bound(name: str, request: Request, day: date = AS_OF) -> int:
    """µ$ that one call of this model cannot exceed on that day.

    No tokeniser makes more tokens than there are bytes, so each byte counts as one; the answer is as
    long as it may be. No request of ours asks for a cache, which would cost more to write than
    plain input. A model that is not listed is taken to be dearer than any that is.
    """
    tokens = len(sent(request)) + ADDED_TOKENS
    model = known(name)
    if model is None:
        return _up(tokens * UNKNOWN_INPUT + request.max_tokens * UNKNOWN_OUTPUT)
    price = _band(model, tokens, day)
    return _up(tokens * price.input + request.max_tokens * price.output)


def sent(request: Request) -> bytes:
    """All text of a request, as UTF-8: the instructions, the question, and the form of an answer."""
    text = request.system + request.user + schema_text(request)
    return text.encode("utf-8", "replace")


def schema_text(request: Request) -> str:
    """The form of the answer as JSON, the same text each time."""
    return json.dumps(request.schema.model_json_schema(), sort_keys=True)


def cost(asked: str, answered: str, usage: Usage, day: date = AS_OF) -> int | None:
    """µ$ of one call, rounded up; None where nobody knows the price or the figures are absurd.

    `answered` is the model that the answer names, "" where it names none.
    """
    model = known(answered or asked)
    if model is None or not _sane(usage):
        return None
    price = _band(model, total_input(usage), day)
    return _up(
        usage.input * price.input
        + usage.output * price.output
        + usage.cache_read * price.cache_read
        + usage.cache_write_5m * price.cache_write_5m
        + usage.cache_write_1h * price.cache_write_1h
    )


def total_input(usage: Usage) -> int:
    """Tokens of the whole prompt, those of the cache included."""
    return usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h


def _band(model: Model, tokens: int, day: date) -> Price:
    if model.then and model.changes and day >= model.changes:
        return model.then
    return model.dear if model.dear and tokens > model.dear_above else model.price


def _sane(usage: Usage) -> bool:
    return all(0 <= getattr(usage, one.name) <= MOST_TOKENS for one in fields(usage))


def _up(amount: Decimal) -> int:
    return int(amount.to_integral_value(rounding=ROUND_CEILING))
