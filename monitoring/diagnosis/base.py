"""One finding of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """`text` says what was found, `remedy` what to do; the remedy is empty when all is well."""

    name: str
    status: Literal["ok", "warn", "fail"]
    text: str
    remedy: str = ""


def ok(name: str, text: str) -> Check:
    """All is well."""
    return Check(name, "ok", text)


def warn(name: str, text: str, remedy: str) -> Check:
    """Works, but not as it should."""
    return Check(name, "warn", text, remedy)


def fail(name: str, text: str, remedy: str) -> Check:
    """The watch or its alerts do not work; `doctor` exits 1."""
    return Check(name, "fail", text, remedy)
