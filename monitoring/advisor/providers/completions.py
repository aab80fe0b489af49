"""What answers of chat completions mean. Usage and request id are taken before anything can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from monitoring.advisor.port import Failure, Reply, Usage
from monitoring.advisor.providers.reading import checked, count, inner, json_object, kept, word
from monitoring.advisor.providers.tries import after, failure_of, out_of_credit
from positions.venues.http import Answer

# Keywords that strict endpoints refuse or ignore; what they say is checked by us.
DROPPED = frozenset({"title", "default", "$defs"})
WRONG_KEY = ("api key not valid", "api_key_invalid")  # Gemini's 400
FINISHED = "stop"


def response_format(schema: type[BaseModel]) -> dict[str, Any]:
    """A strict JSON schema. References are written out: not every endpoint follows them."""
    whole = schema.model_json_schema()
    form = {"name": schema.__name__, "strict": True, "schema": _plain(whole, whole)}
    return {"type": "json_schema", "json_schema": form}


def _plain(node: Any, whole: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(one, whole) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(whole["$defs"][node["$ref"].rpartition("/")[2]], whole)
    kept_keys = {key: value for key, value in node.items() if key not in DROPPED}
    properties = kept_keys.pop("properties", None)
    plain = {key: _plain(value, whole) for key, value in kept_keys.items()}
    if properties is not None:  # names of fields, not keywords: a field may be called "title"
        plain["properties"] = {name: _plain(value, whole) for name, value in properties.items()}
    return plain


def judged(answer: Answer, schema: type[BaseModel]) -> Reply:
    """A whole answer, of whatever status."""
    known = Reply(
        None,
        http_status=answer.status,
        request_id=kept(answer.headers.get("x-request-id", ""))[:100],
    )
    if answer.status >= 400:
        return refused(answer, known)
    body = json_object(answer.body)
    if body is None:
        text = kept(answer.body.decode("utf-8", "replace"))
        detail = f"no JSON object ({len(answer.body)} bytes)"
        return replace(known, failure=Failure.INVALID_OUTPUT, text=text, detail=detail)
    return _message(body, schema, known)


def refused(answer: Answer, known: Reply) -> Reply:
    """An error status, beside what is `known` from its head: nothing is charged."""
    error, text = _error(answer.body)
    code = error.get("code") or error.get("type")
    failure = failure_of(answer.status)
    if out_of_credit(code, text):
        failure = Failure.SPEND_LIMIT
    elif failure is Failure.BAD_REQUEST and any(one in text.lower() for one in WRONG_KEY):
        failure = Failure.AUTH
    detail = ": ".join(filter(None, (f"{answer.status}", word(code), text)))
    return replace(known, failure=failure, detail=detail, retry_after=after(answer.headers))


def _error(body: bytes) -> tuple[dict[str, Any], str]:
    """The error object and its words; Gemini sends a list with one in it."""
    found = json_object(body) or json_object(body.strip().removeprefix(b"[").removesuffix(b"]"))
    error = inner(found, "error")
    if not isinstance(error, dict):
        return {}, error if isinstance(error, str) else ""
    return error, str(error.get("message") or "")


def _message(body: Mapping[str, Any], schema: type[BaseModel], known: Reply) -> Reply:
    choices = body.get("choices")
    only = choices[0] if isinstance(choices, list) and len(choices) == 1 else None
    text = inner(only, "message", "content")
    reply = replace(
        known,
        usage=usage_of(body.get("usage")),
        model=kept(str(body.get("model") or ""))[:100],
        request_id=known.request_id or kept(str(body.get("id") or ""))[:100],
        stop_reason=word(inner(only, "finish_reason")),
        text=text if isinstance(text, str) else "",
    )
    failed = _stopped(reply, inner(only, "message"))
    if failed is None:
        reply = checked(reply, schema)
    else:
        reply = replace(reply, failure=failed[0], detail=failed[1])
    return replace(reply, text=kept(reply.text))


def _stopped(reply: Reply, message: Any) -> tuple[Failure, str] | None:
    """Why an answer is useless, whatever it says."""
    if inner(message, "refusal") or reply.stop_reason == "content_filter":
        return Failure.REFUSED, "the model refused"
    if reply.stop_reason == "length":
        return Failure.TRUNCATED, "cut off: length"
    if inner(message, "tool_calls") or inner(message, "function_call"):
        return Failure.INVALID_OUTPUT, "calls a tool that nobody offered"
    if reply.stop_reason != FINISHED:
        return Failure.INVALID_OUTPUT, f"stopped by {reply.stop_reason or 'nothing'}"
    if not reply.text:
        return Failure.INVALID_OUTPUT, "no text"
    return None


def usage_of(usage: Any) -> Usage | None:
    """The tokens that were counted; None when the answer does not tell. `prompt_tokens` holds the
    cached ones; some endpoints leave the thinking out of `completion_tokens`, but not of the total.
    """
    if not isinstance(usage, dict):
        return None
    try:
        prompt, completion = count(usage["prompt_tokens"]), count(usage["completion_tokens"])
        cached = min(prompt, count(inner(usage, "prompt_tokens_details", "cached_tokens")))
        return Usage(
            input=prompt - cached,
            output=max(completion, count(usage.get("total_tokens")) - prompt),
            cache_read=cached,
            thinking=count(inner(usage, "completion_tokens_details", "reasoning_tokens")),
        )
    except (KeyError, ValueError):
        return None
