"""Putting the service in place and taking it away, told step by step. Nothing is lost silently."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from monitoring.service import environment
from monitoring.service.places import Place
from monitoring.service.systemctl import Systemctl, SystemdError

Say = Callable[[str], None]


class NotInstalledError(Exception):
    """The text says what stands in the way and what to do about it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The service as it should be. `environ`: the shell it takes its settings from."""

    place: Place
    unit: str
    folder: Path
    environ: Mapping[str, str]

    def write(self, say: Say, *, force: bool) -> bool:
        """Both files; whether the unit was written. Raises NotInstalledError."""
        try:
            changed = self._write_unit(say, force=force)
            self._write_environment(say)
        except PermissionError as error:
            text = _("%(path)s cannot be written: run this as root, or with --user")
            raise NotInstalledError(text % {"path": error.filename}) from error
        return changed

    def _write_unit(self, say: Say, *, force: bool) -> bool:
        path = self.place.unit
        there = path.read_text(encoding="utf-8") if path.exists() else None
        if there == self.unit:
            say(_("Unchanged: %(path)s") % {"path": path})
            return False
        if there is not None:
            say(difference(there, self.unit, path))
            if not force:
                text = _("%(path)s is different, as shown; nothing was changed. --force writes it.")
                raise NotInstalledError(text % {"path": path})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.unit, encoding="utf-8")
        say(_("Written: %(path)s") % {"path": path})
        return True

    def _write_environment(self, say: Say) -> None:
        path, values = self.place.environment, environment.chosen(self.environ, self.folder)
        try:
            environment.keep(path, environment.text_of(values))
        except FileExistsError:
            self._tell_kept(say, values)
        except environment.UnwritableValueError as error:
            text = _("%(name)s has a line break: put it into a file and set %(name)s_FILE")
            raise NotInstalledError(text % {"name": error}) from error
        else:
            names = ", ".join(values) or _("none, the defaults hold")
            say(_("Written for you alone: %(path)s") % {"path": path})
            say(_("  Settings taken from this shell: %(names)s") % {"names": names})

    def _tell_kept(self, say: Say, values: Mapping[str, str]) -> None:
        """Names only: a difference in values would show secrets."""
        path = self.place.environment
        say(_("Kept as it is: %(path)s") % {"path": path})
        missing = sorted(values.keys() - environment.names_in(path.read_text(encoding="utf-8")))
        if missing:
            text = _("  Set in this shell and not there, add them if you mean them: %(names)s")
            say(text % {"names": ", ".join(missing)})
        if path.stat().st_mode & 0o077:
            say(
                _("  Others may read it, and it may hold secrets: chmod 600 %(path)s")
                % {"path": path}
            )


def switch_on(
    where: Place, systemctl: Systemctl, say: Say, *, changed: bool, port_taken: bool
) -> None:
    """Have it started now and at every boot. Raises NotInstalledError."""
    name = where.unit.name
    try:
        systemctl.run("daemon-reload")
        systemctl.run("enable", name)
        if not port_taken:
            systemctl.run("start", name)
        elif _active(systemctl, name):
            if changed:
                systemctl.run("restart", name)
        else:
            start = shlex.join(systemctl.command("start", name))
            text = _("Its port is taken (a `make up` in a terminal?): stop that, then %(start)s")
            say(text % {"start": start})
    except SystemdError as error:
        text = _("The files are written, but “%(command)s” said: %(said)s. %(cure)s")
        told = {"command": error.command, "said": error, "cure": _cure(where)}
        raise NotInstalledError(text % told) from error
    for command in systemctl.done:
        say(_("Run: %(command)s") % {"command": command})


def take_away(where: Place, systemctl: Systemctl, say: Say) -> None:
    """Stop it and remove the unit; settings and data stay. Raises NotInstalledError."""
    if not where.unit.exists():
        say(_("There is none: %(path)s") % {"path": where.unit})
        return
    try:
        systemctl.run("disable", "--now", where.unit.name)
        where.unit.unlink()
        systemctl.run("daemon-reload")
    except SystemdError as error:
        text = _("“%(command)s” said: %(said)s")
        raise NotInstalledError(text % {"command": error.command, "said": error}) from error
    except PermissionError as error:
        text = _("%(path)s cannot be removed: run this as root")
        raise NotInstalledError(text % {"path": where.unit}) from error
    say(_("Stopped and removed: %(path)s") % {"path": where.unit})
    if where.environment.exists():
        text = _("Your settings stay, secrets too, until you delete them: %(path)s")
        say(text % {"path": where.environment})


def _cure(where: Place) -> str:
    if where.system:
        return _("See to that, then run this again.")
    return _(
        "A user's systemd answers in a session of that user's own: log in directly (su and sudo make"
        " none) and run this again, or use --system as root."
    )


def difference(there: str, wanted: str, path: Path) -> str:
    """A unified diff from the file that is there to the one that is wanted."""
    lines = difflib.unified_diff(
        there.splitlines(), wanted.splitlines(), str(path), _("wanted"), lineterm=""
    )
    return "\n".join(lines)


def _active(systemctl: Systemctl, name: str) -> bool:
    try:
        systemctl.run("is-active", "--quiet", name)
    except SystemdError:
        return False
    systemctl.done.pop()  # a question is no step
    return True
