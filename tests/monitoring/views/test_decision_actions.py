"""What a person does about a question, by its buttons, and what they refuse."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from monitoring.models import Question
from positions.models import Exit, JournalEntry
from tests.deciding import decided, question
from tests.monitoring.views.test_decisions import page_of, text, words
from tests.website import hold, member, tell

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]

State = Question.State


@pytest.fixture
def alice() -> Client:
    return member()


@pytest.fixture
def asked() -> Question:
    """An open question with a SELL, on 100 shares at 44.1¢."""
    position = hold("fed", bid="0.441", entry="0.52", shares="100", policy={})
    made = question(position)
    decided(made)
    return made


def answer(client: Client, asked: Question, what: str, **fields: str) -> Any:
    return client.post(f"{page_of(asked)}{what}/", fields, follow=True)


def test_approval_sells_at_the_bid_of_now(alice: Client, asked: Question) -> None:
    shown = answer(alice, asked, "approve", seen_bid="0.441")
    assert "Approved: selling 100 Yes of “Will fed happen?” at the best bids now." in words(
        shown.content.decode()
    )
    exit_ = Exit.objects.get()
    assert (exit_.rule, exit_.shares, exit_.requested_by) == ("ai_exit", Decimal(100), "alice")
    asked.refresh_from_db()
    assert (asked.state, asked.exit_id) == ("approved", exit_.pk)


def test_reduce_offers_and_sells_the_part(alice: Client, asked: Question) -> None:
    asked.decisions.update(verdict="reduce")
    assert "Approve: Sell 50 Yes" in text(alice, page_of(asked))
    answer(alice, asked, "approve", seen_bid="0.441")
    assert Exit.objects.get().shares == Decimal(50)


def test_a_moved_price_has_to_be_confirmed(alice: Client, asked: Question) -> None:
    tell(asked.position, "0.40")
    shown = text(alice, page_of(asked))
    assert "The bid was 44.1¢ when this was decided and is 40.0¢ now." in shown
    assert "Sell all the same" in shown
    asked_again = answer(alice, asked, "approve", seen_bid="0.441")
    assert asked_again.status_code == 409
    said = words(asked_again.content.decode())
    assert "Nothing was sold yet: confirm below." in said
    assert "The bid has moved from 44.1¢ to 40.0¢." in said
    assert 'name="seen_bid" value="0.4"' in asked_again.content.decode()
    assert Exit.objects.count() == 0
    answer(alice, asked, "approve", seen_bid="0.4", confirmed="on")
    assert Exit.objects.count() == 1


def test_a_confirmation_holds_for_the_price_that_was_shown(alice: Client, asked: Question) -> None:
    tell(asked.position, "0.30")
    late = answer(alice, asked, "approve", seen_bid="0.40", confirmed="on")
    assert (late.status_code, Exit.objects.count()) == (409, 0)


def test_module_is_told_that_it_must_be_confirmed(alice: Client, asked: Question) -> None:
    tell(asked.position, "0.40")
    url = f"{page_of(asked)}approve/"
    told = alice.post(url, {"seen_bid": "nonsense"}, headers={"accept": "application/json"})
    assert (told.status_code, told.json()["ok"]) == (409, False)


def test_decline_can_be_taken_back(alice: Client, asked: Question) -> None:
    url = f"{page_of(asked)}decline/"
    told = alice.post(url, headers={"accept": "application/json"}).json()
    assert told["undo"] == {"url": f"{page_of(asked)}reopen/", "fields": {}}
    assert "Take the decline back" in text(alice, page_of(asked))
    answer(alice, asked, "reopen")
    asked.refresh_from_db()
    assert asked.state == State.OPEN
    assert Exit.objects.count() == 0


def test_second_answer_is_told_who_was_first(alice: Client, asked: Question) -> None:
    answer(alice, asked, "decline")
    late = answer(alice, asked, "approve", seen_bid="0.441")
    assert "alice has declined this already." in words(late.content.decode())


def test_who_may_only_look_gets_no_buttons_and_is_refused(asked: Question) -> None:
    bob = member("bob", acts=False)
    body = bob.get(page_of(asked)).content.decode()
    assert "Your account may look, not act." in body
    assert body.count("/approve/") + body.count("/decline/") == 0
    assert [
        bob.post(f"{page_of(asked)}{what}/").status_code
        for what in ("approve", "decline", "reopen")
    ] == [403] * 3
    assert bob.post(f"/positions/{asked.position_id}/ask/").status_code == 403
    assert Exit.objects.count() == 0


@pytest.mark.parametrize(
    "path",
    ["/decisions/9/approve/", "/decisions/9/decline/", "/decisions/9/reopen/", "/positions/9/ask/"],
)
def test_what_is_not_there_is_not_found(alice: Client, path: str) -> None:
    assert alice.post(path).status_code == 404


def test_approval_wants_the_password_when_it_is_real(
    alice: Client, asked: Question, settings: Settings
) -> None:
    settings.EXECUTION_MODE = "live"
    session = alice.session
    session["confirmed_at"] = 0.0
    session.save()
    sent = alice.post(f"{page_of(asked)}approve/", {"seen_bid": "0.441"})
    assert sent["location"].startswith("/confirm/?")
    assert Exit.objects.count() == 0


def test_get_of_an_approval_leads_to_its_page(alice: Client, asked: Question) -> None:
    assert alice.get(f"{page_of(asked)}approve/")["location"] == page_of(asked)


def test_asking_without_a_key_says_what_is_missing(alice: Client) -> None:
    position = hold()
    told = alice.post(f"/positions/{position.pk}/ask/", follow=True)
    assert "There is no AI to ask: set ANTHROPIC_API_KEY" in words(told.content.decode())
    assert Question.objects.count() == 0


def test_asking_raises_a_question_by_hand(alice: Client, settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = "sk-test"
    position = hold()
    assert "Ask the AI" in text(alice, f"/positions/{position.pk}/")
    told = alice.post(f"/positions/{position.pk}/ask/", follow=True)
    assert "The AI is asked; its answer comes within a minute or so." in words(
        told.content.decode()
    )
    row = Question.objects.get()
    assert (row.rule, row.state, row.asked_by) == ("asked", "waiting", "alice")
    assert JournalEntry.objects.filter(kind="ai_asked").count() == 1
