"""The cap holds whatever dies, and whoever races for the last cents; the totals always match."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from pytest_django.fixtures import Settings

from monitoring.advisor import budget
from monitoring.advisor.gate import ask, upkeep
from monitoring.advisor.port import Failure, Reply, Usage
from monitoring.advisor.prices import bound
from monitoring.models import AICall, AIProvider, AISpend
from tests.monitoring.advisor.gating import (
    HAIKU,
    NOON,
    SONNET,
    Clock,
    Killed,
    Told,
    about,
    answer,
    failed,
    figures,
    ports,
    request,
    states,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_dbs]
EACH = bound(SONNET, request())
COST = 900 * 2 + 300 * 10  # of `answer`


@contextmanager
def killed_at(statement: int) -> Iterator[list[int]]:
    """The process dies when it is about to send its n-th SQL statement; gives how many it sent."""
    sent = [0]

    def wrapper(execute: Callable[..., Any], *args: Any) -> Any:
        sent[0] += 1
        if sent[0] == statement:
            raise Killed
        return execute(*args)

    with connection.execute_wrapper(wrapper):
        yield sent


def test_death_before_any_statement_leaves_totals_that_match_and_money_that_is_spent() -> None:
    """Every point of one call in turn, on a day of its own, until a call outlives the counting."""
    clock, statement = Clock(), 0
    while True:
        statement += 1
        clock.later(days=1)
        provider = Told([answer()])
        try:
            with killed_at(statement) as sent:
                ask(request(), providers=[provider], about=about(), ports=ports(clock))
        except Killed:
            pass
        day = clock.at.date()
        # Nobody is asked without a reservation, and an answer is paid for or reserved.
        assert (*figures(day), provider.asked) in {
            (0, 0, 0),
            (EACH, 0, 0),
            (EACH, 0, 1),
            (0, COST, 1),
        }
        upkeep(clock.at + timedelta(minutes=15))
        assert figures(day) in {(0, 0), (0, EACH), (0, COST)}
        if sent[0] < statement:
            break
    assert statement > 8
    assert "reserved" not in states()


def test_death_while_the_answer_is_on_its_way_has_spent_the_reservation() -> None:
    clock = Clock()
    with pytest.raises(Killed):
        ask(request(), providers=[Told([Killed()])], about=about(), ports=ports(clock))
    assert figures() == (EACH, 0)
    upkeep(clock.later(minutes=15))
    assert (figures(), states()) == ((0, EACH), ["expired"])


def some_reply(chance: random.Random) -> Reply | BaseException:
    usage = Usage(input=chance.randrange(400), output=chance.randrange(1000))
    replies: list[Reply | BaseException] = [
        answer(usage=usage),
        answer(usage=None),
        answer(usage=Usage(input=-1)),
        failed(Failure.REFUSED, status=200, usage=usage),
        failed(Failure.TIMEOUT),
        failed(Failure.OVERLOADED, status=529),
        failed(Failure.CONNECTION, usage=Usage()),
        failed(Failure.INVALID_OUTPUT, status=200),
        Reply(None, usage=usage, model="unheard-of"),
        ValueError("a bug"),
        Killed(),
    ]
    return chance.choice(replies)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_cap_holds_and_the_totals_match(settings: Settings, seed: int) -> None:
    settings.AI_DAILY_USD = Decimal(EACH * 6) / 1_000_000
    chance, clock = random.Random(seed), Clock()
    days = {clock.at.date()}
    for _ in range(60):
        model = chance.choice([SONNET, SONNET, HAIKU, "unheard-of"])
        provider = Told([some_reply(chance)], models={"decide": model})
        statement = chance.choice([0, 0, 0, chance.randrange(1, 20)])
        try:
            with killed_at(statement):
                ask(
                    request(),
                    providers=[provider, Told([some_reply(chance)], name="other")],
                    about=about(critical=chance.random() < 0.3),
                    ports=ports(clock),
                )
        except Killed:
            pass
        if chance.random() < 0.3:
            upkeep(clock.at)
        for day in days:
            assert sum(figures(day)) <= EACH * 6
        clock.later(minutes=chance.choice([0, 1, 7, 300]))
        days.add(clock.at.date())
    assert AICall.objects.count() > 20


def race(*calls: Callable[[], object]) -> None:
    """All at once, each with a connection of its own."""
    start, errors = threading.Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        try:
            start.wait(10)
            call()
        except BaseException as error:  # noqa: BLE001  told below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (errors, [thread for thread in threads if thread.is_alive()]) == ([], [])


@pytest.mark.parametrize(("critical", "room"), [(False, 4), (True, 5)])
def test_racers_for_the_last_cents_never_share_them(
    settings: Settings, *, critical: bool, room: int
) -> None:
    settings.AI_DAILY_USD = Decimal(EACH * 5) / 1_000_000  # of which one call's worth is held back
    # None is done before all that found room are out together: otherwise they would only queue.
    met = threading.Barrier(room)
    providers = [Told([answer(usage=None)], during=lambda: met.wait(20)) for _ in range(9)]

    def racer(provider: Told) -> Callable[[], object]:
        return lambda: ask(
            request(), providers=[provider], about=about(critical=critical), ports=ports(Clock())
        )

    race(*[racer(provider) for provider in providers])
    assert sum(one.asked for one in providers) == room
    assert figures() == (0, EACH * room)
    assert AISpend.objects.get().refusals == 9 - room


def test_call_that_expires_while_it_settles_is_counted_once() -> None:
    clock = Clock()
    with pytest.raises(Killed):
        ask(request(), providers=[Told([Killed()])], about=about(), ports=ports(clock))
    call = AICall.objects.get()
    late = clock.later(minutes=20)
    race(lambda: budget.settle(call, cost=7), lambda: upkeep(late), lambda: upkeep(late))
    assert figures() in {(0, 7), (0, EACH)}


def test_one_probe_goes_out_whoever_comes_at_the_same_moment() -> None:
    AIProvider.objects.create(name="anthropic", failures=5, open_until=NOON)
    provider = Told([answer()])
    out = threading.Event()
    provider.during = lambda: out.wait(0.2)
    race(
        *[
            lambda: ask(request(), providers=[provider], about=about(), ports=ports(Clock()))
            for _ in range(4)
        ]
    )
    assert provider.asked == 1
