"""`manage.py up`, the whole product in one process tree, as `make up` ends in it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.installation import Installation, NewInstallation, alive, children, descendants
from tests.monitoring.test_run_worker import schedule_nap
from tests.servers import wait_until

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.name != "posix", reason="signals"),
]
LOGIN = re.compile(r"First login, shown this once: (\w+) / (\S+)")


def started(installation: Installation) -> subprocess.Popen[bytes]:
    process = installation.start("up")
    installation.wait_for_output(process, f"Position Manager: {installation.url}", 60)
    return process


def stopped_within(process: subprocess.Popen[bytes], signum: int, seconds: float) -> None:
    """Send the signal; the whole tree has to be gone in time, with exit code 0."""
    family = descendants(process.pid)
    began = time.monotonic()
    process.send_signal(signum)
    assert process.wait(seconds) == 0
    assert time.monotonic() - began < seconds
    assert alive(family) == []


@pytest.fixture
def installation(new_installation: NewInstallation, tmp_path: Path) -> Installation:
    """Not the default database: no demo, so that the book is empty."""
    made = new_installation(MONITOR_INTERVAL="5")
    made.environ["DATABASE_URL"] = f"sqlite:///{made.home / 'db.sqlite3'}"
    return made


def test_up_prepares_everything_and_tells_the_login_once(installation: Installation) -> None:
    process = started(installation)
    assert installation.get("/livez")[0] == 200
    login = LOGIN.search(installation.output(process))
    assert login is not None
    assert (login[1], len(login[2])) == ("admin", 16)
    wait_until(
        lambda: installation.query("SELECT 1 FROM monitoring_heartbeat WHERE name = 'worker'"),
        seconds=20,
        what="the worker's beat",
    )
    stopped_within(process, signal.SIGINT, 5)
    assert installation.output(process).endswith("Stopped.\n")
    again = started(installation)
    assert LOGIN.search(installation.output(again)) is None
    stopped_within(again, signal.SIGTERM, 5)


def test_ctrl_c_stops_within_five_seconds_while_a_task_runs(
    installation: Installation, tmp_path: Path
) -> None:
    process = started(installation)
    schedule_nap(installation, tmp_path, 60)
    stopped_within(process, signal.SIGINT, 5)


def test_killed_parts_come_back(installation: Installation) -> None:
    process = started(installation)
    wait_until(lambda: len(children(process.pid)) == 2, seconds=10, what="web and worker")
    family = descendants(process.pid)
    for pid in children(process.pid):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(family), seconds=10, what="the old processes' end")
    wait_until(lambda: installation.get("/livez")[0] == 200, seconds=20, what="the page's return")
    wait_until(lambda: len(children(process.pid)) == 2, seconds=10, what="both parts' return")


def test_killed_up_leaves_nobody_behind(installation: Installation) -> None:
    process = started(installation)
    family = descendants(process.pid)
    process.kill()
    process.wait()
    wait_until(lambda: not alive(family), seconds=10, what="the end of every part")


def test_taken_port_is_told_in_one_line(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.port))
        taken.listen()
        ended = installation.manage("up", check=False)
    told = f"127.0.0.1:{installation.port} cannot be listened on (in use?); set PORT or HOST"
    assert (ended.returncode, ended.stderr) == (1, f"CommandError: {told}\n")


def test_bad_variable_stops_the_start_with_one_line(installation: Installation) -> None:
    installation.environ["MONITOR_INTERVAL"] = "soon"
    ended = installation.manage("up", check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        "MONITOR_INTERVAL: 'soon' is not a whole number from 5 to 3600\n",
    )


def test_new_database_is_its_owners_alone_in_a_folder_that_was_there(
    installation: Installation,
) -> None:
    installation.home.chmod(0o755)
    installation.manage("setup")
    assert (installation.home / "db.sqlite3").stat().st_mode & 0o777 == 0o600
