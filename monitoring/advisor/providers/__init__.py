"""Who can be asked, in which order. Their modules are imported when they are needed only: the
anthropic package costs seconds and tens of megabytes (docs/decisions/ai-providers.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from monitoring.advisor.port import Provider, Purpose
from positions.models import Position


def chain(purpose: Purpose, *, demo: bool = False) -> list[Provider]:
    """The configured providers, best first; empty means "Rules (no AI)". Of a demo position only
    the recorded answers, so that sample data never costs anything.
    """
    if demo:
        from monitoring.advisor.providers.demo import Recorded

        return [Recorded()]
    return [one for one in _configured() if one.model(purpose)]


def chain_for(position: Position, purpose: Purpose) -> list[Provider]:
    """Who is asked about this position: `chain`; of a demo position its recorded answers, nobody
    ("Rules (no AI)") where none are recorded.
    """
    if not position.is_demo:
        return chain(purpose)
    from monitoring.advisor.providers.demo import recorded

    return chain(purpose, demo=True) if recorded(position, purpose) else []


def _configured() -> Iterator[Provider]:
    if settings.ANTHROPIC_API_KEY.strip():
        from monitoring.advisor.providers.anthropic import Anthropic

        yield Anthropic.of_settings()
    if settings.AI_FALLBACK_URL and settings.AI_FALLBACK_MODEL:
        from monitoring.advisor.providers.openai_compatible import OpenAICompatible

        yield OpenAICompatible.of_settings()


def names() -> list[str]:
    """Those of the configured providers, without the price of their modules: pages ask often."""
    found = ["anthropic"] if settings.ANTHROPIC_API_KEY.strip() else []
    fallback = settings.AI_FALLBACK_URL and settings.AI_FALLBACK_MODEL
    return [*found, "openai_compatible"] if fallback else found
