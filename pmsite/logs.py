"""Logging to stderr, with secrets replaced in whatever is printed, tracebacks included."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
PATTERNS = (
    # A Discord webhook's token, at Discord or at a stand-in: .../webhooks/<id>/<token>
    (re.compile(r"(/webhooks/\d+/)[\w.-]+"), rf"\1{MASK}"),
    # Telegram's and Slack's tokens, as their addresses hold them.
    (re.compile(r"(/bot\d+:)[\w-]+"), rf"\1{MASK}"),
    (re.compile(r"(/services/T\w+/B\w+/)\w+"), rf"\1{MASK}"),
    # Our own keys for bots.
    (re.compile(r"\bpm_[\w-]{43}"), f"pm_{MASK}"),
    # Passwords in URLs: scheme://user:password@host
    (re.compile(r"(\w://[^/\s:@]*:)[^/\s@]+@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(bearer|token) +[\w.~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"\bsk-[\w-]{8,}"), MASK),
)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secrets and without what has the shape of one."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Redacts after formatting, so that arguments and tracebacks are covered too."""

    def __init__(self, *args: Any, secrets: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The longest first: one secret may hold another.
        self.secrets = sorted(secrets, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record), self.secrets)


def config(secrets: tuple[str, ...]) -> dict[str, Any]:
    """The LOGGING dict. Everything goes through one handler: stdout belongs to --json."""
    quiet = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": RedactingFormatter,
                "format": "{asctime} {levelname} {name} {message}",
                "style": "{",
                "secrets": secrets,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": quiet | {"level": "INFO"},
            # Its four lines a task would bury everything else.
            "django-q": quiet | {"level": "WARNING"},
            "uvicorn": quiet | {"level": "WARNING"},
            "uvicorn.error": quiet,
            # uvicorn asks whether anybody would listen, whatever --no-access-log says: a monitor
            # that asks /healthz each second would bury everything else.
            "uvicorn.access": {"handlers": [], "propagate": False},
            "httpx": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},  # a line a call; ours stand in the audit
            # It warns with the whole address, whose query may be somebody's key.
            "urllib3": {"level": "ERROR"},
            # Three lines a login; what matters of it stands in the journal.
            "axes": {"level": "ERROR"},
        },
    }
