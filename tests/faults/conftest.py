from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.ground import Ground
from tests.faults.processes import Product


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database a test stands on: each runs on both."""
    return str(request.param)


def database(kind: str, request: pytest.FixtureRequest) -> str | None:
    """DATABASE_URL of a new database, None for SQLite's own file."""
    if kind == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres").database()
    return url


@pytest.fixture
def ground(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """Local servers and an installation, nothing running yet."""
    with Ground(tmp_path, database(kind, request)) as made:
        yield made


@pytest.fixture
def paper_ground(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """The same without a venue: filled on paper, in the product's own process."""
    with Ground(tmp_path, database(kind, request), venue=False) as made:
        yield made


@pytest.fixture(scope="module")
def product(
    kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    """`manage.py up`, running; one for the tests of a module."""
    with Ground(tmp_path_factory.mktemp("product"), database(kind, request)) as made:
        yield Product(made).begin()
