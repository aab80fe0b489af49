from __future__ import annotations

import logging
import logging.config
import sys

import pytest

from pmsite.logs import RedactingFormatter, config, redacted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "POST https://discord.com/api/v10/webhooks/12/Ab-c_9.x?wait=true failed",
            "POST https://discord.com/api/v10/webhooks/12/***?wait=true failed",
        ),
        ("http://127.0.0.1:9/api/webhooks/1/tok", "http://127.0.0.1:9/api/webhooks/1/***"),
        ("postgres://me:s3cret@db/name", "postgres://me:***@db/name"),
        ("redis://:s3cret@db:1/0", "redis://:***@db:1/0"),
        ("Authorization: Bearer abcdefghij", "Authorization: Bearer ***"),
        ("key sk-ant-api03-abcdef", "key ***"),
        ("a sentence about https://example.org:80/x", "a sentence about https://example.org:80/x"),
    ],
)
def test_redacted_replaces_what_looks_like_a_secret(text: str, told: str) -> None:
    assert redacted(text) == told


def record(message: str, *args: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("n", logging.ERROR, "p", 1, message, args, exc_info)  # type: ignore[arg-type]


def test_formatter_redacts_known_secrets_in_arguments() -> None:
    formatter = RedactingFormatter("{message}", style="{", secrets=("abc", "abcdef"))
    assert formatter.format(record("%s and %s", "abcdef", "abc")) == "*** and ***"


def test_formatter_redacts_tracebacks() -> None:
    formatter = RedactingFormatter("{message}", style="{", secrets=("hidden",))
    try:
        raise ValueError("no route to https://d.org/api/webhooks/1/tok with hidden")
    except ValueError:
        told = formatter.format(record("failed", exc_info=sys.exc_info()))
    assert told.splitlines()[-1] == (
        "ValueError: no route to https://d.org/api/webhooks/1/*** with ***"
    )


def test_nobody_listens_to_uvicorns_access_log() -> None:
    logging.config.dictConfig(config(()))
    assert not logging.getLogger("uvicorn.access").hasHandlers()
