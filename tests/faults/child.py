"""`python -m tests.faults.child`: the product loaded once, a forked process for each pass.

Reads one JSON command a line, answers one JSON document a line.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402  after setup()
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from monitoring.engine import default_ports, run_pass  # noqa: E402
from monitoring.lease import LeaseHeldError, LeaseLostError  # noqa: E402
from monitoring.schedules import look_again  # noqa: E402
from positions.markets import market_ensure, resolve_reference  # noqa: E402
from positions.services import position_open  # noqa: E402
from tests.faults.filling import fill  # noqa: E402
from tests.faults.forks import in_a_fork, in_forks  # noqa: E402
from tests.faults.judging import (  # noqa: E402
    answer,
    audit,
    by_itself,
    decide,
    decide_at_once,
    mention,
)
from tests.faults.outage import outage  # noqa: E402
from tests.faults.outbox import deliver, note, second_channel, switch_on, tell  # noqa: E402
from tests.faults.soaking import soak  # noqa: E402
from tests.faults.tripwire import Tripwire  # noqa: E402


def hold(reference: str, shares: str, policy: dict[str, Any]) -> int:
    """A position at 50 cents in the market meant; its id. A pass is asked for."""
    now = timezone.now()
    position = position_open(
        market=market_ensure(resolve_reference(reference)),
        entry_price=Decimal("0.50"),
        shares=Decimal(shares),
        now=now,
        policy=policy,
    )
    look_again("monitor", now)
    return position.pk


def one_pass(kill_at: int | None = None) -> dict[str, Any]:
    """A pass in a process of its own, killed at its call number `kill_at` of a port.

    `steps`: the names of the steps it reached; `signal`: 9 when it was killed; `outcome`: how it
    ended otherwise.
    """
    lines, status = in_a_fork(lambda told: _wired_pass(told, kill_at))
    ended = lines.pop() if lines and lines[-1].startswith("ended ") else ""
    return {"steps": lines, "signal": status & 0x7F, "outcome": ended.removeprefix("ended ")}


def login() -> str:
    """The Cookie header of a signed-in administrator."""
    client, user = (
        Client(),
        get_user_model().objects.get_or_create(
            username="prover", defaults={"is_superuser": True, "is_staff": True}
        )[0],
    )
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def passes(kills: list[int | None]) -> list[int]:
    """As many passes at once, each killed at its call or never; the signals that ended them."""

    def work(kill_at: int | None) -> Callable[[Callable[[str], None]], None]:
        return lambda told: _wired_pass(told, kill_at)

    return [status & 0x7F for _, status in in_forks([work(kill_at) for kill_at in kills])]


def monitor() -> dict[str, Any]:
    """`manage.py monitor --json` in a process of its own: its document, and `queries`: how many
    statements it sent to the database.
    """
    lines, status = in_a_fork(_counted_command)
    if status or not lines:
        raise RuntimeError(f"monitor ended with {status}: {lines}")
    document: dict[str, Any] = json.loads(lines[0])
    return document


def _wired_pass(told: Callable[[str], None], kill_at: int | None) -> None:
    try:
        run_pass(Tripwire(told, kill_at).ports(default_ports()))
    except (LeaseHeldError, LeaseLostError) as error:
        told(f"ended {type(error).__name__}")
        return
    told("ended well")


def _counted_command(told: Callable[[str], None]) -> None:
    count, out = 0, StringIO()

    def counting(execute: Any, *args: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*args)

    with connection.execute_wrapper(counting):
        call_command("monitor", "--json", stdout=out)
    told(json.dumps({**json.loads(out.getvalue()), "queries": count}))


COMMANDS: dict[str, Callable[..., Any]] = {
    "hold": hold,
    "pass": one_pass,
    "passes": passes,
    "login": login,
    "monitor": monitor,
    "tell": tell,
    "deliver": deliver,
    "fill": fill,
    "note": note,
    "outage": outage,
    "soak": soak,
    "second_channel": second_channel,
    "switch_on": switch_on,
    "answer": answer,
    "audit": audit,
    "by_itself": by_itself,
    "decide": decide,
    "decide_at_once": decide_at_once,
    "mention": mention,
}


def main() -> None:
    for line in sys.stdin:
        command = json.loads(line)
        answer = COMMANDS[command.pop("do")](**command)
        connections.close_all()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
