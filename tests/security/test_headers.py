"""What every answer carries, also those that Django gives by itself; and how large a request may be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, override_settings
from django.urls import include, path

from positions.models import ApiToken, JournalEntry, Position
from positions.tokens import digest_of, new_token
from tests.website import hold, member

pytestmark = pytest.mark.django_db
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
EXACT = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a defect")


LOGIN = {"username": "nobody", "password": "wrong"}
urlpatterns = [path("broken/", broken), path("", include("pmsite.urls"))]
Ask = Callable[[Client], HttpResponseBase]

ANSWERS: dict[str, Ask] = {
    "page": lambda client: client.get("/"),
    "admin": lambda client: client.get("/admin/positions/position/"),
    "admin form": lambda client: client.get("/admin/positions/position/add/"),
    "login": lambda client: Client().get("/login/"),
    "redirect": lambda client: Client().get("/"),
    "health": lambda client: Client().get("/healthz"),
    "alive": lambda client: Client().get("/livez"),
    "api 401": lambda client: Client().post("/api/positions"),
    "404": lambda client: client.get("/no-such-page/"),
    "403": lambda client: member("bob", acts=False).post("/check/"),
    "403 csrf": lambda client: Client(enforce_csrf_checks=True).post("/login/"),
    "405": lambda client: client.get("/check/"),
    "400 host": lambda client: client.get("/", headers={"host": "evil.example"}),
    "429": lambda client: [Client().post("/login/", LOGIN) for _ in range(10)][-1],
    "500": lambda client: client.get("/broken/"),
}


@override_settings(ROOT_URLCONF="tests.security.test_headers")
@pytest.mark.parametrize("name", ANSWERS)
def test_answer_carries_every_header_and_is_kept_by_no_cache(name: str) -> None:
    client = member("alice")
    client.raise_request_exception = False
    answer = ANSWERS[name](client)
    status = name.split()[0 if name[0].isdigit() else -1]
    assert not status.isdigit() or answer.status_code == int(status)
    assert {header: answer.get(header) for header in EXACT} == EXACT
    assert {"no-store", "private"} <= set(answer["Cache-Control"].replace(" ", "").split(","))


def test_static_files_carry_the_policy_and_may_be_kept() -> None:
    answer = Client().get("/static/css/base.css")
    assert (answer.status_code, answer["Content-Security-Policy"]) == (200, POLICY)
    assert "no-store" not in answer["Cache-Control"]


def test_no_template_of_ours_has_inline_code() -> None:
    folder = Path(__file__).parents[2] / "templates"
    pages = {page: page.read_text() for page in folder.rglob("*.html")}
    bad = (" style=", " onclick=", "<style", "javascript:", " onload=", " onsubmit=")
    assert [str(page) for page, text in pages.items() for one in bad if one in text] == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:8000@evil"])
def test_foreign_host_is_refused_with_a_page_that_says_so(host: str) -> None:
    answer = Client().get("/login/", headers={"host": host})
    assert (answer.status_code, b"ALLOWED_HOSTS" in answer.content) == (400, True)


TOO_LARGE = {
    "form": lambda client, url: client.post(url, {"minutes": "60", "x": "y" * 1_100_000}),
    "fields": lambda client, url: client.post(url, {f"x{n}": "1" for n in range(1001)}),
    "files": lambda client, url: client.post(
        url, {f"f{n}": SimpleUploadedFile("a.csv", b"x") for n in range(6)}
    ),
}


@pytest.mark.parametrize("what", TOO_LARGE)
def test_too_large_a_form_changes_nothing_and_says_so(what: str) -> None:
    position = hold()
    count = JournalEntry.objects.count()
    answer = TOO_LARGE[what](member("alice"), f"/positions/{position.pk}/mute/")
    assert (answer.status_code, b"Nothing was changed" in answer.content) == (400, True)
    assert (Position.objects.get().muted_until, JournalEntry.objects.count()) == (None, count)


def test_too_large_an_api_body_is_told_so() -> None:
    token = new_token()
    user = User.objects.create_superuser("bot")
    ApiToken.objects.create(name="buyer", user=user, digest=digest_of(token))
    answer = Client().post(
        "/api/positions",
        b'{"thesis": "' + b"x" * 300_000 + b'"}',
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (answer.status_code, answer.json()) == (413, {"errors": {"body": "at most 256 kB"}})
    assert Position.objects.count() == 0
