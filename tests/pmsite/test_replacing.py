from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest

from pmsite.replacing import PLAN, Swap, commit, finish


def database(path: Path, word: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("CREATE TABLE t (word)")
        file.execute("INSERT INTO t VALUES (?)", [word])
        file.commit()


def word(path: Path) -> str:
    with closing(sqlite3.connect(path)) as file:
        return str(file.execute("SELECT word FROM t").fetchone()[0])


@pytest.fixture
def swaps(tmp_path: Path) -> list[Swap]:
    """An old database with a log beside it, a new one, and their keys."""
    for name in ("staging", "kept"):
        (tmp_path / name).mkdir()
    database(tmp_path / "db", "old")
    database(tmp_path / "staging" / "db", "new")
    (tmp_path / "key").write_text("old")
    (tmp_path / "staged-key").write_text("new")
    return [
        Swap(str(tmp_path / "staging" / "db"), str(tmp_path / "db"), str(tmp_path / "kept" / "db")),
        Swap(str(tmp_path / "staged-key"), str(tmp_path / "key"), str(tmp_path / "kept" / "key")),
    ]


def both(folder: Path) -> tuple[str, str]:
    return word(folder / "db"), (folder / "key").read_text()


def test_plan_replaces_both_and_keeps_what_was_there(tmp_path: Path, swaps: list[Swap]) -> None:
    commit(tmp_path, swaps)
    assert finish(tmp_path)
    assert (both(tmp_path), both(tmp_path / "kept")) == (("new", "new"), ("old", "old"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["db", "kept", "key"]


def test_without_a_plan_nothing_is_touched(tmp_path: Path, swaps: list[Swap]) -> None:
    assert not finish(tmp_path)
    assert both(tmp_path) == ("old", "old")


def test_log_of_the_old_database_never_meets_the_new_one(tmp_path: Path, swaps: list[Swap]) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as left_open:  # as a killed process leaves it
        left_open.execute("UPDATE t SET word = 'only in the log'")
        left_open.commit()
        commit(tmp_path, swaps)
        assert (tmp_path / "db-wal").stat().st_size > 0
        finish(tmp_path)
    assert (word(tmp_path / "db"), word(tmp_path / "kept" / "db")) == ("new", "only in the log")


@pytest.mark.parametrize("done", range(5))
def test_plan_cut_off_anywhere_is_carried_out_at_the_next_start(
    tmp_path: Path, swaps: list[Swap], done: int
) -> None:
    """The renames of a plan in their order; the first `done` of them had happened."""
    commit(tmp_path, swaps)
    renames = [(name, way) for swap in swaps for name, way in steps(swap)]
    for source, target in renames[:done]:
        Path(source).replace(target)
    assert finish(tmp_path)
    assert (both(tmp_path), both(tmp_path / "kept")) == (("new", "new"), ("old", "old"))
    assert not finish(tmp_path)


def steps(swap: Swap) -> list[tuple[str, str]]:
    return [(swap.target, swap.aside), (swap.staged, swap.target)]


def test_first_start_of_all_has_nothing_to_keep(tmp_path: Path, swaps: list[Swap]) -> None:
    (tmp_path / "db").unlink()
    (tmp_path / "key").unlink()
    commit(tmp_path, swaps)
    finish(tmp_path)
    assert both(tmp_path) == ("new", "new")
    assert list((tmp_path / "kept").iterdir()) == []


def test_plan_is_whole_or_not_there(tmp_path: Path, swaps: list[Swap]) -> None:
    commit(tmp_path, swaps)
    assert json.loads((tmp_path / PLAN).read_text()) == [asdict(swap) for swap in swaps]
    assert [path.name for path in tmp_path.glob(f"{PLAN}*")] == [PLAN]
