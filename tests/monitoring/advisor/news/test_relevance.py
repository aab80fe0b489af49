from __future__ import annotations

import pytest

from monitoring.advisor.news.relevance import concerns, keywords_of

QUESTION = "Will the Fed cut rates in December 2026?"


def test_keywords_are_a_comma_list_without_doubles_and_blanks() -> None:
    typed = ' KSE-100,tax  policy,, "Aurangzeb" ,KSE-100, --- '
    assert keywords_of(typed) == ("KSE-100", "tax policy", "Aurangzeb")


@pytest.mark.parametrize(
    ("title", "keywords", "concerned"),
    [
        ("KSE-100 sheds 1,200 points", "KSE-100", True),
        ("kse 100 sheds points", "KSE-100", True),
        ("KSE sheds 100 points", "KSE-100", True),  # coarse: a screener reads it
        ("KSE-30 sheds points", "KSE-100", False),
        ("New tariffs announced", "tariff", True),
        ("Trump's plan", "trump", True),
        ("Trumpet maker closes", "trump", False),
        ("Fed cuts rates by 25 bp", "rate cut", True),
        ("Fed holds rates", "rate cut", False),
        ("Fed holds rates", "rate cut,fed", True),
        ("The boss passes", "bos", False),
        ("日銀が利上げを決定", "利上げ", True),
        ("日銀が利下げを決定", "利上げ", False),
    ],
)
def test_headline_concerns_who_looks_for_its_words(
    title: str, keywords: str, concerned: bool
) -> None:
    assert concerns(title, keywords_of(keywords), QUESTION) is concerned


@pytest.mark.parametrize(
    ("title", "question", "concerned"),
    [
        ("Fed to cut again, says governor", QUESTION, True),
        ("Rates of crime fall in December 2026", QUESTION, False),  # one telling word
        ("December will be cold", QUESTION, False),
        ("Starship explodes", "Will Starship?", True),
        ("Anything", "Will it?", False),
    ],
)
def test_without_keywords_two_words_of_the_question_must_be_there(
    title: str, question: str, concerned: bool
) -> None:
    assert concerns(title, (), question) is concerned
