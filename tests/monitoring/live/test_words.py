"""Every kind of journal entry that the alerts know has words on the page."""

from __future__ import annotations

from monitoring.alerts.selection import TOLD, UNTOLD
from positions.presenting.entries import KINDS


def test_every_known_kind_has_a_title() -> None:
    assert sorted((TOLD | UNTOLD) - KINDS.keys()) == []
