"""The lines that `backup` and `restore` print for PostgreSQL, carried out as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.installation import ROOT, Installation, NewInstallation
from tests.monitoring.keeping.conftest import BOOK
from tests.servers import Postgres, postgres_programs

pytestmark = pytest.mark.processes


@pytest.fixture
def home(postgres: Postgres, new_installation: NewInstallation) -> Installation:
    made = new_installation(postgres.database())
    (made.home / "book.csv").write_text(BOOK)
    made.manage("setup")
    made.manage("import_positions", str(made.home / "book.csv"))
    return made


def shell(home: Installation, line: str) -> None:
    """As a person types it, in the product's folder and environment."""
    folders = (str(postgres_programs()), str(Path(sys.executable).parent), home.environ["PATH"])
    environ = {**home.environ, "PATH": os.pathsep.join(folders)}
    subprocess.run(line, shell=True, check=True, cwd=ROOT, env=environ, capture_output=True)


def printed(home: Installation, *command: str) -> list[str]:
    ended = home.manage(*command, check=False)
    assert ended.returncode == 1
    return [line.strip() for line in ended.stderr.splitlines() if line.startswith("  ")]


def test_dump_comes_back_paused_and_with_new_ids(home: Installation, tmp_path: Path) -> None:
    dump = tmp_path / "pm.dump"
    (copy,) = printed(home, "backup", str(dump))
    shell(home, copy)
    home.query("DELETE FROM positions_mark")
    home.query("UPDATE positions_position SET state = 'closed'")
    put_back, adopt = printed(home, "restore", str(dump))
    shell(home, put_back)
    assert home.query("SELECT count(*) FROM positions_position WHERE state = 'open'") == [(2,)]
    shell(home, adopt)
    switches = {name for (name,) in home.query('SELECT name FROM positions_switch WHERE "on"')}
    assert {"exits_paused", "restored"} <= switches
    last = home.query("SELECT id, kind FROM positions_journalentry ORDER BY id DESC LIMIT 1")
    assert (last[0][0] > dump.stat().st_mtime - 1, last[0][1]) == (True, "restored")


def test_adopting_is_refused_while_others_are_connected(home: Installation, tmp_path: Path) -> None:
    dump = tmp_path / "pm.dump"
    dump.touch()
    assert home.database_url is not None
    with closing(psycopg.connect(home.database_url)):
        ended = home.manage("restore", "--after-pg-restore", str(dump), check=False)
    assert ended.returncode == 1
    assert "1 other connections use this database: stop web and worker first." in ended.stderr
    assert home.query("SELECT count(*) FROM positions_journalentry WHERE kind = 'restored'") == [
        (0,)
    ]
