"""One zip file that holds an installation: database, secret key, and a manifest of both.

It is made beside its target under another name, on disk in full, and then takes its name: there is
never half an archive. Mode 0600: the key signs sessions, and channels hold webhook addresses.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from pmsite.replacing import sync_folder

DATABASE, KEY, MANIFEST = "db.sqlite3", "secret_key", "manifest.json"
FORMAT = 1
PRODUCT = "position-manager"


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
            manifest = _manifest(archive.read(MANIFEST))
            for name in (DATABASE, KEY):
                archive.extract(name, folder)
                (folder / name).chmod(0o600)
    except FileNotFoundError:
        raise ArchiveError(_("there is no file %(file)s") % {"file": source}) from None
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        text = _("%(file)s is no whole backup: %(error)s")
        raise ArchiveError(text % {"file": source, "error": error}) from error
    for name in (DATABASE, KEY):
        if sha256(folder / name) != manifest["files"][name]["sha256"]:
            told = {"file": source, "name": name}
            raise ArchiveError(_("%(file)s is damaged: %(name)s differs from its checksum") % told)
    return manifest


def _manifest(text: bytes) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(text)
    if manifest.get("product") != PRODUCT:
        raise ValueError(_("it was not made by `backup`"))
    if manifest["format"] > FORMAT:
        raise ValueError(_("it was made by a later version (%s)") % manifest["version"])
    return manifest


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
