"""Guessing passwords is slow, told, and keeps nobody out but who guesses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import F
from django.http import HttpRequest
from django.test import Client, override_settings
from django.utils import timezone

from monitoring.alerts.dispatch import dispatch
from monitoring.models import Channel, Notification
from pmsite.logins import ADDRESS_LIMIT, MOST_TOLD, PAIR_LIMIT
from pmsite.proxies import client_address
from positions.models import JournalEntry
from tests.security.hashers import CountingHasher
from tests.website import COOKIE, member, session

pytestmark = pytest.mark.django_db
PASSWORD = "a long pass phrase"
GUESSER, OWNER = "203.0.113.5", "198.51.100.7"


@pytest.fixture(autouse=True)
def alice(db: None) -> User:
    return User.objects.create_superuser("alice", password=PASSWORD)


def sign_in(
    password: str, *, name: str = "alice", at: str = GUESSER, path: str = "/login/", **extra: Any
) -> tuple[int, str]:
    """Status and body of one try."""
    client = Client(REMOTE_ADDR=at, **extra)
    answer = client.post(path, {"username": name, "password": password})
    return answer.status_code, answer.content.decode()


def fail(times: int, **where: Any) -> None:
    for n in range(times):
        sign_in(f"wrong {n}", **where)


@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
def test_next_guess_is_refused_even_if_it_is_right(path: str) -> None:
    fail(PAIR_LIMIT - 1, path=path)
    assert sign_in("wrong", path=path)[0] == 429
    status, page = sign_in(PASSWORD, path=path)
    assert status == 429
    assert "for 15 more minutes" in page
    assert "python manage.py axes_reset" in page


def test_failures_below_the_limit_are_forgiven_by_the_right_password() -> None:
    fail(PAIR_LIMIT - 1)
    assert sign_in(PASSWORD)[0] == 302
    assert AccessAttempt.objects.count() == 0


def test_owner_is_not_locked_out_by_a_stranger_elsewhere() -> None:
    fail(PAIR_LIMIT + 2)
    assert sign_in(PASSWORD, at=OWNER)[0] == 302


def test_other_browser_of_the_same_address_counts_on() -> None:
    for n in range(PAIR_LIMIT):
        sign_in("wrong", HTTP_USER_AGENT=f"browser {n}")
    assert sign_in(PASSWORD)[0] == 429


def test_address_that_tries_many_users_is_locked() -> None:
    for n in range(ADDRESS_LIMIT):
        sign_in("wrong", name=f"user{n}")
    assert (sign_in(PASSWORD)[0], sign_in(PASSWORD, at=OWNER)[0]) == (429, 302)


def test_own_account_does_not_clear_the_count_of_guesses_at_others() -> None:
    User.objects.create_user("mallory", password=PASSWORD)
    fail(PAIR_LIMIT - 1)
    assert sign_in(PASSWORD, name="mallory")[0] == 302
    assert sign_in("wrong")[0] == 429


def test_lock_ends_after_a_quarter_of_an_hour_however_often_one_tries() -> None:
    fail(PAIR_LIMIT + 5)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=14))
    status, page = sign_in(PASSWORD)
    assert (status, "for 1 more minute." in page) == (429, True)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=1))
    assert sign_in(PASSWORD)[0] == 302


def test_owner_ends_the_lock_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    fail(PAIR_LIMIT)
    call_command("axes_reset")
    assert capsys.readouterr().out == "1 attempts removed.\n"
    assert sign_in(PASSWORD)[0] == 302


def test_lock_is_told_once() -> None:
    fail(PAIR_LIMIT + 3)
    entry = JournalEntry.objects.get(kind="login_locked")
    assert (entry.urgency, entry.text) == (
        "high",
        "10 failed logins as “alice” from 203.0.113.5: locked for 15 minutes.",
    )


def test_lock_reaches_the_channels() -> None:
    Channel.objects.create(name="d", kind="discord", url="https://discord.com/api/webhooks/1/x")
    fail(PAIR_LIMIT)
    dispatch(now=timezone.now())
    told = Notification.objects.get()
    assert (told.state, told.urgency) == ("pending", "high")
    assert "10 failed logins as “alice” from 203.0.113.5" in told.title + told.body


def test_password_typed_as_the_user_is_kept_nowhere() -> None:
    fail(PAIR_LIMIT, name="my secret passphrase")
    entry = JournalEntry.objects.get(kind="login_locked")
    assert entry.text.startswith("10 failed logins as a user that does not exist from")
    assert "secret" not in f"{entry.text}{entry.data}"
    kept = AccessAttempt.objects.get()
    assert "secret" not in f"{kept.post_data}{kept.get_data}"
    assert "wrong" not in f"{kept.post_data}{kept.get_data}"


def test_crowd_of_addresses_does_not_fill_the_journal() -> None:
    now = timezone.now()
    JournalEntry.objects.bulk_create(
        JournalEntry(kind="login_locked", text="x", at=now, urgency="high", actor="login", data={})
        for _ in range(MOST_TOLD)
    )
    fail(PAIR_LIMIT)
    assert JournalEntry.objects.count() == MOST_TOLD


def test_answer_does_not_tell_who_exists() -> None:
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    told = {sign_in("wrong", name=name) for name in ("alice", "nobody", "gone")}
    pages = {page.replace(name, "NAME") for _, page in told for name in ("alice", "nobody", "gone")}
    statuses = {status for status, _ in told}
    assert statuses == {200}
    assert all("Please enter a correct username and password" in page for page in pages)


@override_settings(PASSWORD_HASHERS=["tests.security.hashers.CountingHasher"])
@pytest.mark.parametrize("name", ["alice", "nobody", "gone"])
def test_unknown_and_inactive_users_cost_the_same_work(name: str) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    User.objects.get(username="alice").set_password(PASSWORD)
    alice = User.objects.get(username="alice")
    alice.set_password(PASSWORD)
    alice.save()
    CountingHasher.hashed.clear()
    sign_in("a guess", name=name)
    assert CountingHasher.hashed == ["a guess"]


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("", None),
        ("unix:", None),
        ("<script>", None),
    ],
)
def test_address_as_it_is_counted(told: str, counted: str | None) -> None:
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = told
    assert client_address(request) == counted


def test_header_of_a_stranger_does_not_change_his_address() -> None:
    for n in range(PAIR_LIMIT):
        sign_in("wrong", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}")
    assert sign_in(PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.77")[0] == 429


@pytest.mark.parametrize(
    ("wish", "leads"),
    [
        ("/activity/", "/activity/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://testserver@evil.example/", "/"),
    ],
)
def test_login_leads_to_pages_of_our_own_only(client: Client, wish: str, leads: str) -> None:
    answer = client.post("/login/", {"username": "alice", "password": PASSWORD, "next": wish})
    assert (answer.status_code, answer["Location"]) == (302, leads)


def test_session_changes_at_the_login_and_ends_after_a_week(client: Client) -> None:
    client.cookies[COOKIE] = "fixed-by-somebody-else-0123456789"
    client.post("/login/", {"username": "alice", "password": PASSWORD})
    cookie = client.cookies[COOKIE]
    assert cookie.value != "fixed-by-somebody-else-0123456789"
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (604800, True, "Lax")


def test_first_login_asks_for_a_password_of_ones_own(client: Client) -> None:
    given = {"username": "alice", "password": PASSWORD}
    nudge = "Choose your own</a>"
    assert nudge in client.post("/login/", given, follow=True).content.decode()
    assert nudge not in Client().post("/login/", given, follow=True).content.decode()


def test_new_password_ends_every_other_session() -> None:
    here, there = Client(), Client()
    for client in (here, there):
        client.post("/login/", {"username": "alice", "password": PASSWORD})
    new = "another long pass phrase"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/password/", form)["Location"] == "/"
    assert (here.get("/").status_code, there.get("/")["Location"]) == (200, "/login/?next=/")


def test_old_password_is_not_guessed_by_changing_it(client: Client) -> None:
    client.post("/login/", {"username": "alice", "password": PASSWORD})
    new = {"new_password1": "another long pass phrase"}
    new |= {"new_password2": new["new_password1"]}
    tries = [
        client.post("/password/", {"old_password": f"guess {n}", **new}).status_code
        for n in range(PAIR_LIMIT)
    ]
    assert tries == [200] * (PAIR_LIMIT - 1) + [429]
    assert client.post("/password/", {"old_password": PASSWORD, **new}).status_code == 429
    assert User.objects.get().check_password(PASSWORD)


def test_everybody_may_change_the_own_password() -> None:
    viewer = member("bob", acts=False)
    page = viewer.get("/password/").content.decode()
    assert ("bob · viewer: sees" in page, 'href="/password/"' in page) == (True, True)
    assert viewer.get("/admin/password_change/").status_code == 200
    assert session(viewer)


def test_admin_does_not_send_those_who_may_not_in_a_circle() -> None:
    answer = member("bob", acts=False).get("/admin/", follow=True)
    assert answer.status_code == 403
