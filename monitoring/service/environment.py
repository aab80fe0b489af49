"""The service's environment file: what this shell has set, secrets too, for its owner's eyes only.

Format: systemd.exec(5), EnvironmentFile=. It is made once; afterwards it belongs to a person.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from pmsite.env import SECRETS, Env

DERIVED = {"DEFAULT_DATABASE", "WORKER"}
# Read by the libraries below us: the way out, whom to trust there, and whose proxy headers count.
OTHERS = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
)
PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
HEAD = """\
# Environment of Position Manager's service, one NAME=value a line (docs/guide-running.md, Settings).
# Made from the shell that installed it and not touched again. Keep it to yourself: mode 600.
"""


class UnwritableValueError(Exception):
    """A variable's value has a line break or a zero byte, which no environment file can carry."""


def known_names() -> tuple[str, ...]:
    """Every variable that changes what the product does."""
    own = {field.name.upper() for field in fields(Env)} - DERIVED
    return (*sorted(own | {f"{name}_FILE" for name in SECRETS}), *OTHERS)


def chosen(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What is set and known. A secret's file is named from the root: `folder` is where we are."""
    found = {name: environ[name] for name in known_names() if environ.get(name, "").strip()}
    files = {name: str(folder / path) for name, path in found.items() if name.endswith("_FILE")}
    return found | files


def text_of(values: Mapping[str, str]) -> str:
    """The file's text. Raises UnwritableValueError, which names the variable, not its value."""
    for name, value in values.items():
        if set(value) & set("\n\r\0"):
            raise UnwritableValueError(name)
    return HEAD + "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def names_in(text: str) -> set[str]:
    """Which variables a file sets."""
    lines = (line.strip() for line in text.splitlines())
    return {
        line.partition("=")[0].strip()
        for line in lines
        if "=" in line and not line.startswith(("#", ";"))
    }


def keep(path: Path, text: str) -> None:
    """Write a file that is never readable for others, not even for a moment.

    Raises OSError, FileExistsError rather than touch one.
    """
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _quoted(value: str) -> str:
    if PLAIN.fullmatch(value):
        return value
    escaped = re.sub(r'(["\\`$])', r"\\\1", value)
    return f'"{escaped}"'
