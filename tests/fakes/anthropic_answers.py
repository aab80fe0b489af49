"""The bodies that the local Anthropic sends, in the shapes of the SDK's `types`."""

from __future__ import annotations

from typing import Any

from tests.fakes.samples import spoiled

USAGE: dict[str, Any] = {
    "input_tokens": 1900,
    "output_tokens": 250,
    "cache_read_input_tokens": 30,
    "cache_creation_input_tokens": 12,
    "cache_creation": {"ephemeral_5m_input_tokens": 8, "ephemeral_1h_input_tokens": 4},
    "output_tokens_details": {"thinking_tokens": 90},
    "service_tier": "standard",
}
# By kind: status, type, error code and message.
ERRORS: dict[str, tuple[int, str, str, str]] = {
    "400": (400, "invalid_request_error", "", "max_tokens: out of range"),
    "401": (401, "authentication_error", "", "invalid bearer token"),
    "403": (403, "permission_error", "", "not for this key"),
    "404": (404, "not_found_error", "", "model: no such model"),
    "409": (409, "conflict_error", "", "conflict"),
    "413": (413, "request_too_large", "", "too large"),
    "429": (429, "rate_limit_error", "", "too many requests"),
    "500": (500, "api_error", "", "internal server error"),
    "502": (502, "api_error", "", "bad gateway"),
    "503": (503, "api_error", "", "unavailable"),
    "504": (504, "timeout_error", "", "gateway timeout"),
    "529": (529, "overloaded_error", "", "overloaded"),
    "402": (402, "billing_error", "", "payment required"),
    "spend_limit_402": (402, "billing_error", "linked_organization_spend_limit_reached", "spent"),
    "spend_limit_429": (429, "rate_limit_error", "enforced_spend_limit_reached", "spent"),
    "contract_limit_429": (429, "rate_limit_error", "contract_spend_limit_reached", "spent"),
    "ramp_429": (429, "rate_limit_error", "ramp_limit_exceeded", "growing too fast"),
    "no_credit_400": (
        400,
        "invalid_request_error",
        "",
        "Your credit balance is too low to access the Anthropic API.",
    ),
}
STOPS = {
    "refusal": "refusal",
    "refusal_text": "refusal",
    "truncated": "max_tokens",
    "thinking_only": "max_tokens",
    "context_window": "model_context_window_exceeded",
    "pause_turn": "pause_turn",
    "tool_use": "tool_use",
}
SUPPORTED, NOT = {"supported": True}, {"supported": False}


def _capabilities(*, disabled: bool) -> dict[str, Any]:
    thinking = {
        "adaptive": SUPPORTED,
        "between_tools": SUPPORTED,
        "disabled": SUPPORTED if disabled else NOT,
        "enabled": NOT,
    }
    levels = dict.fromkeys(("low", "medium", "high", "max", "xhigh"), SUPPORTED)
    return {
        "structured_outputs": SUPPORTED,
        "effort": {"supported": True, **levels},
        "thinking": {"supported": True, "types": thinking},
    }


MODELS: dict[str, Any] = {
    name: {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2026-10-07T00:00:00Z",
        "lifecycle": "active",
        "retires_at": None,
        "capabilities": _capabilities(disabled=disabled),
    }
    for name, disabled in (
        ("claude-haiku-5-5", True),
        ("claude-sonnet-5-5", False),
        ("claude-haiku-4-5", True),
    )
}


def error_body(kind: str, text: str = "") -> dict[str, Any]:
    _, name, code, words = ERRORS.get(kind, (0, "api_error", "", f"status {kind}"))
    error: dict[str, Any] = {"type": name, "message": text or words}
    if code:
        error["details"] = {"error_code": code}
    return {"type": "error", "error": error, "request_id": None}


def message(kind: str, data: Any, model: str, usage: dict[str, Any] | None) -> dict[str, Any]:
    """A 200 of `kind` around `data`."""
    made: dict[str, Any] = {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": _content(kind, data),
        "stop_reason": STOPS.get(kind, "end_turn"),
        "stop_sequence": None,
        "usage": usage,
    }
    if made["stop_reason"] == "refusal":
        made["stop_details"] = {"type": "refusal", "category": "general_harms"}
    if kind == "no_usage":
        del made["usage"]
    if kind == "odd_usage":
        made["usage"] = {"input_tokens": -1, "output_tokens": "many"}
    return made


def _content(kind: str, data: Any) -> list[dict[str, Any]]:
    thinking = {"type": "thinking", "thinking": "Let me see.", "signature": "x"}
    text = {"type": "text", "text": data if isinstance(data, str) else spoiled(kind, data)}
    match kind:
        case "refusal":
            return []
        case "refusal_text":
            return [{"type": "text", "text": "I cannot help with that."}]
        case "thinking_only" | "no_text":
            return [thinking]
        case "two_texts":
            return [text, text]
        case "tool_use":
            return [text, {"type": "tool_use", "id": "t1", "name": "sell", "input": {"shares": 9}}]
    return [thinking, text]


def problem_of(body: dict[str, Any]) -> str:
    """Why the API would refuse this body (as of 2026-10-21); empty when it would not."""
    needed = [key for key in ("model", "max_tokens", "messages") if key not in body]
    if needed:
        return f"{needed[0]}: Field required"
    banned = {"temperature", "top_p", "top_k", "tools", "tool_choice", "mcp_servers"} & set(body)
    if banned:
        return f"{min(banned)}: not accepted"
    if body["messages"][-1]["role"] != "user":
        return "messages: an answer cannot be prefilled"
    thinking = body.get("thinking", {}).get("type")
    if thinking == "enabled":
        return "thinking.budget_tokens: not accepted"
    if thinking == "disabled" and body["model"] == "claude-sonnet-5-5":
        return "thinking.type: disabled is not supported by this model"
    return ""
