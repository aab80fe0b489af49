from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.anthropic import AnthropicServer
from tests.fakes.openai_compatible import OpenAIServer


@pytest.fixture
def api() -> Iterator[AnthropicServer]:
    """A local Anthropic."""
    with AnthropicServer() as running:
        yield running
        assert running.crashes == []


@pytest.fixture
def endpoint() -> Iterator[OpenAIServer]:
    """A local OpenAI-compatible endpoint."""
    with OpenAIServer() as running:
        yield running
        assert running.crashes == []
