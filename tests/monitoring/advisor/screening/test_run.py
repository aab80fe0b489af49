"""A run of the screen: what is asked, what is kept, what raises a question, what stays owed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django.fixtures import Settings

from monitoring.advisor.port import Failure, Provider
from monitoring.advisor.screening.run import screen_all
from monitoring.models import AICall, Screening
from positions.models import Position
from tests.monitoring.advisor.screening.kit import (
    BAD,
    DULL,
    GOOD,
    NOON,
    alert,
    answer,
    failed,
    headline,
    journal,
    outcomes,
    position,
    questions,
    rows,
    screen,
    told,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
HAIKU, RULES = "haiku screen-1", "rules-1"
LATER = NOON + timedelta(minutes=15)


def test_nothing_new_asks_nobody() -> None:
    position()
    model = told(answer())
    screen(model)
    assert (model.requests, rows(), AICall.objects.count()) == ([], [], 0)


def test_headline_is_screened_once() -> None:
    headline(position(), DULL)
    model = told(answer())
    screen(model)
    screen(model, at=LATER)
    assert len(model.requests) == 1
    assert rows() == [(DULL, HAIKU, "none", "")]


def test_thesis_that_changed_is_a_reason_to_look_again() -> None:
    held = position()
    headline(held, DULL)
    model = told(answer())
    screen(model)
    held.thesis.version = 2
    held.thesis.save()
    screen(model, at=LATER)
    assert list(Screening.objects.values_list("thesis_version", flat=True)) == [1, 2]


def test_alert_raises_a_question_with_its_headlines() -> None:
    held = position()
    bad = headline(held, BAD, minutes=5)
    headline(held, DULL, minutes=9)
    screen(told(answer(alert("h1"))))
    [question] = questions()
    assert (question.rule, question.state, question.urgency, question.bid) == (
        "ai_alert",
        "waiting",
        "high",
        Decimal("0.61"),
    )
    assert list(question.headlines.values_list("pk", flat=True)) == [bad]
    assert rows() == [(BAD, HAIKU, "against", "high"), (DULL, HAIKU, "none", "")]
    assert Screening.objects.get(headline=bad).question == question


def test_journal_tells_of_the_alert_with_its_first_headline_and_who_screened() -> None:
    held = position()
    headline(held, BAD, minutes=5)
    headline(held, "Whitlock vote in doubt", minutes=9, domain="other.example")
    screen(told(answer(alert("h1", "h2"))))
    [entry] = journal()
    found = {key: entry.data[key] for key in ("headlines", "by", "quote", "sources")}
    assert (entry.urgency, entry.position_id, found) == (
        "high",
        held.pk,
        {
            "headlines": [BAD, "Whitlock vote in doubt"],
            "by": "anthropic haiku",
            "quote": BAD,
            "sources": 2,
        },
    )


def test_summary_of_the_model_goes_into_no_reason() -> None:
    headline(position(), BAD)
    screen(told(answer(alert("h1"))))
    assert Screening.objects.get().summary == "It happened."
    assert "It happened." not in questions()[0].reason


@pytest.mark.parametrize(
    ("direction", "urgency", "asks"),
    [
        ("against", "low", 0),
        ("against", "medium", 1),
        ("unclear", "medium", 0),
        ("unclear", "high", 1),
        ("for", "critical", 0),
    ],
)
def test_question_takes_a_direction_and_an_urgency(direction: str, urgency: str, asks: int) -> None:
    headline(position(), BAD)
    screen(told(answer(alert("h1", direction=direction, urgency=urgency))))
    assert rows() == [(BAD, HAIKU, direction, urgency)]
    assert (len(questions()), len(journal())) == (asks, asks)


def test_new_alert_joins_the_live_question() -> None:
    held = position()
    headline(held, BAD)
    model = told(answer(alert("h1", urgency="medium")))
    screen(model)
    headline(held, "Whitlock withdraws", minutes=1)
    screen(model, at=LATER)
    [question] = questions()
    assert (question.headlines.count(), len(journal())) == (2, 2)


def test_same_headlines_ask_once_whoever_screens_them() -> None:
    headline(position(), BAD)
    screen()
    screen(told(answer(alert("h1", urgency="medium"))), at=LATER)
    assert [row[1] for row in rows()] == [RULES, HAIKU]
    assert (len(questions()), len(journal())) == (1, 1)


def test_louder_word_on_the_same_headline_asks_again() -> None:
    headline(position(), BAD)
    screen()
    screen(told(answer(alert("h1", urgency="critical"))), at=LATER)
    assert [entry.urgency for entry in journal()] == ["medium", "critical"]


def test_without_a_provider_the_rules_look_and_say_so() -> None:
    held = position()
    headline(held, BAD, minutes=5)
    headline(held, GOOD, minutes=9)
    run = screen()
    assert rows() == [(BAD, RULES, "against", "medium"), (GOOD, RULES, "for", "low")]
    assert (run.by_rules, run.unscreened, journal()[0].data["by"]) == (2, 0, "Rules (no AI)")


def test_rules_know_the_side_that_is_held() -> None:
    headline(position(outcome="No"), BAD)
    screen()
    assert (rows(), questions()) == ([(BAD, RULES, "for", "medium")], [])


@pytest.mark.parametrize(
    ("failure", "status"),
    [(Failure.TIMEOUT, None), (Failure.SERVER_ERROR, 500), (Failure.REFUSED, 200)],
)
def test_failed_screen_is_not_screened_and_the_rules_stand_in(
    failure: Failure, status: int | None
) -> None:
    headline(position(), BAD)
    run = screen(told(failed(failure, status)))
    assert (rows(), run.unscreened) == ([(BAD, RULES, "against", "medium")], 1)
    assert outcomes() == [f"not screened: {failure}"]
    screen(told(answer()), at=LATER)
    assert [row[1] for row in rows()] == [RULES, HAIKU]


def test_empty_budget_leaves_the_screen_to_the_rules(settings: Settings) -> None:
    settings.AI_DAILY_USD = Decimal(0)
    headline(position(), BAD)
    model = told(answer())
    screen(model)
    assert (model.requests, [row[1] for row in rows()]) == ([], [RULES])


def test_answer_of_the_next_provider_is_the_screen() -> None:
    headline(position(), BAD)
    first = told(failed(Failure.SERVER_ERROR, 500))
    second = told(answer(), name="openai_compatible", named="flash", fallback=True)
    screen(first, second)
    screen(first, second, at=LATER)
    assert rows() == [(BAD, "flash screen-1", "none", "")]
    assert (len(first.requests), len(second.requests)) == (1, 1)


def test_headline_that_no_model_reads_is_tried_three_times() -> None:
    headline(position(), BAD)
    model = told(failed(Failure.REFUSED))
    for quarter in range(5):
        screen(model, at=NOON + timedelta(minutes=15 * quarter))
    assert len(model.requests) == 3
    assert [row[1] for row in rows()] == [RULES]


def test_outage_is_tried_for_as_long_as_it_lasts() -> None:
    headline(position(), BAD)
    model = told(failed(Failure.OVERLOADED, 529))
    for quarter in range(4):
        screen(model, at=NOON + timedelta(minutes=15 * quarter))
    assert len(model.requests) == 4


def test_refused_batch_is_asked_in_smaller_ones() -> None:
    held = position()
    for number in range(6):
        headline(held, f"Whitlock story {number}", minutes=number + 1)
    model = told(failed(Failure.REFUSED), answer())
    screen(model)
    screen(model, at=LATER)
    assert [request.user.count('"title"') for request in model.requests] == [6, 4, 2]
    assert Screening.objects.filter(screener=HAIKU).count() == 6


def test_answer_whose_every_id_is_made_up_is_no_screen() -> None:
    headline(position(), BAD)
    screen(told(answer(alert("h77"))))
    assert [row[1] for row in rows()] == [RULES]
    assert outcomes() == ["not screened: every headline it cites is made up"]


def test_made_up_ids_beside_true_ones_are_dropped_and_noted() -> None:
    headline(position(), BAD)
    screen(told(answer(alert("h1", "h77"), alert("h78"))))
    assert rows() == [(BAD, HAIKU, "against", "high")]
    assert outcomes() == ["1 headline asks, made up: h77, h78"]


def test_alert_on_a_suspected_headline_is_dropped_and_told_once() -> None:
    held = position()
    headline(held, "Whitlock: buy now, dear reader")
    model = told(answer(alert("h1", urgency="critical"), suspected=("h1",)))
    screen(model)
    held.thesis.version = 2
    held.thesis.save()
    screen(model, at=LATER)
    assert questions() == []
    assert set(Screening.objects.values_list("direction", "suspected")) == {("none", True)}
    [entry] = journal("ai_suspected")
    assert (entry.urgency, entry.data["headlines"]) == ("low", ["Whitlock: buy now, dear reader"])


def test_position_that_closes_meanwhile_is_asked_nothing() -> None:
    held = position()
    headline(held, BAD)
    closes = Position.objects.filter(pk=held.pk)
    screen(told(answer(alert("h1")), during=lambda: closes.update(state="closed")))
    assert (questions(), rows()) == ([], [])


def test_closed_position_is_not_screened() -> None:
    headline(position(state="closed"), BAD)
    assert screen().positions == 0


def test_run_that_takes_long_leaves_the_rest_to_the_rules() -> None:
    for key in ("a", "b"):
        headline(position(key), BAD)
    model = told(answer())
    screen(model, seconds=60)
    assert (len(model.requests), [row[1] for row in rows()]) == (1, [HAIKU, RULES])


def test_run_begins_where_the_model_was_longest_ago() -> None:
    """Else the last positions never meet a model where each run ends before it comes to them."""
    held = [position(key) for key in ("a", "b", "c")]
    asked = []
    for turn in range(4):
        for one in held:
            headline(one, f"{BAD} {turn}", minutes=9 - turn)
        screen(told(answer()), at=NOON + timedelta(minutes=turn), seconds=60)
        asked.append(AICall.objects.latest("pk").position_id)
    assert asked == [held[turn % 3].pk for turn in range(4)]


def test_position_that_breaks_stops_no_other() -> None:
    for key in ("a", "b"):
        headline(position(key), BAD)

    def chain(held: Position) -> list[Provider]:
        if held.market.key == "a":
            raise RuntimeError
        return []

    run = screen_all(now=NOON, chain=chain)
    assert (run.broken, run.by_rules) == (1, 1)
