"""`python -m tests.faults.powercut_child EXITS LEVEL`: exits, each acknowledged once it is committed.

The acknowledgements go through the same record as the database's writes (`powercut.c`), so that it
is known what had been promised when the power went. LEVEL: FULL as the product sets it, or another
of SQLite's, for which less is promised.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402

from tests.monitoring.engine.house import House  # noqa: E402

STOP = {"stop_loss_price": "0.45", "confirm_seconds": "0"}
FOLD_BACK_EVERY = 7  # exits; by itself SQLite would after more than a hundred


class Witness:
    """Writes one line for each thing that the outside may rely on from now on."""

    def __init__(self, path: Path) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def tell(self, *words: object) -> None:
        os.write(self.file, f"{' '.join(map(str, words))}\n".encode())


def main(exits: int, level: str) -> None:
    """Holds and sells so many positions, one after the other."""
    connection_created.connect(lambda connection, **_: weaken(connection, level), weak=False)
    witness = Witness(Path(os.environ["POWERCUT_FOLDER"]) / "acknowledged")
    house = House()
    house.exchange.before = lambda order: witness.tell("sent", *order.key.split("-")[1:])
    for number in range(exits):
        name = f"M{number}"
        house.says(name, "0.44")
        position = house.position(name, policy=STOP)
        witness.tell("held", position.pk)
        (sold,) = house.run().exits
        witness.tell("sold", sold["position"], sold["state"])
        house.clock.later(30)
        if number % FOLD_BACK_EVERY == FOLD_BACK_EVERY - 1:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def weaken(connection: Any, level: str) -> None:
    """After the product's own PRAGMAs."""
    if level != "FULL":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous={level}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
