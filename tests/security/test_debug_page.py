"""A defect while DEBUG is on shows where it is, and no secret."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from tests.website import member

pytestmark = pytest.mark.django_db
M = f"m4rk{3}r"  # the page shows these lines, too


def broken(request: HttpRequest) -> HttpResponse:
    url = f"https://discord.com/api/webhooks/1/{M}-local"
    session_thing = {"header": f"Bearer {M}-bearer-12345678"}
    innocent = "what one looks for"
    raise RuntimeError(f"{url} and {settings.HEARTBEAT_URL} {len(session_thing)} {innocent}")


urlpatterns = [path("broken/", broken), path("", include("pmsite.urls"))]

SECRETS = {
    "secret_key": f"{M}-'key&",
    "heartbeat_url": f"https://hc.example/{M}-beat",
    "discord_webhook_url": f"https://discord.com/api/webhooks/7/{M}-hook",
    "anthropic_api_key": f"{M}-api",
    "database_url": f"postgres://u:{M}-db@h/n",
}


@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
def test_debug_page_shows_the_place_and_no_secret(accept: str) -> None:
    client: Client = member("alice")
    client.raise_request_exception = False
    env = replace(settings.ENV, **SECRETS)  # type: ignore[arg-type]
    changed = {
        "DEBUG": True,
        "ENV": env,
        "HEARTBEAT_URL": env.heartbeat_url,
        "DISCORD_WEBHOOK_URL": env.discord_webhook_url,
        "SOMETHING": [env.secret_key],
        "ROOT_URLCONF": "tests.security.test_debug_page",
    }
    with override_settings(**changed):
        form = {"password": f"{M}-password", "url": f"https://x.example/{M}-typed", "name": "Joe"}
        answer = client.post("/broken/", form, headers={"accept": accept})
    page = answer.content.decode()
    assert (answer.status_code, "RuntimeError" in page) == (500, True)
    assert [page[m.start() - 60 : m.end() + 40] for m in re.finditer(M, page)] == []
    assert "what one looks for" in page
