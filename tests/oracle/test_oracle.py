"""The exits of the running product equal those of an oracle that knows only books and rules."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MISSING
from tests.faults.ground import Ground
from tests.oracle.frames import RECORDED, made, thinned
from tests.oracle.watch import expected_of, hold_all, load, sold

SMALL = ("20",)
QUERIES = 50  # of a pass and a look for questions, however many the positions (here 20 and 60)


@pytest.fixture(params=["sqlite", "postgresql"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").database()
    with Ground(tmp_path, url, venue=False) as found:
        yield found


def recorded(request: pytest.FixtureRequest, every: int, folder: Path) -> tuple[Path, Path]:
    if not RECORDED.exists():
        if os.environ.get("CI", "").lower() not in {"true", "1"}:
            request.config.stash[MISSING].add("the recorded books")
        pytest.skip("the recorded books of ../shared/data are not here")
    return thinned(every, folder)


def watch(ground: Ground, passes: int) -> list[dict[str, Any]]:
    """So many runs of `monitor --json`, each in a process of its own; their documents."""
    return [ground.hand.ask("monitor") for _ in range(passes)]


def held_against_the_oracle(
    ground: Ground, positions: list[dict[str, Any]], documents: list[dict[str, Any]]
) -> None:
    found, expected = sold(ground), expected_of(ground, positions)
    assert found == expected
    assert {fill[1] for fill in found} == {"stop_loss", "take_profit", "trailing_stop"}
    verdict = ground.verdict(alerts=False)
    assert (verdict.gaps, verdict.sold_twice) == ([], [])
    assert [error for document in documents for error in document["errors"]] == []


def asked_no_more(documents: list[dict[str, Any]]) -> None:
    """Passes that sold nothing ask the database the same few questions to the end."""
    calm = [d["queries"] for d in documents if not d["triggers"] and not d["exits"]]
    assert (len(calm) > 10, max(calm) < QUERIES) == (True, True)


@pytest.mark.parametrize("confirm", ["0", "0.3"])
def test_made_up_books(ground: Ground, tmp_path: Path, confirm: str) -> None:
    frames = load(ground, made(tmp_path))
    # A second reading belongs to the breached positions alone: no rest of another waits there.
    sizes = SMALL if float(confirm) else ("100", "2500.5")
    positions = hold_all(ground, confirm=confirm, sizes=sizes)
    documents = watch(ground, frames)
    held_against_the_oracle(ground, positions, documents)
    if not float(confirm):  # one reading for each pass
        asked_no_more(documents)


def test_recorded_books(ground: Ground, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    frames = load(ground, recorded(request, 12, tmp_path))
    positions = hold_all(ground, confirm="0")
    documents = watch(ground, frames)
    held_against_the_oracle(ground, positions, documents)
    asked_no_more(documents)
