"""One pass at a time; one that was overtaken changes nothing any more."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model

from monitoring.lease import (
    LENGTH,
    LeaseHeldError,
    LeaseLostError,
    acquire,
    identity,
    is_dead,
)
from monitoring.models import Lease, MonitorRun, Trigger
from positions.models import Exit, Fill, JournalEntry, Mark, Position, Quote
from positions.venues.base import Order, Report, TransientError, UncertainError
from tests.monitoring.engine.house import House, kinds
from tests.positions.holdings import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}
HERE = socket.gethostname()


Rows = list[list[Any]]
WRITTEN: tuple[type[Model], ...] = (
    Position,
    Mark,
    Quote,
    Exit,
    Fill,
    JournalEntry,
    Trigger,
    Lease,
)


def everything() -> Rows:
    """All rows that a pass may write, except its own."""
    return [list(model._default_manager.order_by("pk").values()) for model in WRITTEN]


def dead() -> str:
    """The identity of a process of this machine that lives no more."""
    process = subprocess.Popen(["true"])
    process.wait()
    return f"{HERE}:{process.pid}:1"


class TestLease:
    def test_fence_grows_with_every_holder(self) -> None:
        fences = []
        for _ in range(3):
            held = acquire("monitor", now=NOON)
            held.release(NOON)
            fences.append(held.fence)
        assert fences == [1, 2, 3]

    def test_living_holder_is_left_alone_until_the_deadline(self) -> None:
        acquire("monitor", now=NOON)
        with pytest.raises(LeaseHeldError, match=identity()):
            acquire("monitor", now=NOON + LENGTH - timedelta(seconds=1))
        assert acquire("monitor", now=NOON + LENGTH).fence == 2

    def test_renewing_moves_the_deadline(self) -> None:
        held = acquire("monitor", now=NOON)
        held.renew(NOON + timedelta(seconds=60))
        with pytest.raises(LeaseHeldError):
            acquire("monitor", now=NOON + LENGTH)

    def test_dead_holder_is_succeeded_at_once(self) -> None:
        Lease.objects.create(name="monitor", holder=dead(), fence=7, expires_at=NOON + LENGTH)
        assert acquire("monitor", now=NOON).fence == 8

    @pytest.mark.parametrize(
        ("holder", "gone"),
        [
            (identity, False),
            (dead, True),
            (lambda: f"{HERE}:{os.getpid()}:1", True),  # the pid was used again
            (lambda: "elsewhere:1:1", False),  # of another machine nothing is known
            (lambda: f"{HERE}:x:1", False),
        ],
    )
    def test_death_is_known_by_pid_and_start(self, holder: Callable[[], str], gone: bool) -> None:
        assert is_dead(holder()) is gone

    def test_overtaken_holder_can_neither_renew_nor_release(self) -> None:
        old = acquire("monitor", now=NOON)
        new = acquire("monitor", now=NOON + LENGTH)
        with pytest.raises(LeaseLostError), transaction.atomic():
            old.renew(NOON + LENGTH)
        old.release(NOON + LENGTH)
        row = Lease.objects.get()
        assert (row.holder, row.fence) == (identity(), new.fence)

    def test_two_leases_do_not_meet(self) -> None:
        assert (acquire("a", now=NOON).fence, acquire("b", now=NOON).fence) == (1, 1)


def test_second_pass_is_refused_while_the_first_reads(house: House) -> None:
    house.position(policy=STOP)
    house.says("A", "0.50")
    other = House()
    refused: list[str] = []

    def start_another() -> None:
        with pytest.raises(LeaseHeldError) as caught:
            other.run()
        refused.append(caught.value.holder)

    house.sources["polymarket"].on_read = start_another
    house.run()
    assert refused == [identity()]
    assert MonitorRun.objects.count() == 1


def overtake(house: House, bid: str) -> House:
    """Another pass, started after this one had been frozen beyond its lease."""
    house.clock.later(LENGTH.total_seconds())
    other = House()
    other.clock, other.exchange = house.clock, house.exchange
    hook, house.exchange.before = house.exchange.before, lambda order: None
    for name in house.sources["polymarket"].says:
        other.says(name, bid)
    other.run()
    house.exchange.before = hook
    return other


def once(act: Callable[[], object]) -> Callable[..., None]:
    """A hook that acts on its first call only."""
    calls: list[None] = []

    def hook(*_args: object) -> None:
        calls.append(None)
        if len(calls) == 1:
            act()

    return hook


def test_pass_frozen_while_it_reads_commits_nothing(house: House) -> None:
    """It has read 44.0¢, below the stop; by the time it wakes the price is 50.0¢."""
    house.position(policy=STOP)
    house.says("A", "0.44")
    after: list[Rows] = []

    def freeze() -> None:
        overtake(house, "0.50")
        after.append(everything())

    house.sources["polymarket"].on_read = once(freeze)
    with pytest.raises(LeaseLostError):
        house.run()
    assert everything() == after[0]
    assert (kinds(), house.exchange.sent) == ([], [])
    states = MonitorRun.objects.order_by("pk").values_list("state", "problem")
    assert list(states) == [("failed", "overtaken by another pass"), ("complete", "")]


def test_pass_frozen_while_it_waits_for_a_second_reading_sells_nothing(house: House) -> None:
    house.position(policy={"stop_loss_price": "0.45"})
    house.says("A", "0.44")
    sleep = house.clock.sleep
    house.clock.sleep = once(lambda: (sleep(3), overtake(house, "0.50")))  # type: ignore[method-assign]
    with pytest.raises(LeaseLostError):
        house.run()
    assert (kinds(), house.exchange.sent) == ([], [])


def test_pass_frozen_while_it_sells_books_nothing_and_claims_nothing(house: House) -> None:
    for name in "AB":
        house.position(name, policy=STOP)
        house.says(name, "0.44")
    after: list[Rows] = []

    def freeze() -> None:
        overtake(house, "0.44")
        after.append(everything())

    house.exchange.before = once(freeze)
    with pytest.raises(LeaseLostError):
        house.run()
    assert everything() == after[0]
    # The other pass sent A again under its own key, and B; the venue executed each key once.
    keys = [order.key for order in house.exchange.sent]
    assert (sorted(set(keys)), len(keys)) == (sorted(house.exchange.done), 3)
    assert house.exchange.sold == Decimal(200)
    assert kinds(told="exit_done") == ["exit_done"] * 2


@pytest.mark.parametrize("error", [TransientError("no"), UncertainError("no"), OSError("no")])
def test_overtaken_pass_cannot_set_an_exit_back(house: House, error: Exception) -> None:
    house.position(policy=STOP)
    house.says("A", "0.44")

    def fail(order: Order, book: object) -> Report:
        overtake(house, "0.44")
        raise error

    house.exchange.plan.append(fail)
    with pytest.raises(LeaseLostError):
        house.run()
    assert (Exit.objects.get().state, house.exchange.sold) == ("filled", Decimal(100))
    assert kinds(told="exit_failed") == []


def test_run_whose_process_died_is_told_as_failed(house: House) -> None:
    Lease.objects.create(name="monitor", holder=dead(), fence=7, expires_at=NOON + LENGTH)
    died = MonitorRun.objects.create(fence=7, started_at=NOON)
    house.run()
    died.refresh_from_db()
    assert (died.state, died.problem) == ("failed", "its process died")
    assert [run.state for run in MonitorRun.objects.order_by("pk")] == ["failed", "complete"]


def test_pass_that_failed_lets_the_next_begin_at_once(house: House) -> None:
    house.position(policy={"stop_loss_price": "0.45"})
    house.says("A", "0.44")
    sleep = house.clock.sleep

    def fail(seconds: float) -> None:
        house.clock.sleep = sleep  # type: ignore[method-assign]
        raise ZeroDivisionError

    house.clock.sleep = fail  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        house.run()
    house.run()
    found = MonitorRun.objects.order_by("pk").values_list("state", "problem")
    assert list(found) == [
        ("failed", "ZeroDivisionError: the pass failed, see the log"),
        ("complete", ""),
    ]
