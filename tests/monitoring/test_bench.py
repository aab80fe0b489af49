from __future__ import annotations

import json
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.servers import postgres_programs

SMALL = {"positions": [20], "markets": 20, "rounds": 1}


def test_bench_measures_every_lane_in_every_scene() -> None:
    out = StringIO()
    call_command("bench", json=True, stdout=out, stderr=StringIO(), **SMALL)
    report = json.loads(out.getvalue())
    places = ["SQLite", "PostgreSQL"] if postgres_programs() else ["SQLite"]
    assert [(row["scene"], row["lane"], row["place"]) for row in report["rows"]] == [
        (scene, lane, place)
        for scene in ("calm", "busy", "stormy")
        for place in places
        for lane in ("pass", "floor")
    ]
    assert [row["positions"] for row in report["first_pass"]] == [20] * len(places)
    assert "--freqtrade" in report["missing"][-1]


def test_bench_says_when_a_lane_cannot_run() -> None:
    """This Python has no freqtrade."""
    with pytest.raises(CommandError, match="freqtrade on SQLite has ended"):
        call_command("bench", positions=[], freqtrade=sys.executable, stderr=StringIO())
