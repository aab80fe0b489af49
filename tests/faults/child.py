"""`python -m tests.faults.child`: the product loaded once, a forked process for each pass.

Reads one JSON command a line, answers one JSON document a line. A fork is a process like any other
for the database, the lease and SIGKILL, and costs a twentieth of a new interpreter.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from decimal import Decimal
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
django.setup()

from django.db import connections  # noqa: E402  after setup()
from django.utils import timezone  # noqa: E402

from monitoring.engine import default_ports, run_pass  # noqa: E402
from monitoring.lease import LeaseHeldError, LeaseLostError  # noqa: E402
from monitoring.schedules import look_again  # noqa: E402
from positions.markets import market_ensure  # noqa: E402
from positions.services import position_open  # noqa: E402
from positions.venues.base import MarketInfo  # noqa: E402
from tests.faults.tripwire import Tripwire  # noqa: E402


def hold(token: str, shares: str, policy: dict[str, Any]) -> int:
    """A position at 50 cents in a market of its own; the position's id. A pass is asked for."""
    info = MarketInfo(
        venue="polymarket",
        key=f"0x{token}",
        outcome="Yes",
        token=token,
        question=f"Market {token}?",
        payout=Decimal(1),
        tick=Decimal("0.01"),
        min_size=Decimal(5),
    )
    now = timezone.now()
    position = position_open(
        market=market_ensure(info),
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
    connections.close_all()  # a fork must not share them
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _forked(writing, kill_at)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        lines = pipe.read().splitlines()
    status = os.waitpid(pid, 0)[1]
    ended = lines.pop() if lines and lines[-1].startswith("ended ") else ""
    return {"steps": lines, "signal": status & 0x7F, "outcome": ended.removeprefix("ended ")}


def _forked(writing: int, kill_at: int | None) -> None:
    def told(line: str) -> None:
        os.write(writing, f"{line}\n".encode())

    try:
        run_pass(Tripwire(told, kill_at).ports(default_ports()))
        told("ended well")
    except (LeaseHeldError, LeaseLostError) as error:
        told(f"ended {type(error).__name__}")
    except BaseException:  # noqa: BLE001  a fork must not go on as its parent
        traceback.print_exc()
        told("ended in an error")
    finally:
        os._exit(0)


COMMANDS = {"hold": hold, "pass": one_pass}


def main() -> None:
    for line in sys.stdin:
        command = json.loads(line)
        answer = COMMANDS[command.pop("do")](**command)  # type: ignore[operator]
        connections.close_all()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
