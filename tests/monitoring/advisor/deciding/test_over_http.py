"""Decide with the real adapter against a local Anthropic: whatever it answers, the question ends right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from monitoring.advisor.deciding import prompt
from monitoring.advisor.deciding.run import decide_due
from monitoring.models import AICall, Decision
from tests.fakes.anthropic import KEY, AnthropicServer
from tests.monitoring.advisor.deciding.world import World, state
from tests.monitoring.advisor.gating import figures

pytestmark = pytest.mark.django_db
SELL = {
    "reasoning": "The reason of the thesis is gone.",
    "evidence_ids": ["h1", "t1"],
    "against": "It may be denied.",
    "thesis_status": "broken",
    "decision": "SELL",
    "confidence": 0.86,
}


@pytest.fixture
def api(settings: Settings) -> Iterator[AnthropicServer]:
    with AnthropicServer() as running:
        settings.ANTHROPIC_BASE_URL, settings.ANTHROPIC_API_KEY = running.url, KEY
        running.say(SELL)
        yield running


def decided(world: World) -> list[dict[str, Any]]:
    return decide_due(clock=world.clock)


def test_a_sell_with_its_evidence_comes_through(api: AnthropicServer) -> None:
    world = World.of()
    headline = world.headline("Rates rise by surprise")
    question = world.ask("ai_alert", headlines=[headline])
    [line] = decided(world)
    assert (line["verdict"], line["confidence"], line["by"]) == (
        "sell",
        "0.86",
        "anthropic claude-sonnet-5-5",
    )
    assert [one["id"] for one in line["evidence"]] == ["t1", "h1"]
    assert state(question) == "open"
    [body] = api.bodies()
    assert body["system"] == prompt.SYSTEM or body["system"][0]["text"] == prompt.SYSTEM
    assert ("tools" in body, "Rates rise by surprise" in json.dumps(body["messages"])) == (
        False,
        True,
    )
    call = AICall.objects.get()
    assert (call.question_id, call.prompt_version, call.state) == (
        question.pk,
        "decide-1",
        "settled",
    )
    assert figures(call.day) == (0, call.cost)


@pytest.mark.parametrize(
    "plan",
    [
        {"kind": "refusal"},
        {"kind": "thinking_only"},
        {"kind": "unknown_ids"},
        {"kind": "two_texts"},
        {"kind": "no_text"},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "drop"},
    ],
    ids=lambda plan: str(plan["kind"]),
)
def test_what_is_no_answer_is_no_decision_and_goes_to_a_person(
    api: AnthropicServer, plan: dict[str, Any]
) -> None:
    world = World.of()
    world.policy(mode="auto")
    question = world.ask("soft_stop", "critical")
    api.plan(*[plan] * 3)
    [line] = decided(world)
    assert (line["verdict"], line["by"], state(question)) == ("ask", "Rules (no AI)", "open")
    assert world.exits() == []
    assert Decision.objects.exclude(verdict="ask").count() == 0
    assert AICall.objects.get().outcome.startswith("no decision: ")
