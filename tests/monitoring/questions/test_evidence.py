"""Who has written of it: two items of one publisher are one source, a tweet is no publisher."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring.questions.evidence import headlines, publishers, sources
from tests.monitoring.questions.desk import QUOTED, SECOND

WWW = QUOTED | {"domain": "WWW.Reuters.com."}
TWEET = QUOTED | {"domain": "x.com", "trust": "social"}
HOLDER = QUOTED | {"domain": "holder.example", "trust": "adversarial"}
NAMELESS = {"id": "h9", "kind": "headline", "text": "News", "publisher": "Dawn", "domain": ""}
PRICE = {"id": "p1", "kind": "price", "domain": "venue.example"}


@pytest.mark.parametrize(
    ("evidence", "written", "trusted"),
    [
        ([], 0, 0),
        ([QUOTED], 1, 1),
        ([QUOTED, WWW], 1, 1),
        ([QUOTED, SECOND], 2, 2),
        ([QUOTED, TWEET, HOLDER], 3, 1),
        ([NAMELESS], 1, 0),
        ([PRICE], 0, 0),
        (None, 0, 0),
        ("h1", 0, 0),
        ([None, "h1", {"kind": "headline"}], 1, 0),
    ],
)
def test_sources_and_publishers(evidence: Any, written: int, trusted: int) -> None:
    assert (sources(evidence), len(publishers(evidence))) == (written, trusted)


def test_only_headlines_are_headlines() -> None:
    assert headlines([PRICE, QUOTED]) == [QUOTED]
