"""HTTP and WebSocket in one process: `uvicorn pmsite.asgi:application`."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
http = get_asgi_application()  # first: the imports below need the apps to be ready

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from monitoring.lifespan import lifespan  # noqa: E402
from monitoring.live.routing import websocket_urlpatterns  # noqa: E402
from pmsite.bodies import bounded  # noqa: E402
from pmsite.proxies import behind_proxies  # noqa: E402

# The validator refuses a foreign Origin and a missing one; the consumer refuses strangers.
routed = ProtocolTypeRouter(
    {
        "http": http,
        "lifespan": lifespan,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
application = behind_proxies(bounded(routed), settings.TRUSTED_PROXIES)
