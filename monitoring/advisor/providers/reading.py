"""How a provider's text becomes a checked answer: the same of every provider. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from monitoring.advisor.port import Failure, Reply
from positions.text import storable

TEXT, DETAIL, NAME = 4000, 300, 40  # characters that are kept
MOST_TOKENS = 2**31 - 1


def checked(reply: Reply, schema: type[BaseModel]) -> Reply:
    """`reply` with its text as data of the schema, or as invalid output that says why. A text is
    taken as it stands: nothing is cut out of fences or prose, and it is never sent back.
    """
    try:
        return replace(reply, failure=None, data=schema.model_validate_json(reply.text), detail="")
    except ValidationError as error:
        return replace(reply, failure=Failure.INVALID_OUTPUT, detail=_problems(error))
    except (ValueError, RecursionError) as error:  # a lone surrogate, say
        detail = f"the answer is unreadable ({type(error).__name__})"
        return replace(reply, failure=Failure.INVALID_OUTPUT, detail=detail)


def _problems(error: ValidationError) -> str:
    """What is wrong, by field; never the value: it is a stranger's text."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = (f"{'.'.join(map(str, one['loc'])) or 'answer'}: {one['msg']}" for one in found)
    return short("; ".join(lines))


def short(text: object, *secrets: str) -> str:
    """A detail for the audit: one line, storable, and without any of `secrets`."""
    words = " ".join(str(text).split())
    for secret in filter(None, secrets):
        words = words.replace(secret, "[hidden]")
    return storable(words, DETAIL)


def kept(text: str) -> str:
    """A raw answer, as much of it as is kept."""
    return storable(text, TEXT)


def json_object(body: bytes) -> dict[str, Any] | None:
    """A JSON object, None for everything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def inner(value: Any, *keys: str) -> Any:
    """What stands below `keys` in nested JSON objects, None where one is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def word(value: Any) -> str:
    """A short name out of an answer ("end_turn"), "" when it is none."""
    return storable(value, NAME) if isinstance(value, str) else ""


def count(value: Any) -> int:
    """A number of tokens; None counts as 0. Raises ValueError for what is no such number."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TOKENS:
        raise ValueError("not a number of tokens")
    return value


def sendable(key: str) -> bool:
    """Whether a key can stand in a header; another would only fail later, and without a name."""
    return key.isascii() and key.isprintable() and " " not in key
