"""From one release to the next: refuse a later database, copy this one, then migrate."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError
from django.utils.translation import gettext as _

from monitoring.keeping.backup import BackupError, Made, backup, note
from monitoring.keeping.presence import database_path
from monitoring.keeping.versions import is_new, pending, refuse_newer
from pmsite.version import VERSION

KEPT = 5
PREFIX = "before-"


class UpgradeError(Exception):
    """The upgrade has stopped; the text says where, and how to go back."""


def upgrade(say: Callable[[str], None], *, now: datetime) -> None:
    """Brings the database up to this version, after a backup where there is something to lose.

    Raises NewerDatabaseError and UpgradeError; nothing was changed then, or the text says what.
    """
    _make_private()
    refuse_newer()
    plan = pending()
    made = _copy(say, now) if plan and not is_new() else None
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except Exception as error:
        raise UpgradeError(_failed(plan, made, error)) from error
    if made is not None:
        note(made, now=now)


def _make_private() -> None:
    """A new database is its owner's alone: it holds sessions and webhook addresses, and the folder
    may be one that was there before. SQLite gives its log the same mode.
    """
    path = database_path()
    if path is None:
        return
    with suppress(OSError):  # there already; or no such folder, as the first query says better
        path.touch(mode=0o600, exist_ok=False)


def _copy(say: Callable[[str], None], now: datetime) -> Made | None:
    if database_path() is None:
        say(_("PostgreSQL: no copy is made before the upgrade; `manage.py backup` tells how."))
        return None
    folder = Path(settings.DATA_DIR) / "backups"
    target = folder / f"{PREFIX}{VERSION}-{now:%Y%m%dT%H%M%S}Z.zip"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        made = backup(target, now=now, force=True)
    except (BackupError, OSError) as error:
        text = _("No backup could be made, so nothing was upgraded: %(error)s")
        raise UpgradeError(text % {"error": error}) from error
    say(_("Backed up before the upgrade: %(file)s (the secret key is in it)") % {"file": target})
    for old in sorted(folder.glob(f"{PREFIX}*.zip"), key=_age)[:-KEPT]:
        old.unlink()
    return made


def _age(path: Path) -> tuple[str, float]:
    return path.stem[-16:], path.stat().st_mtime


def _failed(plan: list[str], made: Made | None, error: Exception) -> str:
    try:
        left = pending()
    except DatabaseError:
        left = plan
    told = {"at": left[0] if left else "?", "error": f"{type(error).__name__}: {error}"}
    text = _("The upgrade stopped at %(at)s (%(error)s).") % told
    if made is None:
        return text
    back = _(
        "The database as it was before is in %(file)s. To go back, start the earlier version on it:"
        " docs/guide-running.md, “When an upgrade fails”."
    )
    return f"{text} {back % {'file': made.file}}"
