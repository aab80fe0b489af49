"""Many alerts of one kind at once become one message: instant first, grouped after.

What comes singly goes out at once. When one batch holds more than five of the same kind for the same
channel, the first carries the list and the others stand in the history as collected in it. Critical
ones are never grouped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.conf import settings

from monitoring.alerts.deciding.judging import subject_kind
from monitoring.alerts.deciding.remarks import grouped_details, grouped_line
from monitoring.alerts.deciding.topics import APART, CRITICAL, QUESTIONS
from monitoring.alerts.wording import alert_of
from monitoring.models import Notification

MOST = 5
State = Notification.State


def create(rows: list[Notification]) -> int:
    """Writes the rows of one batch, grouped, in two statements; returns how many."""
    heads: dict[int, Notification] = {}  # by the row's place: the message that tells of it
    for members in _groups(rows):
        first = members[0]
        _lead(rows[first], [rows[place] for place in members])
        heads |= dict.fromkeys(members[1:], rows[first])
    Notification.objects.bulk_create(row for n, row in enumerate(rows) if n not in heads)
    for place, head in heads.items():
        rows[place].digest, rows[place].state = head, State.COLLAPSED
    Notification.objects.bulk_create(rows[place] for place in heads)
    return len(rows)


def _groups(rows: list[Notification]) -> Iterable[list[int]]:
    """Places of the rows that go together."""
    found: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        kind = subject_kind(row.entry)
        if row.state == State.PENDING and row.urgency != CRITICAL and kind not in APART:
            found[row.channel_id, row.entry.kind, kind].append(place)
    return [members for members in found.values() if len(members) > MOST]


def _lead(head: Notification, members: list[Notification]) -> None:
    """Makes the message tell of all of them."""
    entries = [row.entry for row in members]
    alerts = [alert_of(entry) for entry in entries]
    head.title, head.body = grouped_line(alerts), grouped_details(alerts)
    # Where the questions are answered; everything else is looked up in the list of alerts.
    page = "decisions" if {entry.kind for entry in entries} <= QUESTIONS else "alerts"
    head.link = f"{settings.SITE_URL}/{page}/"
