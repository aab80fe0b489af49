"""django-q2's known defects, provoked for real, and the supervisor's answer to each."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.installation import Installation, NewInstallation, alive, children, descendants
from tests.servers import wait_until

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.name != "posix", reason="signals"),
]

WORKERS = 8
SENTINELS_CHILDREN = WORKERS + 2  # the workers first, then the result saver and the pusher


def worker(installation: Installation) -> subprocess.Popen[bytes]:
    """A running worker that has beaten at least once."""
    installation.prepare()
    process = installation.start("run_worker", "--wedged-after", "6", "--grace", "3")
    wait_until(lambda: last_beat(installation), seconds=30, what="the first beat")
    return process


def last_beat(installation: Installation) -> object:
    rows = installation.query("SELECT at FROM monitoring_heartbeat WHERE name = 'worker'")
    return rows and rows[0][0]


def monitor_is_due(installation: Installation) -> datetime:
    found = installation.query("SELECT next_run FROM django_q_schedule WHERE name = 'monitor'")
    due = found[0][0]
    return due if isinstance(due, datetime) else datetime.fromisoformat(due).replace(tzinfo=UTC)


def cluster(process: subprocess.Popen[bytes]) -> tuple[int, int, list[int]]:
    """Pids of the cluster: its main process, its sentinel, and the sentinel's children."""

    def complete() -> tuple[int, int, list[int]] | None:
        mains = children(process.pid)
        sentinels = children(mains[0]) if mains else []
        family = children(sentinels[0]) if sentinels else []
        whole = len(family) == SENTINELS_CHILDREN
        return (mains[0], sentinels[0], family) if whole else None

    found: tuple[int, int, list[int]] = wait_until(complete, seconds=30, what="a whole cluster")
    return found


def wait_for_a_new_cluster(installation: Installation, process: subprocess.Popen[bytes]) -> None:
    """The old cluster is gone to the last process, and the new one runs tasks."""
    before, beaten = WHOLE[process.pid], last_beat(installation)
    wait_until(lambda: not alive(before), seconds=45, what="the old cluster's end")
    wait_until(lambda: last_beat(installation) != beaten, seconds=30, what="a new beat")


WHOLE: dict[int, list[int]] = {}


def kill(process: subprocess.Popen[bytes], *pids: int) -> None:
    WHOLE[process.pid] = descendants(process.pid)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_wedge_by_killed_idle_workers_is_mended(on_both_databases: NewInstallation) -> None:
    # At 1800 s no pass would show the wedge for half an hour: the beat does.
    installation = on_both_databases(MONITOR_INTERVAL="1800")
    process = worker(installation)
    wait_until(
        lambda: monitor_is_due(installation) > datetime.now(UTC) + timedelta(minutes=25),
        seconds=10,
        what="the first pass's end",
    )
    _main, sentinel, family = cluster(process)
    killed_at = datetime.now(UTC)
    # The idle one that waits for a task dies with the queue's lock; where all were at work just then,
    # nobody held it, and nothing is wedged: once more.
    for _ in range(4):
        kill(process, *(pid for pid in children(sentinel) if pid not in family[WORKERS:]))
        with suppress(TimeoutError):
            wait_until(lambda: not alive([sentinel]), seconds=15, what="the wedge's end")
            break
    wait_for_a_new_cluster(installation, process)
    # The pass came at once after the restart: its next one counts from then.
    wait_until(
        lambda: monitor_is_due(installation) > killed_at + timedelta(seconds=1800),
        seconds=10,
        what="a pass of the new cluster",
    )
    assert "cluster shows no life; killing and restarting it" in installation.output(process)


def test_killed_main_leaves_no_orphans(new_installation: NewInstallation) -> None:
    installation = new_installation(MONITOR_INTERVAL="5")
    process = worker(installation)
    main, _sentinel, _family = cluster(process)
    kill(process, main)
    wait_for_a_new_cluster(installation, process)
    assert "cluster ended with code -9; restarting it" in installation.output(process)


def test_killed_sentinel_leaves_no_orphans(new_installation: NewInstallation) -> None:
    installation = new_installation(MONITOR_INTERVAL="5")
    process = worker(installation)
    _main, sentinel, _family = cluster(process)
    kill(process, sentinel)
    wait_for_a_new_cluster(installation, process)


def test_killed_result_saver_is_noticed(new_installation: NewInstallation) -> None:
    installation = new_installation(MONITOR_INTERVAL="5")
    process = worker(installation)
    _main, _sentinel, family = cluster(process)
    # One that dies between two results leaves its lock with its successor, and nothing is wrong.
    queued = "SELECT count(*) FROM django_q_ormq"
    wait_until(lambda: installation.query(queued)[0][0] == 0, seconds=10, what="an idle saver")
    kill(process, family[WORKERS])
    wait_for_a_new_cluster(installation, process)


def test_killed_supervisor_takes_its_cluster_along(new_installation: NewInstallation) -> None:
    process = worker(new_installation())
    cluster(process)
    family = descendants(process.pid)
    process.kill()
    process.wait()
    wait_until(lambda: not alive(family), seconds=5, what="the cluster's end")


def test_sigterm_to_every_process_at_once_still_ends(new_installation: NewInstallation) -> None:
    process = worker(new_installation())
    cluster(process)
    family = descendants(process.pid)
    for pid in [process.pid, *family]:  # what systemd's default does
        os.kill(pid, signal.SIGTERM)
    assert process.wait(8) == 0
    assert alive(family) == []


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_signal_lets_a_short_task_end(
    new_installation: NewInstallation, tmp_path: Path, signum: int
) -> None:
    installation = new_installation()
    process = worker(installation)
    schedule_nap(installation, tmp_path, 2)
    family = descendants(process.pid)
    process.send_signal(signum)
    assert process.wait(8) == 0
    assert ((tmp_path / "ended").exists(), alive(family)) == (True, [])


def test_signal_does_not_wait_longer_than_the_grace(
    new_installation: NewInstallation, tmp_path: Path
) -> None:
    installation = new_installation()
    process = worker(installation)
    schedule_nap(installation, tmp_path, 60)
    family = descendants(process.pid)
    began = time.monotonic()
    process.terminate()
    assert process.wait(8) == 0
    assert time.monotonic() - began < 5
    assert ((tmp_path / "ended").exists(), alive(family)) == (False, [])


def schedule_nap(installation: Installation, folder: Path, seconds: int) -> None:
    """Have a task of so many seconds begin."""
    installation.query(
        "INSERT INTO django_q_schedule (name, func, args, schedule_type, repeats, next_run) "
        "VALUES ('nap', 'tests.monitoring.naps.nap', ?, 'O', -1, ?)",
        repr((str(folder), seconds)),
        "2026-01-01 00:00:00",
    )
    wait_until((folder / "began").exists, seconds=10, what="the nap's begin")
