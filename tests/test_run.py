from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.installation import ROOT
from tests.run import closing_line


@pytest.mark.parametrize(
    ("counts", "missing", "line"),
    [
        ({"passed": 12}, set(), "12 passed, 0 failed"),
        ({"passed": 12, "failed": 1, "error": 2}, set(), "12 passed, 3 failed"),
        (
            {"passed": 9, "skipped": 3},
            {"Redis", "Chromium"},
            "9 passed, 0 failed, 3 skipped (not run here: Chromium, Redis)",
        ),
    ],
)
def test_closing_line_adds_up_and_names_what_was_missing(
    counts: dict[str, int], missing: set[str], line: str
) -> None:
    assert closing_line(Counter(counts), missing) == line


def without_redis(**environ: str) -> subprocess.CompletedProcess[str]:
    """One test that wants Redis, run where no program is to be found."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "tests/pmsite/test_cache.py"],
        cwd=ROOT,
        env={"PATH": os.path.dirname(sys.executable), **environ},  # noqa: PTH120
        capture_output=True,
        text=True,
        check=False,
    )


def test_missing_program_skips_its_tests_and_is_named() -> None:
    ended = without_redis()
    assert ended.returncode == 0
    assert "Not run here, for want of: Redis" in ended.stdout


def test_missing_program_is_a_failure_in_ci() -> None:
    ended = without_redis(CI="true")
    assert ended.returncode == 1
    assert "Redis is not installed, and CI=true asks for every part" in ended.stdout
