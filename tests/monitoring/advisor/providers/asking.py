"""Requests and providers of these tests."""

from __future__ import annotations

from monitoring.advisor.port import Request
from monitoring.advisor.providers.anthropic import Anthropic
from monitoring.advisor.providers.openai_compatible import OpenAICompatible
from monitoring.advisor.schemas import Decision, ScreenResult
from pmsite.ai_models import MODELS
from tests.fakes import anthropic, openai_compatible

SCREEN = Request("screen", "You screen news.", '{"id": "h1"}', ScreenResult, 1500, 5.0)
DECIDE = Request("decide", "You judge.", '[{"id": "h1"}]', Decision, 4096, 5.0)


def asks_anthropic(
    url: str, key: str = anthropic.KEY, model: str = "claude-sonnet-5-5"
) -> Anthropic:
    """Haiku screens, `model` decides."""
    return Anthropic(
        key=key,
        base_url=url,
        models={"screen": "claude-haiku-5-5", "decide": model, "note": model, "eval": model},
        known=MODELS.get,
    )


def asks_endpoint(
    url: str, key: str = openai_compatible.KEY, model: str = openai_compatible.MODEL
) -> OpenAICompatible:
    return OpenAICompatible(url=url, key=key, model=model, known=MODELS.get)
