"""When a provider is left alone, for how long, and what is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from monitoring.advisor.breaker import forgive
from monitoring.advisor.gate import Outcome, ask, upkeep
from monitoring.advisor.port import Failure, Reply
from monitoring.models import AICall, AIProvider
from positions.models import JournalEntry
from tests.monitoring.advisor.gating import (
    NOON,
    Clock,
    Killed,
    Told,
    about,
    answer,
    failed,
    ports,
    request,
    told,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
DOWN = failed(Failure.SERVER_ERROR, status=500)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def once(provider: Told, clock: Clock) -> Outcome:
    return ask(request(), providers=[provider], about=about(), ports=ports(clock))


def row() -> AIProvider:
    return AIProvider.objects.get(name="anthropic")


def rest() -> timedelta | None:
    until = row().open_until
    return until - NOON if until else None


@pytest.mark.parametrize(
    "failure",
    [
        Failure.RATE_LIMITED,
        Failure.OVERLOADED,
        Failure.TIMEOUT,
        Failure.CONNECTION,
        Failure.SERVER_ERROR,
    ],
)
def test_five_failures_in_a_row_and_nobody_is_asked_for_five_minutes(
    clock: Clock, failure: Failure
) -> None:
    provider = Told([failed(failure, status=500)])
    found = [once(provider, clock).reply.failure for _ in range(6)]
    assert found == [failure] * 5 + [Failure.BREAKER_OPEN]
    assert (provider.asked, rest()) == (5, timedelta(minutes=5))
    assert told() == [("ai_down", "anthropic", str(failure))]


def test_provider_that_is_left_alone_takes_no_reservation(clock: Clock) -> None:
    provider = Told([DOWN])
    outcomes = [once(provider, clock) for _ in range(6)]
    assert outcomes[-1].call is None
    assert AICall.objects.count() == 5


def test_answer_in_between_begins_the_count_anew(clock: Clock) -> None:
    provider = Told([DOWN, DOWN, DOWN, DOWN, answer(), DOWN, DOWN, DOWN, DOWN])
    for _ in range(9):
        once(provider, clock)
    assert (row().failures, row().open_until, told()) == (4, None, [])


@pytest.mark.parametrize(
    "failure",
    [Failure.REFUSED, Failure.BAD_REQUEST, Failure.TRUNCATED, Failure.INVALID_OUTPUT],
)
def test_answer_that_is_of_no_use_is_no_failure_of_the_provider(
    clock: Clock, failure: Failure
) -> None:
    provider = Told([DOWN, DOWN, DOWN, DOWN, failed(failure), DOWN])
    for _ in range(6):
        once(provider, clock)
    assert row().failures == 1


@pytest.mark.parametrize(
    ("asked", "minutes"), [(90.0, 1.5), (3600.0, 15.0), (4_294_967.0, 15.0), (-5.0, None)]
)
def test_named_time_is_honoured_from_the_first_failure_on_up_to_a_quarter_of_an_hour(
    clock: Clock, asked: float, minutes: float | None
) -> None:
    once(Told([failed(Failure.RATE_LIMITED, status=429, retry_after=asked)]), clock)
    assert rest() == (timedelta(minutes=minutes) if minutes else None)
    assert told() == []  # it will pass by itself: nothing to wake anybody for


def test_short_named_time_does_not_shorten_the_rest_after_five(clock: Clock) -> None:
    provider = Told([DOWN] * 4 + [failed(Failure.OVERLOADED, status=529, retry_after=10.0)])
    for _ in range(5):
        once(provider, clock)
    assert rest() == timedelta(minutes=5)


def test_account_without_credit_is_left_alone_at_once_and_probed_every_quarter_of_an_hour(
    clock: Clock,
) -> None:
    empty = failed(Failure.SPEND_LIMIT, status=402)
    provider = Told([empty, empty, answer()])
    once(provider, clock)
    assert (row().out_of_credit_since, rest()) == (NOON, timedelta(minutes=15))
    clock.later(minutes=14)
    assert once(provider, clock).reply.failure == Failure.BREAKER_OPEN
    clock.later(minutes=1)
    assert once(provider, clock).reply.failure == Failure.SPEND_LIMIT
    assert (row().out_of_credit_since, provider.asked) == (NOON, 2)
    clock.later(minutes=15)
    assert once(provider, clock).reply.failure is None
    assert (row().out_of_credit_since, row().open_until, row().failure) == (None, None, "")
    assert told() == [("ai_down", "anthropic", "spend_limit"), ("ai_back", "anthropic", "")]


@pytest.mark.parametrize("failure", [Failure.AUTH, Failure.NO_KEY])
def test_refused_key_is_told_at_once_and_tried_again_after_five_minutes(
    clock: Clock, failure: Failure
) -> None:
    once(Told([failed(failure, status=401)]), clock)
    assert (row().failure, rest()) == (failure, timedelta(minutes=5))
    assert told() == [("ai_down", "anthropic", str(failure))]


def test_after_the_rest_one_probe_goes_out_at_a_time(clock: Clock) -> None:
    provider = Told([DOWN])
    for _ in range(5):
        once(provider, clock)
    clock.later(minutes=5)
    second: list[Failure | None] = []
    probe = Told([answer()], during=lambda: second.append(once(provider, clock).reply.failure))
    assert once(probe, clock).reply.failure is None
    assert (second, provider.asked) == ([Failure.BREAKER_OPEN], 5)


def test_failed_probe_opens_it_again(clock: Clock) -> None:
    provider = Told([DOWN])
    for _ in range(5):
        once(provider, clock)
    clock.later(minutes=5)
    assert [once(provider, clock).reply.failure for _ in range(2)] == [
        Failure.SERVER_ERROR,
        Failure.BREAKER_OPEN,
    ]
    assert rest() == timedelta(minutes=10)
    assert len(told()) == 1


def test_new_start_probes_at_once_and_does_not_tell_a_refusal_again(clock: Clock) -> None:
    provider = Told([failed(Failure.AUTH, status=401), failed(Failure.AUTH, status=401), answer()])
    once(provider, clock)
    assert once(provider, clock).reply.failure == Failure.BREAKER_OPEN
    found = []
    for _ in range(2):
        forgive(clock.later(seconds=10))
        found.append(once(provider, clock).reply.failure)
    assert (found, provider.asked, rest()) == ([Failure.AUTH, None], 3, None)
    assert [kind for kind, _, _ in told()] == ["ai_down", "ai_back"]


def test_probe_whose_process_died_keeps_nobody_away_for_good(clock: Clock) -> None:
    provider = Told([DOWN] * 5 + [Killed(), answer()])
    for _ in range(5):
        once(provider, clock)
    clock.later(minutes=5)
    with pytest.raises(Killed):
        once(provider, clock)
    assert once(provider, clock).reply.failure == Failure.BREAKER_OPEN
    clock.later(minutes=1)
    assert once(provider, clock).reply.failure is None


def test_probe_without_room_in_the_budget_is_given_back(clock: Clock) -> None:
    provider = Told([DOWN] * 5 + [answer()])
    for _ in range(5):
        once(provider, clock)
    clock.later(minutes=5)
    dear = request(max_tokens=1_000_000)
    refused = ask(dear, providers=[provider], about=about(), ports=ports(clock))
    assert refused.reply.failure == Failure.OVER_BUDGET
    assert once(provider, clock).reply.failure is None


def test_clock_that_was_set_back_keeps_nobody_away(clock: Clock) -> None:
    provider = Told([DOWN] * 5 + [answer()])
    for _ in range(5):
        once(provider, clock)
    clock.later(hours=-3)
    assert once(provider, clock).reply.failure is None


def test_trouble_is_told_once_with_its_reason_and_its_end(clock: Clock) -> None:
    provider = Told([DOWN] * 7 + [answer()])
    for _ in range(5):
        once(provider, clock)
    for _ in range(3):
        clock.later(minutes=5)
        once(provider, clock)
    down, back = JournalEntry.objects.order_by("pk")
    assert (down.urgency, down.data["until"]) == ("high", "2026-11-20T12:05:00+00:00")
    assert "it answers with errors" in down.text
    assert "answers again" in back.text
    assert [down.kind, back.kind] == ["ai_down", "ai_back"]


def test_one_provider_s_trouble_does_not_keep_another_away(clock: Clock) -> None:
    first, second = Told([DOWN]), Told([answer()], name="fallback", fallback=True)
    for _ in range(6):
        ask(request(), providers=[first, second], about=about(), ports=ports(clock))
    assert (first.asked, second.asked) == (5, 6)


def test_told_trouble_of_a_provider_that_is_not_used_any_more_ends(
    clock: Clock, settings: Settings
) -> None:
    settings.ANTHROPIC_API_KEY = "sk-ant-0123456789"
    once(Told([failed(Failure.AUTH, status=401)]), clock)
    upkeep(NOON)
    assert len(told()) == 1
    settings.ANTHROPIC_API_KEY = ""
    for _ in range(2):
        upkeep(NOON)
    assert told()[1:] == [("ai_back", "anthropic", "")]


def test_provider_s_words_on_its_trouble_are_kept_without_a_key(clock: Clock) -> None:
    once(Told([Reply(Failure.AUTH, detail="bad key sk-ant-1234567890")]), clock)
    assert row().problem == "bad key ***"
