"""The page's answer to "closed elsewhere?"."""

from __future__ import annotations

import pytest
from django.utils import timezone

from positions.models import JournalEntry, Position
from tests.website import hold, member

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
JSON = {"accept": "application/json"}


def test_vanished_holding_offers_the_answer_and_takes_it() -> None:
    alice, position = member(), hold()
    page, answer = f"/positions/{position.pk}/", f"/positions/{position.pk}/gone/"
    assert "Yes, it is gone" not in alice.get(page).content.decode()
    Position.objects.update(absent_since=timezone.now())
    shown = alice.get(page).content.decode()
    assert "Yes, it is gone</button>" in shown
    assert f'action="{answer}"' in shown
    done = alice.post(answer, headers=JSON)
    assert (done.status_code, done.json()["ok"]) == (200, True)
    position.refresh_from_db()
    assert (position.state, position.close_reason) == ("closed", "wallet")
    assert JournalEntry.objects.get(kind="wallet_closed").actor == "alice"
    assert alice.post(answer, headers=JSON).status_code == 409


def test_answer_needs_the_right_to_act() -> None:
    position = hold(now=timezone.now())
    Position.objects.update(absent_since=timezone.now())
    reader, page = member("bob", acts=False), f"/positions/{position.pk}/"
    assert "Yes, it is gone" not in reader.get(page).content.decode()
    assert reader.post(f"{page}gone/", headers=JSON).status_code == 403
    position.refresh_from_db()
    assert position.state == "open"
