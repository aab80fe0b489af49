"""A stand-in for Anthropic's API: messages and models, scripted failures, a record of what came.

`python -m tests.fakes.anthropic --port 8105`. It refuses what the API refuses: a wrong key, sampling
parameters, a prefilled answer, thinking that a model cannot switch off. Tools are refused too, though
the API knows them: nothing of ours may ever send any.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

from tests.fakes import cli
from tests.fakes.anthropic_answers import ERRORS, MODELS, USAGE, error_body, message, problem_of
from tests.fakes.faults import Fault
from tests.fakes.samples import sample
from tests.fakes.server import FakeServer
from tests.fakes.wire import Call, Reply, Request, json_reply

KEY = "sk-ant-fake-key"
HUGE = 5 * 2**20


class AnthropicServer(FakeServer):
    """POST /v1/messages and GET /v1/models/<id>. Without a plan each message is answered well: with
    `data`, or else with the dullest value that fits the schema of the request.
    """

    controls: ClassVar[tuple[str, ...]] = (*FakeServer.controls, "plan", "say", "retire", "reset")

    def __init__(
        self, *, port: int = 0, clock: Callable[[], float] = time.time, key: str = KEY
    ) -> None:
        super().__init__(port=port, clock=clock)
        self.key = key
        self.models: dict[str, Any] = json.loads(json.dumps(MODELS))
        self.usage: dict[str, Any] | None = dict(USAGE)
        self.data: Any = None
        self._plan: deque[dict[str, Any]] = deque()
        self._number = 0

    def ready_line(self) -> str:
        return f"ANTHROPIC_BASE_URL={self.url} ANTHROPIC_API_KEY={self.key}"

    def plan(self, *answers: str | dict[str, Any], steps: list[Any] | None = None) -> None:
        """Answers for the coming messages, one each, in order; afterwards it answers well again.

        A word or {"kind": word, ...}. Words: "ok" (`data`, `usage`), an error of ERRORS
        (`retry_after`), "hang" (`seconds`), "drip" and "drip_head" (`seconds` between bytes), "reset", "drop",
        "html", "empty" ({}), "list", "huge", "redirect", the kinds of `samples.spoiled`,
        "unknown_ids", "refusal", "refusal_text", "thinking_only", "context_window", "pause_turn",
        "tool_use", "two_texts", "no_text", "no_usage", "odd_usage".
        """
        for answer in [*answers, *(steps or [])]:
            self._plan.append({"kind": answer} if isinstance(answer, str) else dict(answer))

    def say(self, data: Any) -> None:
        """What every answer says from now on; None: the dullest that fits."""
        self.data = data

    def retire(self, model: str, lifecycle: str = "retired", at: str | None = None) -> None:
        """Ages a model."""
        self.models[model] |= {"lifecycle": lifecycle, "retires_at": at}

    def reset(self) -> None:
        """Forgets plan, knobs, answers and calls."""
        self.clear()
        self._plan.clear()
        self.calls.clear()
        self.data, self.usage = None, dict(USAGE)

    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of the messages that arrived, oldest first."""
        return [call.request.json() for call in self.requests("/v1/messages")]

    def error_reply(self, status: int) -> Reply:
        return json_reply(error_body(str(status)), status, self._headers())

    def _headers(self) -> dict[str, str]:
        self._number += 1
        return {"request-id": f"req_fake{self._number}"}

    def _faulty(self, request: Request, call: Call) -> Reply:
        if request.method != "POST" or not self._plan:
            return super()._faulty(request, call)
        step = self._plan.popleft()
        call.fault = kind = step["kind"]
        if kind in ERRORS:
            reply = json_reply(error_body(kind), ERRORS[kind][0], self._headers())
            return Fault("ok", retry_after=step.get("retry_after")).spoil(reply)
        if kind == "hang":
            self.pause(float(step.get("seconds", 30)))
        if kind == "drop":
            return Reply(0, cut=True)
        if kind in {"html", "redirect", "reset"}:
            return Fault(kind).spoil(self._answer(request, call))
        call.note = step
        with self.lock:
            return self._message(request, step)

    def handle(self, request: Request) -> Reply:
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["v1", "messages"]:
                return self._message(request, {"kind": "ok"})
            case "GET", ["v1", "models", name]:
                return self._refusal(request) or self._model(name)
        return self.error_reply(404)

    def _model(self, name: str) -> Reply:
        if name not in self.models:
            return self.error_reply(404)
        return json_reply(self.models[name], headers=self._headers())

    def _refusal(self, request: Request) -> Reply | None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("authorization") != f"Bearer {self.key}":
            return self.error_reply(401)
        return None if "anthropic-version" in headers else self.error_reply(400)

    def _message(self, request: Request, step: dict[str, Any]) -> Reply:
        refused = self._refusal(request)
        if refused is not None:
            return refused
        body, kind = request.json(), step["kind"]
        problem = problem_of(body)
        if problem:
            return json_reply(error_body("400", problem), 400, self._headers())
        if kind in {"empty", "list"}:
            return json_reply({} if kind == "empty" else [], headers=self._headers())
        data = step.get("data", self.data)
        if data is None:
            schema = body.get("output_config", {}).get("format", {}).get("schema", {})
            user = body["messages"][0]["content"]
            data = sample(schema, user, unknown=kind == "unknown_ids")
        answer = message(kind, data, body["model"], step.get("usage", self.usage))
        reply = json_reply(answer, headers=self._headers())
        if kind == "huge":
            reply.body += b" " * HUGE
        reply.drip = float(step.get("seconds", 0.05)) if kind.startswith("drip") else 0.0
        reply.drip_head = kind == "drip_head"
        return reply


def main() -> None:
    options = cli.parser(
        "A local Anthropic. Prints its address and key when it is ready."
    ).parse_args()
    cli.serve(AnthropicServer(port=options.port), options.knob)


if __name__ == "__main__":
    main()
