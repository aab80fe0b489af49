"""A person's change and a pass at the same moment: neither writes over the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from django.db import connection, connections

from positions.journal import APPEND_LOCK
from positions.models import Exit, Mark, Position, Strategy
from positions.services import (
    ServiceError,
    StaleError,
    policy_set,
    position_close_request,
    rule_arm,
    strategy_policy_set,
    thesis_set,
)
from tests.monitoring.engine.house import House, kinds
from tests.servers import wait_until

pytestmark = [pytest.mark.both_dbs, pytest.mark.django_db(transaction=True)]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}


class Task(threading.Thread):
    """A call in a thread, with a database connection of its own."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__()
        self.call = call
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.call()
        except Exception as error:  # noqa: BLE001  told by `end`
            self.error = error
        finally:
            connections.close_all()

    def end(self) -> None:
        self.join(20)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error


@contextmanager
def journal_held() -> Iterator[None]:
    """Nobody can finish a change: its journal entry waits here (SQLite: its first statement)."""
    with closing(connection.copy()) as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            if other.vendor == "postgresql":
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [APPEND_LOCK])
            else:
                cursor.execute("DELETE FROM positions_jsonsource WHERE id = -1")
        yield
        other.rollback()


def waiting(number: int) -> Callable[[], bool]:
    """Whether so many connections of this database wait for a lock; SQLite cannot tell."""

    def look() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool(cursor.fetchone()[0] >= number)

    return look if connection.vendor == "postgresql" else lambda: True


def test_rule_changed_while_a_pass_writes_is_judged_next(house: House) -> None:
    """The pass would store the calm of the old rules over the new ones: a stop slept through."""
    position = house.position(policy=STOP)
    house.runs("0.50")
    house.says("A", "0.51")
    document = {**STOP, "stop_loss_price": "0.50"}
    with journal_held():
        change = Task(
            lambda: policy_set(
                position_id=position.pk, document=document, actor="ann", now=house.clock.at
            )
        )
        wait_until(waiting(1), seconds=5, what="the change's wait")
        run = Task(house.run)
        wait_until(waiting(2), seconds=5, what="the pass's wait")
    change.end()
    run.end()
    house.clock.later(30)
    house.says("A", "0.50")
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


def test_close_by_hand_while_a_pass_decides_makes_one_exit(house: House) -> None:
    position = house.position(policy=STOP)
    house.says("A", "0.44")
    with journal_held():
        request = Task(
            lambda: position_close_request(position_id=position.pk, actor="ann", now=house.clock.at)
        )
        wait_until(waiting(1), seconds=5, what="the request's wait")
        run = Task(house.run)
        wait_until(waiting(2), seconds=5, what="the pass's wait")
    run.end()
    try:
        request.end()
    except ServiceError:
        assert connection.vendor == "sqlite"  # the pass was first: sold already
    assert (Exit.objects.count(), kinds(told="exit_done")) == (1, ["exit_done"])


@pytest.mark.parametrize("change", ["policy", "thesis", "strategy"])
def test_change_during_a_running_exit_is_refused(house: House, change: str) -> None:
    position = house.position(policy=STOP)
    strategy = Strategy.objects.create(name="mine")
    Position.objects.filter(pk=position.pk).update(strategy=strategy)
    house.says("A", "0.44")
    house.exchange.plan.append(house.exchange.lose_order)
    house.run()
    who: dict[str, Any] = {"actor": "ann", "now": house.clock.at}
    before = (kinds(), Mark.objects.values().get())
    changes: dict[str, Callable[[], None]] = {
        "policy": lambda: policy_set(position_id=position.pk, document={}, confirmed=True, **who),
        "thesis": lambda: thesis_set(position_id=position.pk, text="new", **who),
        "strategy": lambda: strategy_policy_set(strategy=strategy, document={}, **who),
    }
    with pytest.raises(ServiceError, match="running"):
        changes[change]()
    assert (kinds(), Mark.objects.values().get()) == before


def test_stale_version_is_refused(house: House) -> None:
    position = house.position(policy=STOP)
    seen = position.version
    who: dict[str, Any] = {"actor": "ann", "now": house.clock.at}
    thesis_set(position_id=position.pk, version=seen, text="first", **who)
    with pytest.raises(StaleError):
        thesis_set(position_id=position.pk, version=seen, text="second", **who)
    with pytest.raises(StaleError):
        policy_set(position_id=position.pk, version=seen, document={}, **who)
    position.refresh_from_db()
    assert (position.thesis.text, kinds(), position.version) == (
        "first",
        ["thesis_changed"],
        seen + 1,
    )


def test_sale_moves_the_version(house: House) -> None:
    """A form that was open meanwhile is refused."""
    position = house.position(policy={"take_profit": [{"pct": "10", "sell_pct": "50"}]})
    house.runs("0.55")
    with pytest.raises(StaleError):
        thesis_set(
            position_id=position.pk,
            version=position.version,
            text="x",
            actor="ann",
            now=house.clock.at,
        )


def test_arming_while_a_pass_runs_is_not_written_over(house: House) -> None:
    position = house.position(policy=STOP, age=601)
    house.runs("0.44")

    def arm() -> None:
        rule_arm(position_id=position.pk, rule="stop_loss", actor="ann", now=house.clock.at)

    house.sources["polymarket"].on_read = arm
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]
