"""What a command says when it stands before a database that it cannot use."""

from __future__ import annotations

import json

import pytest

from tests.installation import NewInstallation


@pytest.mark.parametrize("command", ["monitor", "demo", "send_test_alert"])
def test_command_without_tables_names_the_remedy_in_one_line(
    new_installation: NewInstallation, command: str
) -> None:
    done = new_installation().manage(command, check=False)
    said = done.stderr.strip()
    assert (done.returncode, done.stdout, said.count("\n")) == (1, "", 0)
    assert said.startswith("The database cannot be used: no such table: ")
    assert "`make up` or `manage.py setup`" in said


def test_traceback_is_there_for_who_asks(new_installation: NewInstallation) -> None:
    done = new_installation().manage("monitor", "--traceback", check=False)
    assert done.stderr.startswith("Traceback (most recent call last):")


def test_who_asks_for_json_gets_one_document(new_installation: NewInstallation) -> None:
    done = new_installation().manage("monitor", "--json", check=False)
    assert json.loads(done.stdout) == {"error": done.stderr.strip()}
    assert done.returncode == 1
