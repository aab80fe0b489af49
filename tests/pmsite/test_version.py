from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django import get_version

from pmsite.version import VERSION
from tests.installation import ROOT
from tests.website import member


def test_version_is_the_one_of_the_project() -> None:
    stated = re.search(
        r'^version = "([^"]+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert stated is not None
    assert stated[1] == VERSION


def test_manage_tells_the_product_s_version() -> None:
    command = [sys.executable, "manage.py", "--version"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == f"Position Manager {VERSION} (Django {get_version()})\n"


@pytest.mark.django_db
def test_pages_carry_the_version() -> None:
    assert f"<span>v{VERSION}</span>" in member().get("/").content.decode()
