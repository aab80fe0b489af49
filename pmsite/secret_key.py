"""The secret key that an installation makes for itself on its first run."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def kept_key(path: Path) -> str:
    """The key in `path`, made first (mode 0600) where there is none. Raises OSError.

    Web and worker may start together: the file appears complete or not at all, and whoever comes
    second reads the first one's key.
    """
    if not path.exists():
        _make(path)
    return path.read_text(encoding="ascii").strip()


def _make(path: Path) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600 from the start
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(50) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        temporary.unlink()
