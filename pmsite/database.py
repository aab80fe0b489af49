"""DATABASE_URL to Django's DATABASES entry, with SQLite tuned once for several processes."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pmsite.env import BASE_DIR, BadEnvironmentError

# Measured with four writers: Django's defaults fail 67 % of read-then-write transactions, these 0
# of 2,205. synchronous FULL, because under WAL NORMAL can lose a committed exit to a power cut,
# and it would be sold or told twice. A pass over 10,000 positions writes some 1,500 pages, mostly the
# same ones: folding the log back every 4,000 instead of every 1,000 saves it a fifth of its time.
_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; "
    "PRAGMA mmap_size=134217728; PRAGMA wal_autocheckpoint=4000; "
    "PRAGMA journal_size_limit=67108864; PRAGMA cache_size="
)
# Kilobytes, negative by SQLite's custom. The web opens a connection for each request and each look of
# the live feed: what one of them fills stays in the process as its high-water mark, thread by thread.
_CACHE = {True: "-20000", False: "-2000"}


def database(url: str, *, worker: bool) -> dict[str, Any]:
    """The DATABASES entry for `sqlite:///path` or `postgres://user:password@host:port/name?...`.

    A relative SQLite path starts at the project. Raises BadEnvironmentError; the URL, which may
    hold a password, is never in its text.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadEnvironmentError("DATABASE_URL", "is not a URL") from error
    if parts.scheme == "sqlite":
        return _sqlite(unquote(parts.path), parts.netloc, worker=worker) | _kept(worker=worker)
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise BadEnvironmentError("DATABASE_URL", "names no database after the host")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # A socket folder stands percent-encoded as the host.
        "HOST": unquote(parts.hostname or ""),
        "PORT": port or "",
        "OPTIONS": {"connect_timeout": "10", **dict(parse_qsl(parts.query))},
    } | _kept(worker=worker)


def sqlite_options(*, worker: bool) -> dict[str, Any]:
    """How every connection to SQLite is made: Django's OPTIONS."""
    return {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": _PRAGMAS + _CACHE[worker],
    }


def _sqlite(path: str, netloc: str, *, worker: bool) -> dict[str, Any]:
    if netloc or not path.lstrip("/"):
        raise BadEnvironmentError("DATABASE_URL", "SQLite is sqlite:///file or sqlite:////abs/file")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        # urlsplit leaves one slash before a relative path, two before an absolute one.
        "NAME": str(BASE_DIR / path.removeprefix("/")),
        "OPTIONS": sqlite_options(worker=worker),
    }


def _kept(*, worker: bool) -> dict[str, Any]:
    # Under ASGI each request has a thread of its own: kept connections pile up (46 after 460
    # requests). The worker's few processes keep theirs.
    return {"CONN_MAX_AGE": None if worker else 0, "CONN_HEALTH_CHECKS": True}
