"""Fixtures of the whole suite, and the line that says which parts could not run here."""

from __future__ import annotations

import gc
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import ROOT, Installation, NewInstallation
from tests.servers import (
    Postgres,
    Redis,
    chromium_program,
    postgres_programs,
    running_postgres,
)

KILLING = {"faults", "oracle"}
MISSING = pytest.StashKey[set[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MISSING] = set()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what kills processes, by its folder. The pages come last: after Playwright no test of a
    coroutine can begin in this process. PostgreSQL's round leaves out what starts an installation,
    which has a database of its own.
    """
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        twice = [item for item in items if "new_installation" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=twice)
        items[:] = [item for item in items if item not in set(twice)]
    for item in items:
        if KILLING & set(item.path.relative_to(ROOT).parts):
            item.add_marker("faults")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not look through it again and again,
    which is a tenth of the suite's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Counts of wrong keys live there; each test begins at none."""
    from django.core.cache import cache

    cache.clear()


def need(request: pytest.FixtureRequest, name: str, found: object) -> None:
    """Skip the test where a program is not installed, and name it at the end; fail it in CI."""
    if found:
        return
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(f"{name} is not installed, and CI=true asks for every part", pytrace=False)
    request.config.stash[MISSING].add(name)
    pytest.skip(f"{name} is not installed")


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """A private PostgreSQL server; `postgres.database()` is the URL of a new database in it."""
    given = os.environ.get("PM_TEST_POSTGRES")  # tests/run.py's, for both of its rounds
    if given:
        yield Postgres(given)
        return
    programs = postgres_programs()
    need(request, "PostgreSQL", programs)
    assert programs is not None
    with running_postgres(programs) as server:
        yield server


@pytest.fixture
def redis(request: pytest.FixtureRequest) -> Iterator[Redis]:
    """A private Redis of this test, which may stop and start it."""
    need(request, "Redis", shutil.which("redis-server"))
    server = Redis().start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> str:
    """The path of the system's Chromium, for Playwright's executable_path."""
    program = chromium_program()
    need(request, "Chromium", program)
    return str(program)


@pytest.fixture
def new_installation(tmp_path: Path) -> Iterator[NewInstallation]:
    """Makes installations on SQLite: `new_installation(MONITOR_INTERVAL="5")`."""
    made: list[Installation] = []

    def make(database_url: str | None = None, **environ: str) -> Installation:
        home = tmp_path / f"installation{len(made)}"
        home.mkdir()
        made.append(Installation(home, database_url=database_url, **environ))
        return made[-1]

    yield make
    for installation in made:
        installation.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def on_both_databases(
    request: pytest.FixtureRequest, new_installation: NewInstallation
) -> NewInstallation:
    """Like new_installation; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return new_installation
    server: Postgres = request.getfixturevalue("postgres")
    return lambda **environ: new_installation(server.database(), **environ)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    missing = sorted(str(name) for name in config.stash[MISSING])
    if missing:
        terminalreporter.write_line(f"Not run here, for want of: {', '.join(missing)}")
    report = os.environ.get("PM_TEST_REPORT")
    if report:  # tests/run.py adds its rounds up
        kinds = ("passed", "failed", "error", "skipped")
        counts = {kind: len(terminalreporter.stats.get(kind, [])) for kind in kinds}
        Path(report).write_text(json.dumps({"counts": counts, "missing": missing}))
