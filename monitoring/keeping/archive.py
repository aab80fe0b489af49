"""One zip file that holds an installation: database, secret key, and a manifest of both.

It is made beside its target under another name, on disk in full, and then takes its name: there is
never half an archive. Mode 0600: the key signs sessions, and channels hold webhook addresses.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from pmsite.replacing import sync_folder

DATABASE, KEY, MANIFEST = "db.sqlite3", "secret_key", "manifest.json"
FORMAT = 1
PRODUCT = "position-manager"
MOST_TEXT = 1024 * 1024  # bytes of manifest and key, unpacked
# What a file that is none of ours, or no longer whole, makes of zipfile and json.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    RuntimeError,  # encrypted; its child: packed in a way that we do not know
)


class ArchiveError(Exception):
    """It cannot be made or read; one line for a person."""


def pack(target: Path, files: Mapping[str, Path], facts: Mapping[str, Any], *, force: bool) -> None:
    """Writes the archive. `facts` go into the manifest beside size and SHA-256 of each file.

    Raises ArchiveError when `target` is there already and not `force`, OSError when it cannot be
    written.
    """
    sums = {
        name: {"sha256": sha256(path), "bytes": path.stat().st_size} for name, path in files.items()
    }
    manifest = {"product": PRODUCT, "format": FORMAT, **facts, "files": sums}
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                archive.writestr(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))
                for inner, path in files.items():
                    archive.write(path, inner)
            file.flush()
            os.fsync(file.fileno())
        if force:
            temporary.replace(target)
        else:
            _link(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)


def _link(temporary: Path, target: Path) -> None:
    try:
        target.hardlink_to(temporary)  # unlike a rename it never replaces what is there
    except FileExistsError:
        raise ArchiveError(
            _("%(file)s is there already; --force replaces it") % {"file": target}
        ) from None


def unpack(source: Path, folder: Path) -> dict[str, Any]:
    """Puts the archive's files into `folder` and returns its manifest.

    Raises ArchiveError when it is none of ours, of a later format, or damaged; OSError.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            check_sizes(archive, free=shutil.disk_usage(folder).free)
            manifest = _manifest(archive.read(MANIFEST))
            for name in (DATABASE, KEY):
                archive.extract(name, folder)
                (folder / name).chmod(0o600)
    except FileNotFoundError:
        raise ArchiveError(_("there is no file %(file)s") % {"file": source}) from None
    except UNREADABLE as error:
        text = _("%(file)s is no whole backup: %(error)s")
        raise ArchiveError(text % {"file": source, "error": error}) from error
    for name in (DATABASE, KEY):
        if sha256(folder / name) != manifest["files"][name]["sha256"]:
            told = {"file": source, "name": name}
            raise ArchiveError(_("%(file)s is damaged: %(name)s differs from its checksum") % told)
    key = (folder / KEY).read_bytes().strip()
    if not (key and key.isascii()):  # nothing would start with it
        raise ArchiveError(_("%(file)s is damaged: its secret key is none") % {"file": source})
    return manifest


def check_sizes(archive: zipfile.ZipFile, *, free: int) -> None:
    """A small file may unpack to more than the `free` bytes. Raises ArchiveError, KeyError."""
    wanted = {name: archive.getinfo(name).file_size for name in (MANIFEST, KEY, DATABASE)}
    if max(wanted[MANIFEST], wanted[KEY]) > MOST_TEXT:
        raise ArchiveError(_("its manifest or key is larger than any of ours"))
    if wanted[DATABASE] > free:
        told = {"wanted": wanted[DATABASE], "free": free}
        raise ArchiveError(_("its database has %(wanted)d bytes, %(free)d are free") % told)


def _manifest(text: bytes) -> dict[str, Any]:
    """What stands in it is used after the restore too: all of it is looked at before."""
    found: object = json.loads(text)
    manifest: dict[str, Any] = found if isinstance(found, dict) else {}
    if manifest.get("product") != PRODUCT:
        raise ValueError(_("it was not made by `backup`"))
    if manifest["format"] > FORMAT:
        raise ValueError(_("it was made by a later version (%s)") % manifest["version"])
    if not (isinstance(manifest["version"], str) and parse_datetime(manifest["made_at"])):
        raise ValueError(_("it does not say when it was made, and by which version"))
    for name in (DATABASE, KEY):
        manifest["files"][name]["sha256"]
    return manifest


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
