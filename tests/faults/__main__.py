"""`make faults`: the tables of docs/reliability.md, measured now."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults import advice_tables, alert_tables, power_table, tables, watch_tables
from tests.servers import Postgres, postgres_programs, running_postgres

PARTS = {
    "steps": tables.steps,
    "processes": tables.processes,
    "storm": tables.storms,
    "oracle": tables.watch,
    "alerts": alert_tables.steps,
    "answers": alert_tables.answers,
    "outage": alert_tables.outages,
    "repeats": alert_tables.repeats,
    "detection": watch_tables.detection,
    "restarts": watch_tables.restarts,
    "powercut": power_table.powercuts,
    "advice": advice_tables.advice,
}


def main() -> int:
    """Runs all parts on both databases; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="of random kills, per database")
    parser.add_argument("--kills", type=int, default=34, help="per crash point and answer")
    parser.add_argument("--decisions", type=int, default=250, help="taken up by four passes each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=tuple(PARTS), action="append")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    options = parser.parse_args()
    wrong: list[str] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped
    with servers(options.database or ["sqlite", "postgresql"]) as databases:
        for name, server in databases.items():
            for part in options.part or PARTS:
                wrong += PARTS[part](name, server, options)
    print("\n".join(wrong) if wrong else "Nothing was sold twice, left unsold or left untold.")
    return int(bool(wrong))


@contextmanager
def servers(names: list[str]) -> Iterator[dict[str, Postgres | None]]:
    """{name: a server, None for SQLite}; PostgreSQL is left out, and named, where it is missing."""
    programs = postgres_programs()
    found: dict[str, Postgres | None] = {"sqlite": None} if "sqlite" in names else {}
    if "postgresql" in names and programs is None:
        print("PostgreSQL is not installed: measured on SQLite only.")
    if "postgresql" not in names or programs is None:
        yield found
        return
    with running_postgres(programs) as server:
        yield found | {"postgresql": server}


if __name__ == "__main__":
    sys.exit(main())
