"""`restore`: a backup in the place of the present database, which is kept aside.

Everything is prepared in a folder beside the database: checked, brought up to this version, exits
paused, alerts expired. Then one plan is committed (pmsite.replacing): a crash leaves the old state
or the new one, never a mixture.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from monitoring.keeping import archive, presence, snapshot
from monitoring.keeping.aftermath import Settled, settle
from monitoring.keeping.versions import NewerDatabaseError, refuse_newer
from pmsite import replacing

STAGING = ".restoring-"


class RestoreError(Exception):
    """Nothing was restored and nothing was changed; one line for a person."""


@dataclass(frozen=True, slots=True)
class Restored:
    """`kept`: the folder with what was there before, "" where there was nothing. `expired`: how
    many alerts will not be sent. `other_key`: SECRET_KEY is set and is not the backup's.
    """

    file: str
    made_at: str
    version: str
    positions: int
    expired: int
    kept: str
    other_key: bool

    def as_json(self) -> dict[str, object]:
        """The document of `restore --json`."""
        return asdict(self)


def restore(file: Path, *, now: datetime) -> Restored:
    """Puts the archive `file` in place. Raises RestoreError."""
    target = presence.database_path()
    if target is None:
        raise RestoreError(_("this database is no SQLite file"))
    try:
        presence.claim()
    except presence.InUseError as error:
        text = _("Position Manager runs on this database: %(who)s. Stop it first.")
        raise RestoreError(text % {"who": error}) from error
    for old in target.parent.glob(f"{STAGING}*"):  # of a restore that was killed
        shutil.rmtree(old, ignore_errors=True)
    try:
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=STAGING))
    except OSError as error:
        raise RestoreError(f"{target.parent}: {error.strerror}") from error
    try:
        manifest = archive.unpack(file, work)
        settled = _prepare(work / archive.DATABASE, target, manifest, now)
        own_key, other_key = _keys(work / archive.KEY)
        kept = _put_in_place(work, target, own_key=own_key, now=now)
    except (archive.ArchiveError, NewerDatabaseError) as error:
        raise RestoreError(str(error)) from error
    except snapshot.DamagedError as error:
        text = _("the database in %(file)s is damaged: %(error)s")
        raise RestoreError(text % {"file": file, "error": error}) from error
    except (OSError, sqlite3.Error, DatabaseError) as error:
        text = _("the backup could not be prepared (%(error)s); nothing was changed")
        raise RestoreError(text % {"error": getattr(error, "strerror", None) or error}) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Restored(
        str(file),
        manifest["made_at"],
        manifest["version"],
        settled.positions,
        settled.expired,
        kept,
        other_key,
    )


def _prepare(copied: Path, target: Path, manifest: dict[str, Any], now: datetime) -> Settled:
    """Makes of the copy what may be started."""
    snapshot.check(copied)
    snapshot.contents(copied)  # an empty file is whole too, and no database of ours
    made_at = parse_datetime(manifest["made_at"])
    assert made_at is not None
    past = snapshot.sequences(target)
    with _connected_to(copied):
        refuse_newer()
        call_command("migrate", interactive=False, verbosity=0)
        return settle(made_at=made_at, past=past, now=now)


@contextmanager
def _connected_to(path: Path) -> Iterator[None]:
    """Django's own connection on another file; its log is folded in at the end."""
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name


def _keys(restored: Path) -> tuple[bool, bool]:
    """Whether the key in DATA_DIR is the one in use, so that the backup's takes its place; else
    whether SECRET_KEY from the environment differs from the backup's.
    """
    kept = Path(settings.DATA_DIR) / "secret_key"
    try:
        own = kept.read_text(encoding="utf-8").strip() == settings.SECRET_KEY
    except OSError:
        own = False
    return own, not own and restored.read_text(encoding="utf-8").strip() != settings.SECRET_KEY


def _put_in_place(work: Path, target: Path, *, own_key: bool, now: datetime) -> str:
    """Commits the plan and carries it out; the folder with what was there before, "" if nothing."""
    stamp, data = f"{now:%Y%m%dT%H%M%SZ}", Path(settings.DATA_DIR)
    kept = Path(tempfile.mkdtemp(dir=target.parent, prefix=f"replaced-{stamp}-"))
    _sync(work / archive.DATABASE)
    swaps = [_swap(work / archive.DATABASE, target, kept / target.name)]
    if own_key:
        # Its own folder may lie on another file system than the database.
        staged = data / f"{STAGING}key"
        staged.touch(mode=0o600)
        staged.write_bytes((work / archive.KEY).read_bytes())
        _sync(staged)
        swaps.append(_swap(staged, data / "secret_key", data / f"secret_key.replaced-{stamp}"))
    for folder in {work, target.parent, data}:  # what is staged must outlast a power cut too
        replacing.sync_folder(folder)
    replacing.commit(data, swaps)
    replacing.finish(data)
    if any(kept.iterdir()):
        return str(kept)
    kept.rmdir()
    return ""


def _swap(staged: Path, target: Path, aside: Path) -> replacing.Swap:
    return replacing.Swap(str(staged), str(target), str(aside))


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
