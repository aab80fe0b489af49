"""WebSocket addresses; `pmsite.asgi` puts sessions and the allowed hosts around them."""

from __future__ import annotations

from typing import Any

from django.urls import path

from monitoring.live.consumers import LiveConsumer

websocket_urlpatterns: list[Any] = [path("ws/live/", LiveConsumer.as_asgi())]
