"""The rules: denials, what undoes them, the question's own polarity, the side."""

from __future__ import annotations

import pytest

from monitoring.advisor.screening.lexicon import stem
from monitoring.advisor.screening.rules_screener import look

RESIGN = "Will President Marek resign before July 1?"
BILL = "Will Congress pass the Harbour Act by June 30?"
FAIL = "Will Congress fail to pass the Harbour Act by June 30?"
PERMIT = "Will the court not block the Delmar permit by August?"
RATES = "Will the Bank of Freedonia cut rates in May?"
PRICE = "Will gold close above $3,000 on December 31?"


@pytest.mark.parametrize(
    ("question", "title", "yes"),
    [
        (RESIGN, "Marek says he will resign", "for"),
        (RESIGN, "Marek says he will not resign", "against"),
        (RESIGN, "Marek won't resign, aides insist", "against"),
        (RESIGN, "Marek’s office denies he will quit", "against"),
        (BILL, "Congress passes Harbour Act", "for"),
        (BILL, "Leaders block Harbour Act", "against"),
        (BILL, "Leaders won't block Harbour Act", "for"),
        (BILL, "Holdouts drop opposition to Harbour Act", "for"),
        (BILL, "Speaker rules out vote on Harbour Act", "against"),
        (FAIL, "Congress passes Harbour Act", "against"),
        (FAIL, "Leaders block Harbour Act", "for"),
        (PERMIT, "Court blocks Delmar permit", "against"),
        (PERMIT, "Judge declines to block Delmar permit", "for"),
        (RATES, "Bank of Freedonia cuts rates", "for"),
        (RATES, "Bank of Freedonia seen holding rates", "against"),
        (RATES, "Freedonia inflation jumps", "against"),
        (PRICE, "Gold falls below $2,800", "against"),
        (PRICE, "Gold surges as dollar weakens", "for"),
        (BILL, "What is in the Harbour Act? Five things to know", "none"),
        (BILL, "Harbour seals return to the bay", "none"),
        (BILL, "Rain delays cricket final", "none"),
        (BILL, "", "none"),
    ],
)
def test_headline_for_both_sides(question: str, title: str, yes: str) -> None:
    other = {"for": "against", "against": "for", "none": "none"}[yes]
    sides = look(question, "Yes", title).direction, look(question, "NO", title).direction
    assert sides == (yes, other)


def test_denial_is_medium_and_luck_is_low() -> None:
    denial = look(BILL, "Yes", "Leaders block Harbour Act")
    luck = look("Will the Harriers win the Cup?", "Yes", "Harriers trail Wolves in Cup talks")
    assert (denial.urgency, luck.direction, luck.urgency) == ("medium", "against", "low")


def test_finding_names_its_words_as_they_were_written() -> None:
    assert look(BILL, "Yes", "Leaders won't block Harbour Act").words == ("won't", "block")
    assert look(BILL, "Yes", "Speaker rules out Harbour Act").words == ("rule out",)


def test_instrument_is_held_to_rise() -> None:
    falls = look("KSE-100 index", "", "KSE-100 index falls on new tax")
    rises = look("KSE-100 index", "", "KSE-100 index climbs to record")
    assert (falls.direction, rises.direction) == ("against", "for")


def test_outcome_with_a_name_is_held_to_win() -> None:
    lost = look("Continental Cup: Harriers or Wolves", "Harriers", "Harriers knocked out of Cup")
    assert (lost.direction, lost.urgency) == ("against", "medium")


@pytest.mark.parametrize(
    ("word", "same_as"),
    [("withdraws", "withdraw"), ("denied", "deny"), ("cutting", "cut"), ("approves", "approve")],
)
def test_forms_of_a_word_have_one_stem(word: str, same_as: str) -> None:
    assert stem(word) == stem(same_as)


def test_note_is_no_negation() -> None:
    assert stem("note") != stem("not")
