from __future__ import annotations

import pytest
from django.db import connection

from pmsite.database import database, sqlite_options
from pmsite.env import BASE_DIR, BadEnvironmentError


def test_postgres_url_is_taken_apart_and_decoded() -> None:
    found = database("postgres://me:p%40ss@db.org:5433/book%20one?sslmode=require", worker=False)
    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "book one",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.org",
        "PORT": 5433,
        "OPTIONS": {"connect_timeout": "10", "sslmode": "require"},
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }


def test_sqlite_path_may_be_absolute_or_start_at_the_project() -> None:
    names = [database(f"sqlite:///{path}", worker=False)["NAME"] for path in ("/a/b.db", "b.db")]
    assert names == ["/a/b.db", str(BASE_DIR / "b.db")]


def test_worker_keeps_its_connections() -> None:
    urls = ("sqlite:////a/b.db", "postgres://db/name")
    assert [database(url, worker=True)["CONN_MAX_AGE"] for url in urls] == [None, None]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgres://db:port/name", "is not a URL"),
        ("postgres://me:hidden@db", "names no database after the host"),
        ("sqlite://file.db", "SQLite is sqlite:///file or sqlite:////abs/file"),
        ("sqlite:///", "SQLite is sqlite:///file or sqlite:////abs/file"),
    ],
)
def test_bad_url_is_told_without_its_password(url: str, told: str) -> None:
    with pytest.raises(BadEnvironmentError) as caught:
        database(url, worker=False)
    assert str(caught.value) == f"DATABASE_URL: {told}"


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own settings")
def test_sqlite_connection_has_the_measured_settings() -> None:
    with connection.cursor() as cursor:
        values = [
            cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        ]
    full = 2
    assert values == ["wal", full, 20_000, 1]
    assert sqlite_options(worker=False)["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(("worker", "kilobytes"), [(True, 20_000), (False, 2_000)])
def test_only_the_worker_s_kept_connections_have_a_large_page_cache(
    *, worker: bool, kilobytes: int
) -> None:
    assert sqlite_options(worker=worker)["init_command"].endswith(f"cache_size=-{kilobytes}")
