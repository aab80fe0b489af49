"""Dumps of a release's database in the middle of its work, for test_upgrade.py.

Run with the code of that release as the current folder, once for each release:
`PYTHONPATH=. python .../tests/releases/make.py TARGET VERSION`. It makes VERSION.sqlite.sql,
VERSION.postgresql.sql (plain INSERTs) and VERSION.exchange.jsonl, what the venue had executed.

In it: a position sold and told, one sold and not yet told, one open and calm; and a pass killed at
its second sale: one exit partly sold, one sold at the venue and not booked, one still pending.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.ground import BELOW, POSITION, Ground
from tests.servers import postgres_programs, running_postgres

SOLD = "sold, answer not taken"
SETUP = "from monitoring.setup import install; install(print)"
DELIVER = "from monitoring.alerts.sending.delivery import deliver_due; print(deliver_due())"
DISPATCH = (
    "from django.utils import timezone; from monitoring.alerts.dispatch import dispatch;"
    " print(dispatch(now=timezone.now()))"
)


def scenario(ground: Ground, kill_at: int | None) -> list[str]:
    """The steps of its last pass."""
    run = ground.installation.manage
    run("shell", "-c", SETUP)
    ground.hold()
    ground.hand.ask("pass")
    run("shell", "-c", DELIVER)
    ground.hold()
    ground.hand.ask("pass")
    run("shell", "-c", DISPATCH)
    ground.hold(stop_loss_price="0.10")
    thin = len(ground.polymarket.venue.markets) + 1
    for _ in range(3):
        ground.hold()
    token = [market.tokens[0] for market in ground.polymarket.venue.markets.values()][thin - 1]
    ground.exchange.set_book(token, [(BELOW, str(int(POSITION) * 4 // 10))])
    answer = ground.hand.ask("pass", kill_at=kill_at)
    return list(answer["steps"])


def made(urls: tuple[str | None, str | None], target: Path, version: str) -> None:
    """Plays the scenario twice, each time on a database of its own: the first tells where to kill."""
    with tempfile.TemporaryDirectory() as folder, Ground(Path(folder), urls[0]) as ground:
        steps = scenario(ground, None)
    kill_at = [number for number, step in enumerate(steps, 1) if step == SOLD][1]
    with tempfile.TemporaryDirectory() as folder, Ground(Path(folder), urls[1]) as ground:
        scenario(ground, kill_at)
        name = "postgresql" if urls[1] else "sqlite"
        dump = postgres_dump(urls[1]) if urls[1] else sqlite_dump(Path(folder) / "db.sqlite3")
        head = f"-- {version}, {datetime.now(UTC):%Y-%m-%d %H:%M:%S}\n"
        (target / f"{version}.{name}.sql").write_text(head + dump)
        executed = (Path(folder) / "exchange.jsonl").read_bytes()
        (target / f"{version}.exchange.jsonl").write_bytes(executed)


def sqlite_dump(path: Path) -> str:
    with closing(sqlite3.connect(path)) as file:
        return "\n".join(file.iterdump()) + "\n"


def postgres_dump(url: str) -> str:
    programs = postgres_programs()
    assert programs is not None
    command = [str(programs / "pg_dump"), "--inserts", "--no-owner", "--no-privileges", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    kept = [line for line in text.splitlines() if line and not line.startswith(("--", "\\"))]
    return "\n".join(kept) + "\n"


def main(target: Path, version: str) -> None:
    made((None, None), target, version)
    programs = postgres_programs()
    assert programs is not None
    with running_postgres(programs) as server:
        made((server.database(), server.database()), target, version)


if __name__ == "__main__":
    os.environ.pop("DATABASE_URL", None)
    main(Path(sys.argv[1]).absolute(), sys.argv[2])
