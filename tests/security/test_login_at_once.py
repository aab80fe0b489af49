"""Guesses sent all at once: no more are looked at than one after the other."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client, override_settings

from pmsite.logins import PAIR_LIMIT
from positions.models import JournalEntry
from tests.security.hashers import CountingHasher

pytestmark = pytest.mark.django_db(transaction=True)  # the threads have connections of their own
PASSWORD = "a long pass phrase"


def statuses(client: Client, path: str, field: str, times: int) -> Counter[int]:
    def guess(number: int) -> int:
        try:
            one = Client(REMOTE_ADDR="203.0.113.5")
            one.cookies = client.cookies
            form = {"username": "alice", field: f"guess {number}"}
            return one.post(path, form).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return Counter(pool.map(guess, range(times)))


@override_settings(PASSWORD_HASHERS=["tests.security.hashers.SlowHasher"])
@pytest.mark.parametrize(
    ("path", "field"),
    [("/login/", "password"), ("/confirm/", "password"), ("/password/", "old_password")],
)
def test_guesses_sent_at_once_are_looked_at_up_to_the_limit(path: str, field: str) -> None:
    alice = User.objects.create_superuser("alice", password=PASSWORD)
    client = Client()
    if path != "/login/":
        client.force_login(alice)
    CountingHasher.hashed.clear()
    found = statuses(client, path, field, 3 * PAIR_LIMIT)
    assert found == {200: PAIR_LIMIT - 1, 429: 2 * PAIR_LIMIT + 1}
    assert len(CountingHasher.hashed) == PAIR_LIMIT
    assert JournalEntry.objects.filter(kind="login_locked").count() == 1
