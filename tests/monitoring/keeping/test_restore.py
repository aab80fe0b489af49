"""`restore` on real installations: what it refuses, what it keeps, and what comes after."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.installation import ROOT, Installation
from tests.monitoring.keeping.conftest import Installed
from tests.monitoring.keeping.test_backup import limited
from tests.servers import wait_until

pytestmark = pytest.mark.processes


@pytest.fixture
def archive(installed: Installed, tmp_path: Path) -> Path:
    """A backup of another installation of the same template: two open positions."""
    file = tmp_path / "backup.zip"
    installed().manage("backup", str(file))
    return file


def close_everything(home: Installation) -> None:
    home.query("UPDATE positions_position SET state = 'closed', shares = '0'")


def state(home: Installation) -> list[Any]:
    rows = home.query("SELECT state, count(*) FROM positions_position GROUP BY state")
    return [*rows, (home.home / "secret_key").read_text()]


def test_restore_brings_database_and_key_back_and_keeps_what_was_there(
    installed: Installed, archive: Path, tmp_path: Path
) -> None:
    home = installed()
    close_everything(home)
    (home.home / "secret_key").write_text("another key\n")
    document = json.loads(home.manage("restore", "--json", str(archive)).stdout)
    with zipfile.ZipFile(archive) as file:
        assert state(home) == [("open", 2), file.read("secret_key").decode()]
        manifest = json.loads(file.read("manifest.json"))
    kept = Path(document.pop("kept"))
    assert document == {
        "file": str(archive),
        "made_at": manifest["made_at"],
        "version": manifest["version"],
        "positions": 2,
        "expired": 0,
        "other_key": False,
    }
    with closing(sqlite3.connect(kept / "db.sqlite3")) as file:
        assert file.execute("SELECT DISTINCT state FROM positions_position").fetchall() == [
            ("closed",)
        ]
    (old_key,) = home.home.glob("secret_key.replaced-*")
    assert old_key.read_text() == "another key\n"
    modes = {path.stat().st_mode & 0o777 for path in (home.home / "db.sqlite3", old_key)}
    assert modes == {0o600}
    assert list(home.home.glob(".restoring-*")) == []


def test_nothing_sells_until_the_positions_are_confirmed(
    installed: Installed, archive: Path
) -> None:
    home = installed()
    home.manage("restore", str(archive))
    last = "SELECT kind, urgency, data FROM positions_journalentry ORDER BY id DESC LIMIT 1"
    kind, urgency, data = home.query(last)[0]
    assert (kind, urgency, json.loads(data)["positions"]) == ("restored", "critical", 2)
    switches = dict(home.query('SELECT name, "on" FROM positions_switch'))
    assert (switches["exits_paused"], switches["restored"]) == (1, 1)


def test_restore_on_an_empty_machine_keeps_nothing(
    installed: Installed, archive: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    home = Installation(tmp_path / "empty")
    told = home.manage("restore", str(archive)).stdout
    assert "2 open positions" in told
    assert "is kept in" not in told
    assert home.query("SELECT count(*) FROM positions_position") == [(2,)]
    assert list(home.home.glob("replaced-*")) == []


def test_key_from_the_environment_stays_and_is_told(installed: Installed, archive: Path) -> None:
    home = installed(SECRET_KEY="of the environment, which no file replaces")
    kept = (home.home / "secret_key").read_text()
    told = home.manage("restore", str(archive)).stdout
    assert "SECRET_KEY is set and is not the backup's" in told
    assert (home.home / "secret_key").read_text() == kept


def refused(home: Installation, file: Path) -> str:
    before = state(home)
    ended = home.manage("restore", str(file), check=False)
    assert ended.returncode == 1
    assert state(home) == before
    assert list(home.home.glob("replaced-*")) == list(home.home.glob(".restoring-*")) == []
    return ended.stderr


def rewritten(archive: Path, **files: bytes) -> None:
    """The archive with some of its files changed; dots of names as two underscores."""
    with zipfile.ZipFile(archive) as file:
        held = {name: file.read(name) for name in file.namelist()}
    held |= {name.replace("__", "."): text for name, text in files.items()}
    with zipfile.ZipFile(archive, "w") as file:
        for name, text in held.items():
            file.writestr(name, text)


def test_bad_archives_are_refused_and_nothing_is_touched(
    installed: Installed, archive: Path, tmp_path: Path
) -> None:
    home = installed()
    assert "there is no file" in refused(home, tmp_path / "nowhere.zip")
    (tmp_path / "text.zip").write_text("no archive")
    assert "is no whole backup" in refused(home, tmp_path / "text.zip")
    whole = archive.read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    assert "is no whole backup" in refused(home, tmp_path / "half.zip")
    rewritten(archive, manifest__json=b'{"product": "something else"}')
    assert "it was not made by `backup`" in refused(home, archive)
    archive.write_bytes(whole)
    rewritten(archive, secret_key=b"exchanged")
    assert "secret_key differs from its checksum" in refused(home, archive)


def test_backup_of_a_later_version_is_refused(installed: Installed, tmp_path: Path) -> None:
    later = installed()
    later.query(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('monitoring', '0999_later', ?)",
        "2027-01-01",
    )
    later.manage("backup", str(tmp_path / "later.zip"))
    told = refused(installed(), tmp_path / "later.zip")
    assert "changed by a later version (monitoring.0999_later)" in told


def test_restore_is_refused_while_the_product_runs_and_possible_once_it_was_killed(
    installed: Installed, archive: Path
) -> None:
    home = installed()
    process = home.start("up")
    home.wait_for_output(process, f"Position Manager: {home.url}", 60)
    told = home.manage("restore", str(archive), check=False)
    assert told.returncode == 1
    assert "Position Manager runs on this database" in told.stderr
    assert f"{process.pid} (" in told.stderr
    process.kill()
    process.wait()
    wait_until(
        lambda: home.manage("restore", str(archive), check=False).returncode == 0,
        seconds=20,
        what="the end of what was killed",
    )


def test_one_web_process_alone_keeps_restore_away(installed: Installed, archive: Path) -> None:
    home = installed()
    command = [sys.executable, "-m", "uvicorn", "pmsite.asgi:application", "--port", str(home.port)]
    web = subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT, env=home.environ)
    try:
        wait_until(lambda: home.get("/livez")[0] == 200, seconds=30, what="the web process")
        os.kill(web.pid, signal.SIGSTOP)  # frozen, not gone: it would write again
        assert home.manage("restore", str(archive), check=False).returncode == 1
    finally:
        os.kill(web.pid, signal.SIGKILL)
        web.wait()
    assert home.manage("restore", str(archive)).returncode == 0


HOLD = "from monitoring.keeping.presence import claim; claim(); print('held', flush=True); input()"


def test_who_starts_during_a_restore_is_sent_away(installed: Installed) -> None:
    home = installed()
    holder = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v0", "-c", HOLD],
        cwd=ROOT,
        env=home.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        ended = home.manage("run_worker", check=False)
        told = "A restore is under way; start again when it has ended.\n"
        assert (ended.returncode, ended.stderr) == (1, told)
    finally:
        holder.kill()
        holder.communicate()


def test_restore_killed_at_any_moment_leaves_the_old_state_or_the_new(
    installed: Installed, archive: Path
) -> None:
    """Each state whole: the book with its key, in what the next process of ours finds."""
    home = installed()
    close_everything(home)
    (home.home / "secret_key").write_text("another key\n")
    old = state(home)
    with zipfile.ZipFile(archive) as file:
        new = [("open", 2), file.read("secret_key").decode()]
    found = []
    for wait in (0.5, 0.7, 0.8, 0.9, 1.0):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "restore", str(archive)], cwd=ROOT, env=home.environ
        )
        time.sleep(wait)
        process.kill()
        process.wait()
        home.manage("check")  # reads key and settings: carries out what was committed
        found.append(state(home))
        assert found[-1] in (old, new)
    assert home.manage("restore", str(archive)).returncode == 0
    assert list(home.home.glob(".restoring-*")) == []


def test_damaged_database_is_replaced_and_kept_as_it_is(
    installed: Installed, archive: Path
) -> None:
    home = installed()
    (home.home / "db.sqlite3").write_bytes(b"no database any more")
    document = json.loads(home.manage("restore", "--json", str(archive)).stdout)
    kept = Path(document["kept"]) / "db.sqlite3"
    assert kept.read_bytes() == b"no database any more"
    assert state(home)[0] == ("open", 2)


def test_no_room_changes_nothing(installed: Installed, archive: Path) -> None:
    home = installed()
    close_everything(home)
    before = state(home)
    ended = limited(home, 50_000, "restore", str(archive))
    assert ended.returncode == 1
    assert "nothing was changed" in ended.stderr
    assert state(home) == before
    assert list(home.home.glob(".restoring-*")) == []
