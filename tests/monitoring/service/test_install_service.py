from __future__ import annotations

import os
import socket
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.installation import ROOT, Installation, NewInstallation

pytestmark = pytest.mark.skipif(os.name != "posix", reason="systemd")
HOOK = "https://discord.com/api/webhooks/1/a-secret-token"
# Keeps what it was asked; is-active and the words in $REFUSE fail.
SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$LOG"
case " $* " in *" is-active "*) exit 3;; esac
case "$REFUSE" in "") exit 0;; esac
case " $* " in *" $REFUSE "*) echo "Failed to connect to bus" >&2; exit 1;; esac
"""


class Machine:
    """An installation of a user whose systemd only takes notes."""

    def __init__(self, installation: Installation, home: Path) -> None:
        self.installation, self.log = installation, home / "log"
        self.unit = home / "config/systemd/user/position-manager.service"
        self.settings = home / "config/position-manager.env"
        self.bin = home / "bin"
        self.bin.mkdir()
        program = self.bin / "systemctl"
        program.write_text(SYSTEMCTL)
        program.chmod(0o755)
        installation.environ |= {
            "PATH": f"{self.bin}:/bin:/usr/bin",
            "LOG": str(self.log),
            "XDG_CONFIG_HOME": str(home / "config"),
        }

    def install(self, *args: str) -> CompletedProcess[str]:
        return self.installation.manage("install_service", "--user", *args, check=False)

    def asked(self) -> list[str]:
        """What systemctl was asked since the last time."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def machine(new_installation: NewInstallation, tmp_path: Path) -> Machine:
    home = tmp_path / "home"
    home.mkdir()
    return Machine(new_installation(DISCORD_WEBHOOK_URL=HOOK), home)


STEPS = [
    "--user daemon-reload",
    "--user enable position-manager.service",
    "--user start position-manager.service",
]


def test_writes_unit_and_settings_switches_on_and_explains(machine: Machine) -> None:
    ended = machine.install()
    assert (ended.returncode, machine.asked()) == (0, STEPS)
    unit, settings = machine.unit.read_text(), machine.settings.read_text()
    assert f"WorkingDirectory={ROOT}\n" in unit
    assert f"EnvironmentFile=-{machine.settings}\n" in unit
    assert f"DISCORD_WEBHOOK_URL={HOOK}\n" in settings
    assert machine.settings.stat().st_mode & 0o777 == 0o600
    told = (
        "Settings taken from this shell: DATA_DIR, DISCORD_WEBHOOK_URL, NEWS_QUERY_URL, PORT",
        "enable-linger",
    )
    assert [text in ended.stdout for text in told] == [True, True]


def test_secret_stands_in_no_unit_and_in_nothing_that_is_printed(machine: Machine) -> None:
    first, again = machine.install(), machine.install("--force")
    printed = first.stdout + first.stderr + again.stdout + again.stderr
    assert ("a-secret-token" in printed, "a-secret-token" in machine.unit.read_text()) == (
        False,
        False,
    )


def test_second_time_changes_nothing(machine: Machine) -> None:
    machine.install()
    before = (machine.unit.stat().st_mtime_ns, machine.settings.stat().st_mtime_ns)
    machine.asked()
    ended = machine.install()
    assert (ended.returncode, machine.asked()) == (0, STEPS)
    assert (machine.unit.stat().st_mtime_ns, machine.settings.stat().st_mtime_ns) == before
    assert f"Unchanged: {machine.unit}" in ended.stdout


def test_unit_that_differs_is_shown_and_kept_until_forced(machine: Machine) -> None:
    machine.install()
    mine = machine.unit.read_text().replace("RestartSec=2", "RestartSec=9")
    machine.unit.write_text(mine)
    machine.asked()
    ended = machine.install()
    assert (ended.returncode, machine.asked(), machine.unit.read_text()) == (1, [], mine)
    assert "\n-RestartSec=9\n+RestartSec=2\n" in ended.stdout
    forced = machine.install("--force")
    assert (forced.returncode, "RestartSec=2" in machine.unit.read_text()) == (0, True)


def test_settings_of_a_person_are_kept_and_what_they_lack_is_named(machine: Machine) -> None:
    machine.settings.parent.mkdir(parents=True)
    machine.settings.write_text("PORT=1234\n")
    machine.settings.chmod(0o644)
    ended = machine.install()
    assert machine.settings.read_text() == "PORT=1234\n"
    assert "and not there, add them if you mean them: DATA_DIR, DISCORD_WEBHOOK_URL" in ended.stdout
    assert f"chmod 600 {machine.settings}" in ended.stdout


def test_taken_port_is_not_fought_over(machine: Machine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", machine.installation.port))
        taken.listen()
        ended = machine.install()
    assert machine.asked() == [*STEPS[:2], "--user is-active --quiet position-manager.service"]
    assert "stop that, then systemctl --user start position-manager.service" in ended.stdout


def test_print_writes_nothing_and_asks_nothing(machine: Machine) -> None:
    ended = machine.install("--print")
    assert (machine.unit.exists(), machine.settings.exists(), machine.asked()) == (False, False, [])
    machine.install()
    assert ended.stdout == machine.unit.read_text()


def test_remove_stops_it_and_keeps_the_settings(machine: Machine) -> None:
    machine.install()
    machine.asked()
    ended = machine.install("--remove")
    assert machine.asked() == [
        "--user disable --now position-manager.service",
        "--user daemon-reload",
    ]
    assert (machine.unit.exists(), machine.settings.exists()) == (False, True)
    assert str(machine.settings) in ended.stdout
    assert "There is none" in machine.install("--remove").stdout


def test_without_systemctl_it_says_what_to_do_by_hand(machine: Machine) -> None:
    (machine.bin / "systemctl").unlink()
    machine.installation.environ["PATH"] = str(machine.bin)
    ended = machine.install()
    assert (ended.returncode, machine.unit.exists()) == (1, False)
    assert "There is no systemctl here" in ended.stderr
    assert "manage.py up" in ended.stderr


def test_refusal_of_systemd_is_told_with_the_command(machine: Machine) -> None:
    machine.installation.environ["REFUSE"] = "enable"
    ended = machine.install()
    told = "“systemctl --user enable position-manager.service” said: Failed to connect to bus"
    assert (ended.returncode, told in ended.stderr, machine.unit.exists()) == (1, True, True)


@pytest.mark.parametrize("name", ["a b", "../x", "-x", ""])
def test_name_that_is_no_file_name_is_refused(machine: Machine, name: str) -> None:
    ended = machine.install(f"--name={name}")
    assert (ended.returncode, machine.asked()) == (1, [])
