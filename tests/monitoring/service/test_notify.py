from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitoring.service.notify import Notifier
from tests.installation import NewInstallation
from tests.servers import wait_until


class Systemd:
    """systemd's end: a datagram socket that keeps what it is told."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.settimeout(0.05)

    def told(self) -> list[str]:
        """Everything since the last time."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(100).decode())
            except TimeoutError:
                return found


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    if request.param == "abstract" and os.uname().sysname != "Linux":
        pytest.skip("abstract sockets are Linux's")
    path = str(tmp_path / "notify")
    made = Systemd(f"@{path}" if request.param == "abstract" else path)
    yield made
    made.socket.close()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_words_arrive_at_the_socket(systemd: Systemd) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": systemd.address})
    notifier.ready()
    assert systemd.told() == ["READY=1"]


def test_sign_of_life_is_sent_at_half_of_what_is_granted(systemd: Systemd) -> None:
    clock = Clock()
    environ = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}
    notifier = Notifier(environ, pid=7, clock=clock)
    times = []
    for tenth in range(1000):
        clock.now = tenth / 10
        notifier.alive()
        if tenth % 50 == 0:
            times += [clock.now] * len(systemd.told())
    assert times == [0.0, 30.0, 60.0, 90.0]


@pytest.mark.parametrize(
    "variables", [{}, {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, {"WATCHDOG_USEC": "0"}]
)
def test_no_sign_of_life_where_none_is_asked_of_this_process(
    systemd: Systemd, variables: dict[str, str]
) -> None:
    Notifier({"NOTIFY_SOCKET": systemd.address, **variables}, pid=7).alive()
    assert systemd.told() == []


def test_children_do_not_inherit_the_variables() -> None:
    environ = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "PATH": "/bin"}
    Notifier(environ)
    assert environ == {"PATH": "/bin"}


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_nobody_listening_ends_nothing(address: str) -> None:
    Notifier({"NOTIFY_SOCKET": address} if address else {}).ready()


def test_up_tells_systemd_that_it_is_ready_and_lives(
    new_installation: NewInstallation, tmp_path: Path
) -> None:
    listener = Systemd(str(tmp_path / "notify"))
    place = new_installation(
        DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}",
        NOTIFY_SOCKET=listener.address,
        WATCHDOG_USEC="2000000",
    )
    process = place.start("up")
    found: list[str] = []

    def enough() -> bool:
        found.extend(listener.told())
        return "READY=1" in found and found.count("WATCHDOG=1") >= 3

    try:
        wait_until(enough, seconds=60, what="READY and three signs of life")
        process.terminate()
        assert process.wait(10) == 0
    finally:
        listener.socket.close()
