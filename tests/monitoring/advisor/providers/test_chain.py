from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from monitoring.advisor.port import Purpose
from monitoring.advisor.providers import chain
from monitoring.advisor.providers.anthropic import Anthropic
from tests.fakes.anthropic import KEY, AnthropicServer
from tests.monitoring.advisor.providers.asking import DECIDE


def who(settings: Settings, **values: str) -> list[tuple[str, str, bool]]:
    """Name, model and fallback of those who would decide."""
    for name, value in values.items():
        setattr(settings, name, value)
    return [(one.name, one.model("decide"), one.fallback) for one in chain("decide")]


SONNET = ("anthropic", "claude-sonnet-5-5", False)
GEMINI = ("openai_compatible", "gemini", True)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"ANTHROPIC_API_KEY": " \n"}, []),
        ({"ANTHROPIC_API_KEY": KEY}, [SONNET]),
        ({"AI_FALLBACK_URL": "http://127.0.0.1:1"}, []),
        ({"AI_FALLBACK_MODEL": "gemini"}, []),
        ({"AI_FALLBACK_URL": "http://127.0.0.1:1", "AI_FALLBACK_MODEL": "gemini"}, [GEMINI]),
        (
            {
                "ANTHROPIC_API_KEY": KEY,
                "AI_FALLBACK_URL": "http://127.0.0.1:1",
                "AI_FALLBACK_MODEL": "gemini",
            },
            [SONNET, GEMINI],
        ),
    ],
)
def test_those_who_are_configured_are_asked_in_order(
    settings: Settings, values: dict[str, str], expected: list[tuple[str, str, bool]]
) -> None:
    assert who(settings, **values) == expected


def test_demo_asks_recorded_answers_only(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = KEY
    assert [one.demo for one in chain("decide", demo=True)] == [True]


def test_model_of_each_purpose(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = KEY
    settings.AI_SCREEN_MODEL, settings.AI_DECIDE_MODEL = "small", "large"
    provider = Anthropic.of_settings()
    purposes: tuple[Purpose, ...] = ("screen", "eval", "decide", "note")
    assert [provider.model(one) for one in purposes] == ["small", "small", "large", "large"]


def test_settings_lead_to_the_server_they_name(settings: Settings) -> None:
    with AnthropicServer() as server:
        settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = KEY, server.url
        (provider,) = chain("decide")
        assert provider.complete(DECIDE).failure is None
        assert len(server.bodies()) == 1


def test_profile_that_names_tools_sends_nothing(settings: Settings) -> None:
    from pmsite.ai_models import MODELS, Model

    price = MODELS["claude-haiku-4-5"].price
    settings.AI_MODELS = {"odd": Model(price, decide={"tools": [{"name": "sell"}]})}
    settings.AI_DECIDE_MODEL = settings.AI_FALLBACK_MODEL = "odd"
    with AnthropicServer() as server:
        settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = KEY, server.url
        settings.AI_FALLBACK_URL = server.url
        replies = [one.complete(DECIDE) for one in chain("decide")]
        assert [reply.failure for reply in replies] == ["bad_request", "bad_request"]
        assert list(server.calls) == []
