"""Installations with a few open positions, made once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.installation import Installation, NewInstallation

BOOK = "market,outcome,entry_price,shares\nsim:alpha,Yes,0.50,100\nsim:beta,Yes,0.40,200\n"
Installed = Callable[..., Installation]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DATA_DIR of an installation that was set up, with two open positions; nobody runs in it."""
    home = tmp_path_factory.mktemp("template")
    (home / "book.csv").write_text(BOOK)
    installation = Installation(home)
    installation.manage("setup")
    installation.manage("import_positions", str(home / "book.csv"))
    return home


@pytest.fixture
def installed(template: Path, new_installation: NewInstallation) -> Installed:
    """Makes copies of the template."""

    def make(**environ: str) -> Installation:
        installation = new_installation(MONITOR_INTERVAL="5", **environ)
        shutil.copytree(template, installation.home, dirs_exist_ok=True)
        # Named, so that `up` loads no demo.
        installation.environ["DATABASE_URL"] = f"sqlite:///{installation.home / 'db.sqlite3'}"
        return installation

    return make
