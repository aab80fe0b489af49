"""Dangerous acts want the password that was given in the last ten minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.utils import timezone

from monitoring.models import Channel
from pmsite.logins import PAIR_LIMIT
from positions.models import ApiToken, Exit
from positions.services import exits_are_paused, exits_pause
from positions.views.sudo import KEY
from tests.website import PASSWORD, hold, member

pytestmark = pytest.mark.django_db
FRESH, STALE = timedelta(minutes=9, seconds=50), timedelta(minutes=10, seconds=1)
TOKENS = "/admin/positions/apitoken/add/"
CHANNELS = "/admin/monitoring/channel/add/"
LIVE = override_settings(EXECUTION_MODE="live")


@pytest.fixture
def owner() -> Client:
    return member("alice")


def aged(client: Client, age: timedelta) -> Client:
    """The same session, with its password given `age` ago."""
    session = client.session
    session[KEY] = (timezone.now() - age).timestamp()
    session.save()
    return client


def confirm_url(path: str, **more: str) -> str:
    return f"/confirm/?{urlencode({'next': path} | more)}"


DANGEROUS = (
    TOKENS,
    CHANNELS,
    "/admin/auth/user/add/",
    "/admin/auth/user/1/change/",
    "/admin/auth/user/1/password/",
    "/admin/auth/user/1/delete/",
)


@pytest.mark.parametrize("path", DANGEROUS)
def test_dangerous_page_asks_when_the_password_is_old(owner: Client, path: str) -> None:
    answer = aged(owner, STALE).get(path)
    assert (answer.status_code, answer["Location"]) == (302, confirm_url(path))


def test_login_counts_for_ten_minutes(owner: Client) -> None:
    assert owner.get(TOKENS).status_code == 200
    assert aged(owner, FRESH).get(TOKENS).status_code == 200
    assert aged(owner, timedelta(minutes=-5)).get(TOKENS).status_code == 302


def test_old_post_changes_nothing_and_says_so(owner: Client) -> None:
    form = {"name": "bot", "user": str(User.objects.get().pk)}
    page = f"http://testserver{TOKENS}"
    answer = aged(owner, STALE).post(TOKENS, form, headers={"referer": page}, follow=True)
    assert answer.redirect_chain == [(confirm_url(TOKENS, again="1"), 302)]
    assert "Nothing was done yet; repeat it afterwards." in answer.content.decode()
    given = {"next": TOKENS, "again": "1", "password": PASSWORD}
    back = owner.post("/confirm/", given, follow=True)
    assert back.redirect_chain == [(TOKENS, 302)]
    assert "Confirmed. Nothing was done yet: repeat it now." in back.content.decode()
    assert ApiToken.objects.count() == 0
    owner.post(TOKENS, form)
    assert ApiToken.objects.get().name == "bot"


def test_channel_address_is_not_kept_while_one_confirms(owner: Client) -> None:
    form = {"name": "new", "kind": "discord", "url": "https://discord.com/api/webhooks/1/t0k3n"}
    answer = aged(owner, STALE).post(CHANNELS, form, follow=True)
    assert "t0k3n" not in answer.content.decode() + str(dict(owner.session.items()))
    assert Channel.objects.count() == 0


def test_wrong_password_confirms_nothing_and_counts_as_a_failed_login(owner: Client) -> None:
    aged(owner, STALE)
    for _ in range(PAIR_LIMIT - 1):
        answer = owner.post("/confirm/", {"next": TOKENS, "password": "wrong"})
        assert "This is not your password." in answer.content.decode()
    assert AccessAttempt.objects.get().failures_since_start == PAIR_LIMIT - 1
    assert owner.post("/confirm/", {"password": "wrong"}).status_code == 429
    assert owner.post("/confirm/", {"password": PASSWORD}).status_code == 429
    assert owner.get(TOKENS).status_code == 302


def test_other_users_password_does_not_confirm(owner: Client) -> None:
    member("bob", acts=False)
    aged(owner, STALE)
    owner.post("/confirm/", {"username": "bob", "password": "x", "next": TOKENS})
    assert owner.get(TOKENS).status_code == 302


@pytest.mark.parametrize("wish", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_confirming_leads_to_pages_of_our_own_only(owner: Client, wish: str) -> None:
    answer = owner.post("/confirm/", {"next": wish, "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_page_of_another_site_is_not_where_one_comes_back_to(owner: Client) -> None:
    evil = {"referer": "http://testserver.evil.example/x"}
    assert aged(owner, STALE).post(TOKENS, {}, headers=evil)["Location"] == confirm_url(
        "/", again="1"
    )


def money_acts(position_id: int) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"/positions/{position_id}/close/", {}),
        ("/close-everything/", {"count": "1"}),
        ("/exits/resume/", {}),
        (f"/positions/{position_id}/arm/stop_loss/", {}),
        ("/admin/positions/position/", {"action": "close", "_selected_action": str(position_id)}),
    ]


def test_paper_mode_asks_nothing(owner: Client) -> None:
    position = hold()
    answer = aged(owner, STALE).post(f"/positions/{position.pk}/close/", {})
    assert (answer["Location"], Exit.objects.count()) == (f"/positions/{position.pk}/", 1)


@pytest.mark.parametrize("number", range(5))
def test_live_money_asks(owner: Client, number: int) -> None:
    position = hold()
    exits_pause(actor="alice", now=timezone.now())
    path, form = money_acts(position.pk)[number]
    with LIVE:
        answer = aged(owner, STALE).post(path, form)
    assert answer["Location"] == confirm_url("/", again="1")
    assert (Exit.objects.count(), exits_are_paused()) == (0, True)


@LIVE
def test_live_money_goes_on_once_confirmed(owner: Client) -> None:
    position = hold()
    path = f"/positions/{position.pk}/close/"
    assert aged(owner, STALE).get(path)["Location"] == confirm_url(path)
    back = owner.post("/confirm/", {"next": path, "password": PASSWORD})
    assert (back["Location"], owner.get(path).status_code) == (path, 200)
    owner.post(path, {})
    assert Exit.objects.count() == 1


@LIVE
def test_page_module_is_told_where_to_confirm(owner: Client) -> None:
    position = hold()
    path = f"/positions/{position.pk}/close/"
    headers = {
        "accept": "application/json",
        "referer": f"http://testserver/positions/{position.pk}/",
    }
    answer = aged(owner, STALE).post(path, {}, headers=headers)
    assert (answer.status_code, answer.json()) == (
        403,
        {
            "ok": False,
            "error": "Nothing was done yet: confirm it with your password.",
            "confirm": confirm_url(f"/positions/{position.pk}/", again="1"),
        },
    )
