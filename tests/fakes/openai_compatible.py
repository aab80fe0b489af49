"""A stand-in for an OpenAI-compatible endpoint: chat completions and the list of models.

`python -m tests.fakes.openai_compatible --port 8106`
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

from tests.fakes import cli
from tests.fakes.faults import Fault
from tests.fakes.samples import sample, spoiled
from tests.fakes.server import FakeServer
from tests.fakes.wire import Call, Reply, Request, json_reply

KEY = "fake-fallback-key"
MODEL = "gemini-3.8-flash"
USAGE: dict[str, Any] = {
    "prompt_tokens": 2000,
    "completion_tokens": 300,
    "total_tokens": 2400,  # 100 of thinking are in the total only, as with Gemini
    "prompt_tokens_details": {"cached_tokens": 500},
    "completion_tokens_details": {"reasoning_tokens": 100},
}
ERRORS: dict[str, tuple[int, str, str]] = {
    "400": (400, "invalid_request", "bad request"),
    "wrong_key_400": (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    "401": (401, "invalid_api_key", "incorrect API key"),
    "403": (403, "forbidden", "forbidden"),
    "404": (404, "model_not_found", "no such model"),
    "402": (402, "payment_required", "no credit"),
    "429": (429, "rate_limit_exceeded", "slow down"),
    "quota_429": (429, "insufficient_quota", "you exceeded your current quota"),
    "500": (500, "server_error", "internal"),
    "503": (503, "UNAVAILABLE", "the model is overloaded"),
}
FINISHES = {"length": "length", "content_filter": "content_filter", "tool_calls": "tool_calls"}


class OpenAIServer(FakeServer):
    """POST /v1/chat/completions, GET /v1/models; `url` ends in /v1."""

    controls: ClassVar[tuple[str, ...]] = (*FakeServer.controls, "plan", "reset")

    def __init__(
        self, *, port: int = 0, clock: Callable[[], float] = time.time, key: str = KEY
    ) -> None:
        super().__init__(port=port, clock=clock)
        self.key = key
        self.models = [MODEL]
        self.data: Any = None
        self._plan: deque[dict[str, Any]] = deque()

    @property
    def url(self) -> str:
        return f"{super().url}/v1"

    def ready_line(self) -> str:
        return f"AI_FALLBACK_URL={self.url} AI_FALLBACK_KEY={self.key} AI_FALLBACK_MODEL={MODEL}"

    def plan(self, *answers: str | dict[str, Any], steps: list[Any] | None = None) -> None:
        """Answers for the coming completions, as `AnthropicServer.plan`: ERRORS (`retry_after`),
        "hang", "drip", "drip_head", "drop", "reset", "html", "empty", the kinds of `samples.spoiled`, "length",
        "content_filter", "refusal", "tool_calls", "two_choices", "no_usage", "gemini_429".
        """
        for answer in [*answers, *(steps or [])]:
            self._plan.append({"kind": answer} if isinstance(answer, str) else dict(answer))

    def reset(self) -> None:
        """Forgets plan, knobs and calls."""
        self.clear()
        self._plan.clear()
        self.calls.clear()

    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of the completions that arrived, oldest first."""
        return [call.request.json() for call in self.requests("/chat/completions")]

    def error_reply(self, status: int) -> Reply:
        return _error(str(status), status)

    def _faulty(self, request: Request, call: Call) -> Reply:
        if request.method != "POST" or not self._plan:
            return super()._faulty(request, call)
        step = self._plan.popleft()
        call.fault = kind = step["kind"]
        if kind in ERRORS or kind == "gemini_429":
            reply = _error(kind, ERRORS[kind][0] if kind in ERRORS else 429)
            return Fault("ok", retry_after=step.get("retry_after")).spoil(reply)
        if kind == "hang":
            self.pause(float(step.get("seconds", 30)))
        if kind == "drop":
            return Reply(0, cut=True)
        if kind in {"html", "reset"}:
            return Fault(kind).spoil(self._answer(request, call))
        with self.lock:
            return self._completion(request, step)

    def handle(self, request: Request) -> Reply:
        match request.method, request.path:
            case "POST", "/v1/chat/completions":
                return self._completion(request, {"kind": "ok"})
            case "GET", "/v1/models":
                names = [{"id": name, "object": "model"} for name in self.models]
                return self._refusal(request) or json_reply({"object": "list", "data": names})
        return self.error_reply(404)

    def _refusal(self, request: Request) -> Reply | None:
        wanted = f"Bearer {self.key}" if self.key else None
        return None if request.headers.get("Authorization") == wanted else self.error_reply(401)

    def _completion(self, request: Request, step: dict[str, Any]) -> Reply:
        refused = self._refusal(request)
        if refused is not None:
            return refused
        body, kind = request.json(), step["kind"]
        if {"tools", "tool_choice", "functions"} & set(body):
            return _error("400", 400)
        if kind == "empty":
            return json_reply({})
        schema = body["response_format"]["json_schema"]["schema"]
        data = step.get("data", self.data) or sample(
            schema, body["messages"][-1]["content"], unknown=kind == "unknown_ids"
        )
        reply = json_reply(_answer(kind, data, body["model"]), headers={"x-request-id": "req_o1"})
        reply.drip = float(step.get("seconds", 0.05)) if kind.startswith("drip") else 0.0
        reply.drip_head = kind == "drip_head"
        return reply


def _answer(kind: str, data: Any, model: str) -> dict[str, Any]:
    said: dict[str, Any] = {"role": "assistant", "content": spoiled(kind, data), "refusal": None}
    if kind == "refusal":
        said |= {"content": None, "refusal": "I cannot."}
    if kind == "tool_calls":
        said["tool_calls"] = [{"id": "t1", "function": {"name": "sell", "arguments": "{}"}}]
    cut = "length" if kind == "truncated" else FINISHES.get(kind, "stop")
    choice = {"index": 0, "message": said, "finish_reason": cut}
    made = {
        "id": "chatcmpl-1",
        "model": model,
        "choices": [choice] * (2 if kind == "two_choices" else 1),
        "usage": USAGE,
    }
    if kind == "no_usage":
        del made["usage"]
    return made


def _error(kind: str, status: int) -> Reply:
    _, code, words = ERRORS.get(kind, (0, "error", f"status {kind}"))
    body: Any = {"error": {"code": code, "message": words}}
    if kind == "gemini_429":
        body = [{"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED"}}]
    return json_reply(body, status)


def main() -> None:
    parser = cli.parser(
        "A local OpenAI-compatible endpoint. Prints its variables when it is ready."
    )
    options = parser.parse_args()
    cli.serve(OpenAIServer(port=options.port), options.knob)


if __name__ == "__main__":
    main()
