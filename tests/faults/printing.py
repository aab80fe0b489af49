"""Where a part of `make faults` stands, and how it prints its table."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.ground import Ground
from tests.faults.processes import Product
from tests.servers import Postgres


@contextmanager
def ground_of(server: Postgres | None, *, venue: bool = True, **more: str) -> Iterator[Ground]:
    url = server.database() if server else None
    with (
        tempfile.TemporaryDirectory(prefix="pm-faults-") as folder,
        Ground(Path(folder), url, venue=venue, **more) as ground,
    ):
        yield ground


@contextmanager
def product_of(server: Postgres | None) -> Iterator[Product]:
    with ground_of(server) as ground:
        yield Product(ground).begin()


def heading(*names: str) -> None:
    print(f"| {' | '.join(names)} |")
    print(f"|{'---|' * len(names)}", flush=True)


def lines(found: Mapping[str, Any]) -> None:
    """A table of two columns."""
    heading("what", "how many")
    for what, number in found.items():
        print(f"| {what} | {number} |", flush=True)
