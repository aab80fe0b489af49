"""Each step of a pass, killed once on each database, with a venue that loses an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.ground import Ground
from tests.faults.steps import TROUBLES, Row, killed_at_every_step

Prepare = Callable[..., Ground]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """DATABASE_URL of a new database, None for SQLite's own file."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres").database()
    return url


@pytest.fixture
def ground(database: str | None, tmp_path: Path) -> Iterator[Ground]:
    with Ground(tmp_path, database) as made:
        yield made


EVERY_STEP = {
    "before the lease",
    "lease taken",
    "prices asked for",
    "prices read",
    "judged, not committed",
    "committed, inside the claim",
    "claimed, not sent",
    "answer lost",
    "venue asked, answer not taken",
    "sold, answer not taken",
    "answered, not booked",
    "inside the booking",
    "booked, before the next claim",
    "all booked, ending",
}


def test_pass_killed_at_every_step_sells_once(ground: Ground) -> None:
    rows = killed_at_every_step(ground, TROUBLES["answer lost"])
    assert rows.keys() == EVERY_STEP
    assert sound(rows) == []


def sound(rows: dict[str, Row]) -> list[str]:
    return [f"{step}: {wrong}" for step, row in rows.items() for wrong in row.wrong]
