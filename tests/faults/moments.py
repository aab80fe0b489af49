"""The moments of an exit and of its alert at which processes of the running product are killed.

A server holds an answer back, or the test holds a lock in the product's own database: meanwhile the
product stands at a known step.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.fakes.server import FakeServer
from tests.faults.ground import Ground
from tests.installation import Installation

HELD_BACK = 1.5  # seconds
TOLD_TO_WAIT = 3.0  # seconds, by a 429
CURSOR = "SELECT 1 FROM monitoring_cursor WHERE name = 'alerts' FOR UPDATE"
NOTIFICATIONS = "LOCK TABLE monitoring_notification IN SHARE MODE"
SETTLED = 0.3  # seconds after which what was answered has been written, or waits for our lock


@dataclass(frozen=True)
class Moment:
    """`arrange` makes the product stop there, `reached` says that it has, `let_go` that it may go
    on; `repeats`: how many messages may come a second time after a kill at this moment.
    """

    name: str
    arrange: Callable[[Ground], None]
    reached: Callable[[Ground], bool]
    repeats: int = 0
    let_go: Callable[[Ground], None] = lambda ground: None
    unleased: bool = False


class Lock:
    """Whatever `statement` locks (on SQLite: everything) cannot be written until `release`."""

    def __init__(self, installation: Installation, statement: str) -> None:
        self.taken, self.installation = time.monotonic(), installation
        self.connection: Any
        if installation.database_url:
            self.connection = psycopg.connect(installation.database_url)
            self.connection.execute(statement.encode())
        else:
            path = installation.home / "db.sqlite3"
            self.connection = sqlite3.connect(path, timeout=20, isolation_level=None)
            self.connection.execute("BEGIN IMMEDIATE")

    def is_waited_for(self) -> bool:
        """Whether a process of the product stands before it; SQLite cannot say, there time does."""
        if isinstance(self.connection, sqlite3.Connection):
            return time.monotonic() - self.taken > SETTLED
        # Asked outside our own transaction, in which the view stays as it was at the first look.
        found = self.installation.query(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(found[0][0])

    def release(self) -> None:
        self.connection.rollback()
        self.connection.close()


def held_back(server: FakeServer, path: str) -> bool:
    """Whether a call to this path has been held back."""
    return any(call.fault == "hang" for call in server.requests(path))


def _hold(server: FakeServer, route: str, method: str, *, after: bool = False) -> None:
    server.calls.clear()
    server.knob("hang", route=route, method=method, times=1, seconds=HELD_BACK, after=after)


def _hold_alert(ground: Ground) -> None:
    _hold(ground.discord, "api/webhooks/*", "POST", after=True)


def _lost_and_asked(ground: Ground) -> None:
    ground.exchange.lose_answers(1)
    _hold(ground.exchange, "orders/*", "GET")


def _nothing(ground: Ground) -> None:
    ground.exchange.calls.clear()
    ground.discord.calls.clear()


def _take(ground: Ground, statement: str) -> None:
    ground.lock = Lock(ground.installation, statement)


def _release(ground: Ground) -> None:
    if ground.lock is not None:
        ground.lock.release()
        ground.lock = None


def _bar_dispatch(ground: Ground) -> None:
    """On PostgreSQL the dispatch alone can be barred, before the alert exists."""
    if ground.installation.database_url:
        _take(ground, CURSOR)


def _dispatching(ground: Ground) -> bool:
    if ground.lock is None and ground.untold():  # SQLite: as soon as there is something to tell
        _take(ground, CURSOR)
    return ground.lock is not None and ground.lock.is_waited_for() and bool(ground.untold())


def _told_to_wait(ground: Ground) -> None:
    ground.discord.calls.clear()
    ground.discord.plan({"kind": "429", "retry_after": TOLD_TO_WAIT})


def _waiting(ground: Ground) -> bool:
    return any(c.status == 429 and time.time() - c.at > SETTLED for c in ground.discord.calls)


def _writing(ground: Ground) -> bool:
    """The answer is held back until we bar the writing of it."""
    if ground.lock is None:
        if held_back(ground.discord, "/webhooks/"):
            _take(ground, NOTIFICATIONS)
        return False
    calls = [call for call in ground.discord.calls if call.fault == "hang" and call.status]
    answered = any(time.time() - call.at > HELD_BACK + SETTLED for call in calls)
    return answered and ground.lock.is_waited_for()


def _newly_sent(ground: Ground) -> bool:
    return any(call.status in {200, 204} for call in ground.discord.requests("/webhooks/"))


EXIT_MOMENTS = (
    Moment(
        "prices asked for",
        lambda ground: _hold(ground.polymarket, "clob/books", "POST"),
        lambda ground: held_back(ground.polymarket, "/books"),
    ),
    Moment(
        "order sent, not executed yet",
        lambda ground: _hold(ground.exchange, "orders", "POST"),
        lambda ground: held_back(ground.exchange, "/orders"),
    ),
    Moment(
        "order executed, not answered yet",
        lambda ground: _hold(ground.exchange, "orders", "POST", after=True),
        lambda ground: held_back(ground.exchange, "/orders") and bool(ground.exchange.sold()),
    ),
    Moment(
        "answer lost, venue being asked",
        _lost_and_asked,
        lambda ground: held_back(ground.exchange, "/orders/"),
    ),
    Moment(
        "order answered, being booked",
        _nothing,
        lambda ground: any(call.status for call in ground.exchange.requests("/orders")),
    ),
)
ALERT_MOMENTS = (
    Moment(
        "alert recorded, dispatch not committed", _bar_dispatch, _dispatching, 0, _release, True
    ),
    Moment("alert dispatched, told to wait (429)", _told_to_wait, _waiting, unleased=True),
    Moment(
        "alert on its way",
        lambda ground: _hold(ground.discord, "api/webhooks/*", "POST"),
        lambda ground: held_back(ground.discord, "/webhooks/"),
        1,
    ),
    Moment(
        "alert delivered, not answered yet",
        _hold_alert,
        lambda ground: held_back(ground.discord, "/webhooks/"),
        1,
    ),
    Moment("alert answered, not written", _hold_alert, _writing, 1, _release),
    # An answer is written within milliseconds; a kill that is faster repeats that one message.
    Moment("alert answered and written", _nothing, _newly_sent, 1, unleased=True),
)
MOMENTS = (*EXIT_MOMENTS, *ALERT_MOMENTS)
