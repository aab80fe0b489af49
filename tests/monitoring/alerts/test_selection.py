from __future__ import annotations

import pytest

from monitoring.alerts.selection import TOLD, UNTOLD, is_told, told
from positions.models import JournalEntry
from tests.monitoring.alerts.book import write


@pytest.mark.parametrize(
    ("kind", "urgency", "expected"),
    [
        ("exit_done", "medium", True),
        ("dust", "low", True),
        ("fill", "critical", False),
        ("trigger", "critical", False),
        ("exit_decided", "low", False),
        ("error", "critical", True),
        ("something_new", "high", True),
        ("something_new", "medium", False),
    ],
)
def test_entry_is_told_by_its_kind_and_an_unknown_kind_by_its_urgency(
    kind: str, urgency: str, expected: bool
) -> None:
    assert is_told(kind, urgency) is expected


@pytest.mark.django_db
@pytest.mark.both_dbs
def test_told_as_a_query_agrees_with_is_told() -> None:
    kinds = [*sorted(TOLD | UNTOLD), "error", "something_new"]
    rows = [
        write(kind, urgency=urgency)
        for kind in kinds
        for urgency in ("critical", "high", "medium", "low")
    ]
    expected = [row.pk for row in rows if is_told(row.kind, row.urgency)]
    found = JournalEntry.objects.filter(told()).order_by("pk").values_list("pk", flat=True)
    assert list(found) == expected
