"""The product's web process with an AI stage that has two providers; a page asks neither."""

from __future__ import annotations

from django.conf import settings

from pmsite.asgi import application

__all__ = ("application",)

settings.ANTHROPIC_API_KEY = "sk-ant-0123456789"
settings.AI_FALLBACK_URL, settings.AI_FALLBACK_MODEL = "http://127.0.0.1:1", "llama-4"
