"""What holds for every page: the login, the headers, static files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from pmsite.middleware import POLICY, StaticMiddleware
from tests.installation import NewInstallation

PAGES = ("/login/", "/admin/login/", "/no-such-page/", "/admin/")


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_contracts_policy(client: Client, path: str) -> None:
    told = client.get(path)["Content-Security-Policy"]
    assert told == (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )


@pytest.mark.django_db
async def test_policy_is_there_under_asgi_too(async_client: AsyncClient) -> None:
    assert (await async_client.get("/login/"))["Content-Security-Policy"] == POLICY


@pytest.mark.django_db
def test_security_headers(client: Client) -> None:
    answer = client.get("/login/")
    names = (
        "X-Frame-Options",
        "X-Content-Type-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
    )
    assert [answer[name] for name in names] == ["DENY", "nosniff", "same-origin", "same-origin"]
    assert "Strict-Transport-Security" not in answer  # SITE_URL is http


@pytest.mark.django_db
def test_unknown_host_is_refused(client: Client) -> None:
    assert client.get("/login/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.django_db
def test_login_works_on_plain_http(client: Client) -> None:
    get_user_model().objects.create_user("alice", password="a long pass phrase")
    strict = Client(enforce_csrf_checks=True)
    strict.get("/login/")
    token = strict.cookies["pm_csrf"].value
    answer = strict.post(
        "/login/",
        {"username": "alice", "password": "a long pass phrase", "csrfmiddlewaretoken": token},
    )
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert strict.cookies["pm_session"]["secure"] == ""


def static_answer(tmp_path: Path, **headers: str) -> HttpResponse:
    (tmp_path / "page.css").write_text("a { color: red }")
    middleware = StaticMiddleware(lambda request: HttpResponse("page"), settings)
    middleware.add_files(str(tmp_path), prefix="/static/")
    request = HttpRequest()
    request.method, request.path_info = "GET", "/static/page.css"
    request.META = {"REQUEST_METHOD": "GET", **headers}
    answer = middleware(request)
    assert isinstance(answer, HttpResponse)
    return answer


def test_static_file_is_a_plain_body(tmp_path: Path) -> None:
    answer = static_answer(tmp_path)
    assert (answer.streaming, answer.content) == (False, b"a { color: red }")
    assert answer["Content-Type"] == 'text/css; charset="utf-8"'


def test_static_file_range_and_not_modified(tmp_path: Path) -> None:
    part = static_answer(tmp_path, HTTP_RANGE="bytes=0-2")
    assert (part.status_code, part.content) == (206, b"a {")
    stamp = static_answer(tmp_path)["Last-Modified"]
    unchanged = static_answer(tmp_path, HTTP_IF_MODIFIED_SINCE=stamp)
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_static_file_is_not_for_other_sites(tmp_path: Path) -> None:
    assert "Access-Control-Allow-Origin" not in static_answer(tmp_path)


def test_collected_modules_import_hashed_names(new_installation: NewInstallation) -> None:
    installation = new_installation()
    installation.manage("collectstatic", "--no-input", "-v0")
    collected = installation.home / "static"
    packed = sorted(collected.rglob("*.css.gz"))
    assert packed
    assert gzip.decompress(packed[0].read_bytes()) == packed[0].with_suffix("").read_bytes()
