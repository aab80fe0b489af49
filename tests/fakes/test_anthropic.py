from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.fakes.anthropic import KEY, AnthropicServer
from tests.fakes.openai_compatible import KEY as OPENAI_KEY
from tests.fakes.openai_compatible import MODEL, OpenAIServer
from tests.installation import ROOT

HEADERS = {"Authorization": f"Bearer {KEY}", "anthropic-version": "2026-10-21"}
BODY = {
    "model": "claude-haiku-5-5",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "x"}],
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "number"}}},
}


@pytest.fixture
def api() -> Iterator[AnthropicServer]:
    with AnthropicServer() as server:
        yield server


def post(api: AnthropicServer, **changes: Any) -> requests.Response:
    return requests.post(f"{api.url}/v1/messages", json=BODY | changes, headers=HEADERS, timeout=5)


@pytest.mark.parametrize(
    "changes",
    [
        {"tools": [{"name": "sell"}]},
        {"temperature": 0},
        {"max_tokens": 1, "messages": [{"role": "assistant", "content": "{"}]},
        {"thinking": {"type": "enabled", "budget_tokens": 9}},
        {"model": "claude-sonnet-5-5", "thinking": {"type": "disabled"}},
    ],
)
def test_what_the_api_refuses_is_refused(api: AnthropicServer, changes: dict[str, Any]) -> None:
    answer = post(api, **changes)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_plan_is_followed_then_all_is_well_again(api: AnthropicServer) -> None:
    api.plan("529", {"kind": "429", "retry_after": 7}, {"kind": "ok", "data": 1})
    answers = [post(api) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [529, 429, 200, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert [answer.json()["content"][-1]["text"] for answer in answers[2:]] == ["1", "0.5"]
    assert [body["max_tokens"] for body in api.bodies()] == [9] * 4


def test_wrong_key_is_401(api: AnthropicServer) -> None:
    answer = requests.get(f"{api.url}/v1/models/claude-haiku-5-5", timeout=5)
    assert answer.status_code == 401


def test_models_grow_old(api: AnthropicServer) -> None:
    api.retire("claude-haiku-5-5", "deprecated", "2027-01-01T00:00:00Z")
    url = f"{api.url}/v1/models/claude-haiku-5-5"
    answer = requests.get(url, headers=HEADERS, timeout=5).json()
    assert (answer["lifecycle"], answer["retires_at"]) == ("deprecated", "2027-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("module", "variables"),
    [
        ("anthropic", ["ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"]),
        ("openai_compatible", ["AI_FALLBACK_URL", "AI_FALLBACK_KEY", "AI_FALLBACK_MODEL"]),
    ],
)
def test_modules_run_by_themselves(module: str, variables: list[str]) -> None:
    command = [sys.executable, "-m", f"tests.fakes.{module}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
        assert process.wait(5) == 0
    assert [part.partition("=")[0] for part in line.split()] == variables


def test_endpoint_lists_its_models_and_refuses_tools() -> None:
    headers = {"Authorization": f"Bearer {OPENAI_KEY}"}
    with OpenAIServer() as server:
        listed = requests.get(f"{server.url}/models", headers=headers, timeout=5).json()
        body = {"model": MODEL, "messages": [], "tools": []}
        answer = requests.post(
            f"{server.url}/chat/completions", json=body, headers=headers, timeout=5
        )
    assert [row["id"] for row in listed["data"]] == [MODEL]
    assert answer.status_code == 400
