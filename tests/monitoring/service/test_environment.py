from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from monitoring.service.environment import (
    UnwritableValueError,
    chosen,
    keep,
    known_names,
    names_in,
    text_of,
)

HOOK = "https://discord.com/api/webhooks/1/token"


def test_every_variable_of_the_contract_is_known_and_nothing_internal() -> None:
    names = set(known_names())
    wanted = {"SECRET_KEY", "DATABASE_URL", "MONITOR_INTERVAL", "HEARTBEAT_URL", "HTTPS_PROXY"}
    assert wanted | {"DATABASE_URL_FILE", "DISCORD_WEBHOOK_URL_FILE"} <= names
    assert names & {"WORKER", "DEFAULT_DATABASE", "PATH", "HOME"} == set()


def test_only_what_is_set_is_taken_and_files_are_named_from_the_root() -> None:
    shell = {"PORT": "8001", "HOST": " ", "PATH": "/bin", "SECRET_KEY_FILE": "keys/pm"}
    assert chosen(shell, Path("/home/pm")) == {
        "PORT": "8001",
        "SECRET_KEY_FILE": "/home/pm/keys/pm",
    }


def test_value_with_a_line_break_is_refused_by_its_name_only() -> None:
    with pytest.raises(UnwritableValueError, match=r"^SECRET_KEY$"):
        text_of({"SECRET_KEY": "two\nlines"})


def test_names_are_read_back_and_comments_are_not() -> None:
    text = text_of({"PORT": "1", "SECRET_KEY": "a=b"}) + "\n # X=1\n;Y=2\n Z = 3\n"
    assert names_in(text) == {"PORT", "SECRET_KEY", "Z"}


def test_file_is_for_its_owner_alone_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "pm.env"
    keep(path, "A=1\n")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("A=1\n", 0o600)
    with pytest.raises(FileExistsError):
        keep(path, "A=2\n")
    assert path.read_text() == "A=1\n"


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
@pytest.mark.parametrize("value", [HOOK, "pa ss", 'q"u', "d$HOME`x`", "b\\s", "#no comment", "é'x"])
def test_value_comes_back_as_it_was(tmp_path: Path, value: str) -> None:
    # systemd's rules for double quotes are the shell's, and a shell is everywhere.
    path = tmp_path / "pm.env"
    keep(path, text_of({"SECRET_KEY": value}))
    script = f'. "{path}"; printf %s "$SECRET_KEY"'
    ended = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert ended.stdout.decode() == value
