from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from monitoring.service.unit import Facts, unit

HERE = Path("/srv/position-manager")
FACTS = Facts(
    folder=HERE,
    python=HERE / ".venv/bin/python",
    environment=Path("/etc/position-manager.env"),
    user="pm",
    writable=(HERE / "data",),
)


def settings_of(text: str) -> dict[str, str]:
    """{Section.Option: value}; an option that stood twice would be a surprise."""
    found: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            assert f"{section}.{name}" not in found
            found[f"{section}.{name}"] = value
    return found


def test_system_unit_comes_back_after_everything() -> None:
    found = settings_of(unit(FACTS))
    wanted = {
        "Unit.StartLimitIntervalSec": "0",
        "Unit.Wants": "network-online.target",
        "Service.Type": "notify",
        "Service.User": "pm",
        "Service.WorkingDirectory": "/srv/position-manager",
        "Service.ExecStart": "/srv/position-manager/.venv/bin/python manage.py up",
        "Service.EnvironmentFile": "-/etc/position-manager.env",
        "Service.Restart": "always",
        "Service.RestartSec": "2",
        "Service.KillMode": "mixed",
        "Service.TimeoutStopSec": "15",
        "Service.WatchdogSec": "60",
        "Service.ReadWritePaths": "/srv/position-manager/data",
        "Service.PrivateTmp": "yes",
        "Install.WantedBy": "multi-user.target",
    }
    assert {name: found.get(name) for name in wanted} == wanted
    assert found["Unit.After"].split()[0] == "network-online.target"


def test_user_unit_asks_for_nothing_that_a_user_may_not() -> None:
    found = settings_of(unit(replace(FACTS, user="")))
    assert found["Install.WantedBy"] == "default.target"
    refused = ("User", "Protect", "Private", "ReadWrite", "Capability", "RestrictNamespaces")
    assert [name for name in found if name.partition(".")[2].startswith(refused)] == []
    assert "Unit.After" not in found


def test_temporary_folder_stays_visible_where_something_of_ours_is_in_it() -> None:
    found = settings_of(unit(replace(FACTS, writable=(Path("/var/tmp/data"),))))
    assert "Service.PrivateTmp" not in found


def test_low_port_may_be_listened_on_and_nothing_else() -> None:
    low = settings_of(unit(replace(FACTS, low_port=True)))
    names = ("Service.CapabilityBoundingSet", "Service.AmbientCapabilities")
    assert [low.get(name) for name in names] == ["CAP_NET_BIND_SERVICE"] * 2
    assert [settings_of(unit(FACTS)).get(name) for name in names] == ["", None]


def test_odd_paths_are_escaped_where_systemd_reads_them() -> None:
    odd = Path("/srv/my 100% $book")
    found = settings_of(
        unit(replace(FACTS, folder=odd, python=odd / "python", writable=(odd / "data",)))
    )
    assert found["Service.WorkingDirectory"] == "/srv/my 100%% $book"
    assert found["Service.ExecStart"] == '"/srv/my 100%% $$book/python" manage.py up'
    assert found["Service.ReadWritePaths"] == '"/srv/my 100%% $book/data"'


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
@pytest.mark.parametrize("user", ["", "root"])
@pytest.mark.parametrize("folder", ["plain", "my 100% book"])
def test_systemd_itself_has_nothing_to_say_against_it(
    tmp_path: Path, user: str, folder: str
) -> None:
    home = tmp_path / folder
    home.mkdir()
    python = home / "python"
    python.symlink_to(sys.executable)
    text = unit(replace(FACTS, folder=home, python=python, writable=(home,), user=user))
    assert verify(tmp_path, text, user) == (0, "")
    broken = text.replace("Restart=always", "Restart=perhaps")
    assert "perhaps" in verify(tmp_path, broken, user)[1]


def verify(folder: Path, text: str, user: str) -> tuple[int, str]:
    """systemd-analyze's exit code and complaints about this unit (not about the machine's others)."""
    path = folder / "pm-test.service"
    path.write_text(text)
    command = ["systemd-analyze", "verify", *([] if user else ["--user"]), str(path)]
    run = folder / "run"
    run.mkdir(exist_ok=True)
    env = {**os.environ, "XDG_RUNTIME_DIR": str(run)}
    ended = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    lines = [line for line in ended.stderr.splitlines() if "pm-test" in line]
    return ended.returncode, "\n".join(lines)
