"""Reserve, call, settle: what each answer costs, who is asked next, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from monitoring.advisor.gate import ask, note_outcome, spend_today, upkeep
from monitoring.advisor.port import ELSEWHERE, Failure, Provider, Reply, Usage
from monitoring.advisor.prices import bound
from monitoring.models import AICall, AIProvider, AISpend
from tests.monitoring.advisor.gating import (
    NOON,
    SONNET,
    Clock,
    Told,
    Word,
    about,
    answer,
    failed,
    figures,
    ports,
    request,
    states,
    told,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
RESERVED = bound(SONNET, request())
USAGE = Usage(input=900, output=300)
COST = 900 * 2 + 300 * 10


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_answer_costs_its_usage_and_says_who_gave_it(clock: Clock) -> None:
    found = ask(request(), providers=[Told([answer()])], about=about(), ports=ports(clock))
    assert (found.provider, found.fallback, found.demo) == ("anthropic", False, False)
    assert found.reply.data == Word(word="no")
    assert found.call is not None
    assert (found.call.state, found.call.cost, found.call.reserved) == ("settled", COST, RESERVED)
    assert figures() == (0, COST)


def test_money_is_reserved_while_the_call_is_out_and_no_transaction_is_open(clock: Clock) -> None:
    seen: list[object] = []
    depth = len(connection.atomic_blocks)  # the test's own

    def look() -> None:
        seen.extend([figures(), states(), len(connection.atomic_blocks) - depth])

    ask(request(), providers=[Told([answer()], during=look)], about=about(), ports=ports(clock))
    assert seen == [(RESERVED, 0), ["reserved"], 0]


@pytest.mark.django_db(transaction=True)
def test_nobody_is_asked_inside_a_transaction(clock: Clock) -> None:
    provider = Told([answer()])
    with pytest.raises(RuntimeError), transaction.atomic():
        ask(request(), providers=[provider], about=about(), ports=ports(clock))
    assert provider.asked == 0


@pytest.mark.parametrize(
    ("reply", "cost"),
    [
        (failed(Failure.REFUSED, status=200, usage=USAGE), COST),
        (failed(Failure.TRUNCATED, status=200, usage=USAGE), COST),
        (failed(Failure.INVALID_OUTPUT, status=200, usage=USAGE), COST),
        (failed(Failure.INVALID_OUTPUT, status=200), RESERVED),  # a page of HTML: who knows
        (failed(Failure.TIMEOUT), RESERVED),
        (failed(Failure.CONNECTION), RESERVED),
        (failed(Failure.CONNECTION, usage=Usage()), 0),  # it never left
        (failed(Failure.AUTH, status=401), 0),
        (failed(Failure.RATE_LIMITED, status=429), 0),
        (failed(Failure.SPEND_LIMIT, status=402), 0),
        (failed(Failure.OVERLOADED, status=529), 0),
        (failed(Failure.SERVER_ERROR, status=500), 0),
        (failed(Failure.BAD_REQUEST, status=400), 0),
        (failed(Failure.TIMEOUT, status=504), RESERVED),  # of a gateway: who knows what is behind
        (failed(Failure.NO_KEY, usage=Usage()), 0),
        (failed(Failure.REFUSED, status=400, usage=USAGE), COST),
        (answer(usage=Usage()), RESERVED),
        (answer(usage=None), RESERVED),
        (answer(usage=Usage(input=-900)), RESERVED),
        (Reply(None, data=Word(word="no"), usage=USAGE, model="claude-opus-9"), RESERVED),
        (ValueError("a bug"), RESERVED),
    ],
)
def test_failure_costs_what_is_known_of_it_and_else_its_reservation(
    clock: Clock, reply: Reply | ValueError, cost: int
) -> None:
    found = ask(request(), providers=[Told([reply])], about=about(), ports=ports(clock))
    assert found.call is not None
    assert (found.call.state, found.call.cost) == ("settled", cost)
    assert figures() == (0, cost)


def test_unlisted_model_costs_what_was_reserved_as_if_it_were_dear(clock: Clock) -> None:
    provider = Told([Reply(None, data=Word(word="no"), usage=USAGE)], models={"decide": "llama"})
    found = ask(request(), providers=[provider], about=about(), ports=ports(clock))
    assert found.call is not None
    assert figures() == (0, bound("llama", request()))
    assert found.call.input_tokens == 900


def test_call_is_paid_at_the_price_of_its_own_day(clock: Clock) -> None:
    clock.at = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    provider = Told(
        [Reply(None, usage=Usage(input=1000))],
        models={"decide": "gemini-3.8-flash"},
        during=lambda: clock.later(seconds=5),
    )
    for _ in range(2):
        ask(request(), providers=[provider], about=about(), ports=ports(clock))
    assert list(AICall.objects.order_by("pk").values_list("cost", flat=True)) == [750, 1500]


@pytest.mark.parametrize("failure", sorted(ELSEWHERE - {Failure.BREAKER_OPEN}))
def test_next_provider_is_asked_where_another_may_do_better(clock: Clock, failure: Failure) -> None:
    first = Told([failed(failure, status=500)])
    second = Told([answer()], name="fallback", fallback=True)
    found = ask(request(), providers=[first, second], about=about(), ports=ports(clock))
    assert (found.provider, found.fallback, found.reply.failure) == ("fallback", True, None)
    rows = AICall.objects.order_by("pk").values_list("provider", "failure")
    assert list(rows) == [("anthropic", str(failure)), ("fallback", "")]


@pytest.mark.parametrize(
    "failure", [Failure.BAD_REQUEST, Failure.TRUNCATED, Failure.INVALID_OUTPUT]
)
def test_second_model_does_not_paper_over_our_own_fault(clock: Clock, failure: Failure) -> None:
    second = Told([answer()], name="fallback", fallback=True)
    found = ask(
        request(),
        providers=[Told([failed(failure, status=200)]), second],
        about=about(),
        ports=ports(clock),
    )
    assert (found.reply.failure, found.provider, second.asked) == (failure, "anthropic", 0)


def test_without_a_provider_there_is_no_key_and_no_call(clock: Clock) -> None:
    found = ask(request(), providers=[], about=about(), ports=ports(clock))
    assert (found.reply.failure, found.call, found.provider) == (Failure.NO_KEY, None, "")


def test_last_failure_that_was_a_call_is_what_comes_back(clock: Clock) -> None:
    second = Told([failed(Failure.AUTH, status=401)], name="fallback", fallback=True)
    ask(request(), providers=[second], about=about(), ports=ports(clock))
    first = Told([failed(Failure.TIMEOUT)])
    found = ask(request(), providers=[first, second], about=about(), ports=ports(clock))
    assert (found.reply.failure, found.provider, second.asked) == (Failure.TIMEOUT, "anthropic", 1)


def test_over_budget_nobody_is_asked_and_no_row_is_written(
    clock: Clock, settings: Settings
) -> None:
    settings.AI_DAILY_USD = Decimal("0.005")
    providers = [Told([answer()]), Told([answer()], name="fallback", fallback=True)]
    found = ask(request(), providers=providers, about=about(), ports=ports(clock))
    assert (found.reply.failure, found.call) == (Failure.OVER_BUDGET, None)
    assert ([one.asked for one in providers], AICall.objects.count()) == ([0, 0], 0)
    assert AISpend.objects.get().refusals == 1
    assert not AIProvider.objects.exists()  # the provider has done nothing


def test_critical_trigger_is_asked_from_what_is_held_back(clock: Clock, settings: Settings) -> None:
    settings.AI_DAILY_USD = Decimal(RESERVED) / 900_000  # 80 % of it are less than one call
    providers: list[Provider] = [Told([answer()])]
    common = ask(request(), providers=providers, about=about(), ports=ports(clock))
    critical = ask(request(), providers=providers, about=about(critical=True), ports=ports(clock))
    assert (common.reply.failure, critical.reply.failure) == (Failure.OVER_BUDGET, None)


def test_call_that_began_before_midnight_counts_on_its_own_day(clock: Clock) -> None:
    clock.later(hours=11, minutes=59, seconds=50)
    provider = Told([answer()], during=lambda: clock.later(seconds=30))
    ask(request(), providers=[provider], about=about(), ports=ports(clock))
    assert (figures(NOON.date()), figures(clock.at.date())) == ((0, COST), (0, 0))
    assert spend_today(clock.at).spent == 0


def test_demo_is_recorded_and_costs_nothing_even_where_the_cap_is_zero(
    clock: Clock, settings: Settings
) -> None:
    settings.AI_DAILY_USD = Decimal(0)
    provider = Told([answer()], name="recorded", demo=True)
    found = ask(request(), providers=[provider], about=about(), ports=ports(clock))
    assert (found.provider, found.demo, found.reply.failure) == ("demo-fixture", True, None)
    row = AICall.objects.get()
    assert (row.provider, row.state, row.reserved, row.cost) == ("demo-fixture", "settled", 0, 0)
    assert (AISpend.objects.count(), AIProvider.objects.count()) == (0, 0)
    assert spend_today(clock.at).calls == {}


def test_late_answer_is_given_to_whoever_still_waits_and_the_money_stays_spent(
    clock: Clock,
) -> None:
    def frozen() -> None:
        clock.later(minutes=20)
        assert upkeep(clock.at) == 1

    found = ask(
        request(), providers=[Told([answer()], during=frozen)], about=about(), ports=ports(clock)
    )
    assert found.reply.failure is None
    assert (states(), figures()) == (["expired"], (0, RESERVED))


def test_outcome_is_noted_in_the_call(clock: Clock) -> None:
    found = ask(request(), providers=[Told([answer()])], about=about(), ports=ports(clock))
    note_outcome(found.call, "held")
    note_outcome(None, "nobody was asked")
    assert AICall.objects.get().outcome == "held"


def test_used_up_budget_is_told_once_a_day_and_is_over_at_midnight(
    clock: Clock, settings: Settings
) -> None:
    settings.AI_DAILY_USD = Decimal("0.001")
    ask(request(), providers=[Told([answer()])], about=about(), ports=ports(clock))
    for _ in range(2):
        upkeep(clock.at)
    assert told() == [("ai_down", "budget", "over_budget")]
    clock.later(hours=12)
    for _ in range(2):
        upkeep(clock.at)
    assert told()[1:] == [("ai_back", "budget", "")]


def test_raised_cap_ends_the_trouble_at_once(clock: Clock, settings: Settings) -> None:
    settings.AI_DAILY_USD = Decimal("0.001")
    ask(request(), providers=[Told([answer()])], about=about(), ports=ports(clock))
    upkeep(clock.at)
    settings.AI_DAILY_USD = Decimal(1)
    upkeep(clock.later(seconds=2))
    assert [kind for kind, _, _ in told()] == ["ai_down", "ai_back"]
    found = ask(request(), providers=[Told([answer()])], about=about(), ports=ports(clock))
    assert found.reply.failure is None


def test_cap_of_zero_is_what_somebody_wanted_and_alarms_nobody(
    clock: Clock, settings: Settings
) -> None:
    settings.AI_DAILY_USD = Decimal(0)
    ask(request(), providers=[Told([answer()])], about=about(), ports=ports(clock))
    upkeep(clock.at)
    assert told() == []


def test_small_calls_that_still_find_room_do_not_end_the_trouble(
    clock: Clock, settings: Settings
) -> None:
    settings.AI_DAILY_USD = Decimal("0.02")
    provider = Told([answer(usage=None)])
    ask(request(), providers=[provider], about=about(), ports=ports(clock))
    ask(request(max_tokens=5000), providers=[provider], about=about(), ports=ports(clock))
    upkeep(clock.at)
    small = Told([answer(usage=Usage(output=1))], models={"decide": "claude-haiku-5-5"})
    assert ask(request(), providers=[small], about=about(), ports=ports(clock)).call
    upkeep(clock.later(seconds=2))
    assert [kind for kind, _, _ in told()] == ["ai_down"]


def test_each_provider_has_the_whole_time_and_the_row_tells_how_long_it_took(
    clock: Clock,
) -> None:
    provider = Told([answer()], during=lambda: clock.later(seconds=1.25))
    found = ask(request(), providers=[provider], about=about(), ports=ports(clock))
    assert found.call is not None
    assert (found.call.latency_ms, found.call.finished_at) == (1250, NOON + timedelta(seconds=1.25))
