"""Where the service's files stand, and whether this installation is one."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from monitoring.service.unit import Facts

NAME = "position-manager"
SYSTEM_UNITS = Path("/etc/systemd/system")
LINGERING = Path("/var/lib/systemd/linger")  # one file for each user whose units start at boot


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one service, of the system or of the user who runs this."""

    unit: Path
    environment: Path
    system: bool

    @property
    def wanted(self) -> Path:
        """The link that `systemctl enable` makes: with it the unit starts at boot (or login)."""
        target = "multi-user.target.wants" if self.system else "default.target.wants"
        return self.unit.parent / target / self.unit.name


def place(*, system: bool, name: str = NAME, environ: Mapping[str, str] = os.environ) -> Place:
    """Of the system under /etc, of a user under XDG_CONFIG_HOME."""
    if system:
        return Place(SYSTEM_UNITS / f"{name}.service", Path(f"/etc/{name}.env"), system=True)
    home = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return Place(home / "systemd" / "user" / f"{name}.service", home / f"{name}.env", system=False)


def facts(where: Place, python: Path, user: str) -> Facts:
    """What this installation's unit says."""
    return Facts(
        folder=settings.BASE_DIR,
        python=python,
        environment=where.environment,
        user=user if where.system else "",
        writable=_data_folders(),
        low_port=settings.PORT < 1024,
    )


def _data_folders() -> tuple[Path, ...]:
    """DATA_DIR, and where DATABASE_URL puts SQLite's file elsewhere, that folder."""
    database = settings.DATABASES["default"]
    found = [settings.DATA_DIR]
    if database["ENGINE"].endswith("sqlite3"):
        found.append(Path(database["NAME"]).parent)
    return tuple(dict.fromkeys(found))


def owner_of(folder: Path) -> str:
    """The name of the user whose data it is: the service runs as nobody else."""
    number = folder.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def installed(*, environ: Mapping[str, str] = os.environ) -> Place | None:
    """The enabled service that runs this folder, whatever its name; None without one."""
    for system in (True, False):
        folder = place(system=system, environ=environ).unit.parent
        for unit in sorted(folder.glob("*.service")):
            found = place(system=system, name=unit.stem, environ=environ)
            if _runs_here(unit) and found.wanted.is_symlink():
                return found
    return None


def _runs_here(unit: Path) -> bool:
    try:
        lines = unit.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    here = str(settings.BASE_DIR).replace("%", "%%")
    return f"WorkingDirectory={here}" in (line.strip() for line in lines)


def lingers(user: str) -> bool:
    """Whether this user's units start at boot, not only at login."""
    return (LINGERING / user).exists()
