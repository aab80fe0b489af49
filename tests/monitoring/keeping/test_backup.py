"""`backup` on real installations, in use and not."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.installation import ROOT, Installation
from tests.monitoring.keeping.conftest import Installed
from tests.servers import wait_until

pytestmark = pytest.mark.processes


def unpacked(archive: Path, folder: Path) -> tuple[Path, dict[str, Any]]:
    """The database in an archive, and its manifest."""
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    return folder / "db.sqlite3", json.loads((folder / "manifest.json").read_text())


def ask(database: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(database)) as file:
        return [row[0] for row in file.execute(sql)]


def test_archive_holds_database_key_and_a_manifest_of_both(
    installed: Installed, tmp_path: Path
) -> None:
    home, archive = installed(), tmp_path / "one.zip"
    told = home.manage("backup", str(archive)).stdout
    database, manifest = unpacked(archive, tmp_path / "out")
    key = (tmp_path / "out" / "secret_key").read_bytes()
    assert key == (home.home / "secret_key").read_bytes()
    assert manifest["files"]["db.sqlite3"] == {
        "sha256": hashlib.sha256(database.read_bytes()).hexdigest(),
        "bytes": database.stat().st_size,
    }
    assert manifest["rows"]["positions_position"] == manifest["open_positions"] == 2
    newest = ask(database, "SELECT name FROM django_migrations WHERE app = 'monitoring'")[-1]
    assert manifest["migrations"]["monitoring"] == newest
    assert told == (
        f"{archive}: {archive.stat().st_size:,} bytes, 2 open positions.\n"
        "The secret key and the channels' webhook addresses are in it: keep it as safe as the"
        " machine itself.\n"
    )
    assert archive.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["one.zip"]


def test_backup_is_in_the_journal_and_its_time_among_the_heartbeats(
    installed: Installed, tmp_path: Path
) -> None:
    home, archive = installed(), tmp_path / "one.zip"
    document = json.loads(home.manage("backup", "--json", str(archive)).stdout)
    assert (document["file"], document["positions"]) == (str(archive), 2)
    kinds = home.query("SELECT kind, id FROM positions_journalentry ORDER BY id DESC LIMIT 1")
    assert kinds == [("backup_made", document["journal"] + 1)]
    (at,) = home.query("SELECT at FROM monitoring_heartbeat WHERE name = 'backup'")[0]
    assert at[:16] == document["made_at"].replace("T", " ")[:16]


def test_file_that_is_there_is_kept_unless_forced(installed: Installed, tmp_path: Path) -> None:
    home, archive = installed(), tmp_path / "one.zip"
    archive.write_text("mine")
    refused = home.manage("backup", str(archive), check=False)
    assert (refused.returncode, archive.read_text()) == (1, "mine")
    assert refused.stderr == f"CommandError: {archive} is there already; --force replaces it\n"
    home.manage("backup", "--force", str(archive))
    assert zipfile.is_zipfile(archive)


def writer(home: Installation, log: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.monitoring.keeping.writer"]
    with log.open("w") as out:
        return subprocess.Popen(command, cwd=ROOT, env=home.environ, stdout=out, text=True)


def lines(log: Path) -> list[int]:
    """The ids a writer has printed, but for a line it is at."""
    return [int(line) for line in log.read_text().split("\n")[:-1]]


def test_backup_under_writers_holds_every_exit_committed_before_it(
    installed: Installed, tmp_path: Path
) -> None:
    home = installed()
    logs = [tmp_path / f"writer{number}" for number in range(2)]
    writers = [writer(home, log) for log in logs]
    try:
        wait_until(
            lambda: all(len(lines(log)) > 20 for log in logs), seconds=30, what="the writers' start"
        )
        committed = {pk for log in logs for pk in lines(log)}
        home.manage("backup", str(tmp_path / "one.zip"))
        written = {pk for log in logs for pk in lines(log)}
    finally:
        for process in writers:
            process.kill()
            process.wait()
    database, manifest = unpacked(tmp_path / "one.zip", tmp_path / "out")
    assert ask(database, "PRAGMA integrity_check") == ["ok"]
    held = set(ask(database, "SELECT id FROM positions_journalentry WHERE kind = 'exit_done'"))
    assert committed <= held
    assert len(written) > len(committed)  # they were at it meanwhile
    # Nothing halved: each exit with its fill and its entry.
    exits = ask(database, "SELECT id FROM positions_exit ORDER BY id")
    assert ask(database, "SELECT exit_id FROM positions_fill ORDER BY exit_id") == exits
    told = (
        "SELECT json_extract(data, '$.exit') e FROM positions_journalentry WHERE kind='exit_done'"
    )
    assert ask(database, f"{told} ORDER BY e") == exits
    assert manifest["rows"]["positions_exit"] == len(exits)


def limited(home: Installation, size: int, *command: str) -> subprocess.CompletedProcess[str]:
    """A command none of whose files may grow above `size` bytes: what a full disk does to it."""
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=home.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )


def test_no_room_leaves_no_half_file_and_says_so(installed: Installed, tmp_path: Path) -> None:
    home, archive = installed(), tmp_path / "one.zip"
    archive.write_text("an older backup")
    ended = limited(home, 8192, "backup", "--force", str(archive))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"CommandError: {archive} cannot be written (")
    assert ended.stderr.endswith("is the disk full? Nothing was left there\n")
    assert [path.name for path in tmp_path.iterdir() if "one.zip" in path.name] == ["one.zip"]
    assert archive.read_text() == "an older backup"


PACK = """
import pathlib
from monitoring.keeping.archive import pack
pack(pathlib.Path({archive!r}), {{"db.sqlite3": pathlib.Path({noise!r})}}, {{}}, force=True)
"""


def test_room_for_the_copy_but_not_for_the_archive_leaves_no_half_file(
    installed: Installed, tmp_path: Path
) -> None:
    home, archive, noise = installed(), tmp_path / "one.zip", tmp_path / "noise"
    noise.write_bytes(os.urandom(2_000_000))
    code = PACK.format(archive=str(archive), noise=str(noise))
    ended = limited(home, 1_000_000, "shell", "-v0", "-c", code)
    assert ended.stderr.splitlines()[-1] == "OSError: [Errno 27] File too large"
    assert [path.name for path in tmp_path.iterdir() if "one.zip" in path.name] == []


def test_damaged_database_is_not_backed_up(installed: Installed, tmp_path: Path) -> None:
    home = installed()
    with suppress(FileNotFoundError):
        (home.home / "db.sqlite3-wal").unlink()
    (page,) = home.query("SELECT rootpage FROM sqlite_master WHERE name = 'journal_kind_id'")[0]
    with (home.home / "db.sqlite3").open("rb+") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\x00" * 4096)
    ended = home.manage("backup", str(tmp_path / "one.zip"), check=False)
    assert ended.returncode == 1
    assert "the database itself is damaged" in ended.stderr
    assert not (tmp_path / "one.zip").exists()


def test_postgresql_is_told_the_exact_command_without_its_password(tmp_path: Path) -> None:
    url = "postgres://pm:hush%2Fhush@127.0.0.1:1/position_manager"
    home = Installation(tmp_path, database_url=url)
    ended = home.manage("backup", "/srv/my backup.dump", check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "  pg_dump --format=custom '--file=/srv/my backup.dump'"
        " --dbname=postgresql://pm@127.0.0.1:1/position_manager"
    )
    assert "hush" not in ended.stderr
