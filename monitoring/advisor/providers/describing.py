"""What providers say of their models, without spending a token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from monitoring.advisor.port import Failure, Reply
from monitoring.advisor.providers import completions, replies
from monitoring.advisor.providers.anthropic import CONNECT_SECONDS, Anthropic, closed, run
from monitoring.advisor.providers.openai_compatible import OpenAICompatible, unanswered
from monitoring.advisor.providers.reading import inner, json_object
from positions.venues.base import VenueError

SECONDS = 15.0
NO_LIST = frozenset({404, 405, 501})


def described(provider: Anthropic, model: str) -> Mapping[str, Any] | Reply:
    """Anthropic's entry of a model (`lifecycle`, `retires_at`, `capabilities`), or the failure.

    docs: platform.claude.com/docs/en/api/models/retrieve
    """
    return run(lambda: _described(provider, model))


async def _described(provider: Anthropic, model: str) -> Mapping[str, Any] | Reply:
    import anthropic

    client = provider.client()
    timeout = anthropic.Timeout(SECONDS, connect=CONNECT_SECONDS)
    try:
        async with asyncio.timeout(SECONDS):
            answer = await client.models.with_raw_response.retrieve(model, timeout=timeout)
            found = json_object((await answer.text()).encode())
    except TimeoutError:
        return Reply(Failure.TIMEOUT, detail=f"no answer within {SECONDS:g} s")
    except anthropic.APIStatusError as error:
        return replies.refused(error)
    except anthropic.APIConnectionError as error:
        return replies.not_reached(error)
    finally:
        await closed(client)
    if found is None or not isinstance(found.get("lifecycle"), str):
        return Reply(Failure.INVALID_OUTPUT, detail="the answer describes no model")
    return found


def listed(provider: OpenAICompatible, end: float) -> list[str] | Reply | None:
    """The models of an OpenAI-compatible endpoint; None where it has no list; or the failure.
    `end`: a value of time.monotonic().
    """
    try:
        answer = provider.call("GET", "/models", None, end)
    except VenueError as error:
        return unanswered(error, late=False)
    if answer.status in NO_LIST:
        return None
    if answer.status >= 400:
        return completions.refused(answer, Reply(None, http_status=answer.status))
    rows = inner(json_object(answer.body), "data")
    if not isinstance(rows, list):
        return None
    return [str(inner(row, "id") or "").removeprefix("models/") for row in rows]
