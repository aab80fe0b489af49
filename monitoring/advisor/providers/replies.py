"""What Anthropic's answers mean. Usage and request id are taken before anything can fail.

Statuses and error types: platform.claude.com/docs/en/api/errors; codes: the SDK's `types/shared`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from monitoring.advisor.port import Failure, Reply, Usage
from monitoring.advisor.providers.reading import checked, count, inner, json_object, kept, word
from monitoring.advisor.providers.tries import BY_TYPE, after, failure_of, out_of_credit

if TYPE_CHECKING:
    from anthropic import APIConnectionError, APIStatusError

CUT_OFF = frozenset({"max_tokens", "model_context_window_exceeded"})
WITHOUT_TOOLS = frozenset({"text", "thinking", "redacted_thinking"})


def request_id(headers: Mapping[str, str]) -> str:
    """Anthropic's number of a request, for its support."""
    return kept(headers.get("request-id", ""))[:100]


def refused(error: APIStatusError) -> Reply:
    """An error status: nothing was answered and nothing is charged."""
    status, headers = error.status_code, error.response.headers
    kind = word(inner(error.body, "error", "type"))
    failure = BY_TYPE.get(kind) or failure_of(status)
    if out_of_credit(error.error_code, error.api_message):
        failure = Failure.SPEND_LIMIT
    code = error.error_code or kind
    detail = ": ".join(filter(None, (f"{status}", code, error.api_message)))
    return Reply(
        failure,
        detail=detail,
        http_status=status,
        request_id=request_id(headers),
        retry_after=after(headers),
    )


def not_reached(error: APIConnectionError) -> Reply:
    """No status came. Without a connection the request cannot have been read; else it may have."""
    import httpx2

    cause = error.__cause__
    name = type(cause or error).__name__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
        return Reply(Failure.CONNECTION, detail=f"no connection ({name})", usage=Usage())
    if isinstance(cause, httpx2.TimeoutException):
        return Reply(Failure.TIMEOUT, detail=f"no answer in time ({name})")
    if isinstance(cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        return Reply(Failure.BAD_REQUEST, detail="ANTHROPIC_BASE_URL: no URL", usage=Usage())
    return Reply(Failure.CONNECTION, detail=f"broke off ({name})")


def judged(body: bytes, schema: type[BaseModel], known: Reply) -> Reply:
    """A 200's body, beside what is `known` from its head."""
    message = json_object(body)
    if message is None:
        text, detail = body.decode("utf-8", "replace"), f"no JSON object ({len(body)} bytes)"
        return replace(known, failure=Failure.INVALID_OUTPUT, text=kept(text), detail=detail)
    blocks = _blocks(message)
    texts = [str(block.get("text")) for block in blocks if block.get("type") == "text"]
    reply = replace(
        known,
        usage=usage_of(message.get("usage")),
        model=kept(str(message.get("model") or ""))[:100],
        text="\n\n".join(texts),
        stop_reason=word(message.get("stop_reason")),
        refusal=word(inner(message, "stop_details", "category")),
    )
    failed = _stopped(reply.stop_reason) or _odd(blocks, len(texts))
    if failed is None:
        reply = checked(reply, schema)
    else:
        reply = replace(reply, failure=failed[0], detail=failed[1])
    return replace(reply, text=kept(reply.text))


def _blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    blocks = content if isinstance(content, list) else []
    return [block if isinstance(block, dict) else {} for block in blocks]


def _stopped(reason: str) -> tuple[Failure, str] | None:
    """Why a stop reason makes an answer useless, whatever it says."""
    if reason == "refusal":
        return Failure.REFUSED, "the model refused"
    if reason in CUT_OFF:
        return Failure.TRUNCATED, f"cut off: {reason}"
    if reason != "end_turn":
        return Failure.INVALID_OUTPUT, f"stopped by {reason or 'nothing'}"
    return None


def _odd(blocks: list[dict[str, Any]], texts: int) -> tuple[Failure, str] | None:
    """Exactly one text, and nothing that was never offered."""
    strange = sorted({word(block.get("type")) or "?" for block in blocks} - WITHOUT_TOOLS)
    if strange:
        return Failure.INVALID_OUTPUT, f"blocks that nobody asked for: {', '.join(strange)}"
    if texts != 1:
        return Failure.INVALID_OUTPUT, f"{texts} text blocks instead of one"
    return None


def usage_of(usage: Any) -> Usage | None:
    """The tokens that were counted; None when the answer does not tell all of them."""
    if not isinstance(usage, dict):
        return None
    hour = inner(usage, "cache_creation", "ephemeral_1h_input_tokens")
    written = inner(usage, "cache_creation", "ephemeral_5m_input_tokens")
    try:
        return Usage(
            input=count(usage["input_tokens"]),
            output=count(usage["output_tokens"]),
            cache_read=count(usage.get("cache_read_input_tokens")),
            cache_write_5m=count(
                usage.get("cache_creation_input_tokens")
                if written is None and hour is None
                else written
            ),
            cache_write_1h=count(hour),
            thinking=count(inner(usage, "output_tokens_details", "thinking_tokens")),
        )
    except (KeyError, ValueError):
        return None
