"""`backup`: the whole installation in one file, taken while it runs."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from monitoring.heartbeat import beat
from monitoring.keeping import archive, snapshot
from monitoring.keeping.presence import database_path
from pmsite.version import VERSION
from positions import journal
from positions.presenting.badges import iso

BACKUP = "backup"  # the Heartbeat row that says when the last one was made


class BackupError(Exception):
    """No backup was made, and no half one lies about; one line for a person."""


@dataclass(frozen=True, slots=True)
class Made:
    """A finished archive. `journal`: its newest entry; `positions`: how many were open."""

    file: str
    bytes: int
    made_at: str
    version: str
    journal: int
    positions: int

    def as_json(self) -> dict[str, object]:
        """The document of `backup --json`."""
        return asdict(self) | {"holds": ["database", "secret key", "webhook addresses"]}


def backup(target: Path, *, now: datetime, force: bool = False) -> Made:
    """Writes the archive `target`. Raises BackupError."""
    source = database_path()
    if source is None:
        raise BackupError(_("this database is no SQLite file"))
    if target.exists() and not force:
        raise BackupError(_("%(file)s is there already; --force replaces it") % {"file": target})
    try:
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))  # mode 0700
    except OSError as error:
        raise BackupError(_said(target, error)) from error
    try:
        return _make(source, target, work, now, force=force)
    except snapshot.DamagedError as error:
        text = _("the database itself is damaged, so no backup was made of it: %(error)s")
        raise BackupError(text % {"error": error}) from error
    except archive.ArchiveError as error:
        raise BackupError(str(error)) from error
    except (OSError, sqlite3.Error) as error:
        raise BackupError(_said(target, error)) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _make(source: Path, target: Path, work: Path, now: datetime, *, force: bool) -> Made:
    copied, key = work / archive.DATABASE, work / archive.KEY
    copied.touch(mode=0o600)
    snapshot.copy(source, copied)
    snapshot.check(copied)
    found = snapshot.contents(copied)
    key.touch(mode=0o600)
    key.write_text(f"{settings.SECRET_KEY}\n", encoding="utf-8")
    facts = {
        "version": VERSION,
        "made_at": iso(now),
        "sqlite": sqlite3.sqlite_version,
        "migrations": {app: names[-1] for app, names in found.migrations.items()},
        "journal": found.journal,
        "open_positions": found.open_positions,
        "rows": found.rows,
    }
    archive.pack(target, {archive.DATABASE: copied, archive.KEY: key}, facts, force=force)
    size = target.stat().st_size
    return Made(str(target), size, iso(now), VERSION, found.journal, found.open_positions)


def _said(target: Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    told = {"file": target, "error": reason}
    return (
        _("%(file)s cannot be written (%(error)s): is the disk full? Nothing was left there") % told
    )


def note(made: Made, *, now: datetime) -> bool:
    """Has the journal and the check list know of it; False when the database cannot be written."""
    text = _("backup made: %(file)s") % {"file": made.file}
    try:
        with transaction.atomic():
            beat(BACKUP, at=now)
            entry = journal.entry("backup_made", text, at=now, actor="backup", data=made.as_json())
            journal.append(entry)
    except DatabaseError:
        return False
    return True
