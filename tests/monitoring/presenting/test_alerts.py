"""What one line says about a message, in each of its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.alerts.deciding.reasons import WORDS, Reason
from monitoring.models import Channel, Notification
from monitoring.presenting.alerts import Line, brief, line
from positions.models import JournalEntry

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
State, Origin = Notification.State, Notification.Origin


def shown(*, channel: dict[str, Any] | None = None, **values: Any) -> Line:
    """The line of a message made at noon, seen a minute later."""
    entry = JournalEntry(at=values.pop("happened", NOON))
    row = {"id": 7, "created_at": NOON, "queued_at": NOON, "not_before": NOON} | values
    found = Notification(entry=entry, channel=Channel(name="discord", **(channel or {})), **row)
    return line(found, NOON + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-1, "0.0 s"), (0.42, "0.4 s"), (12, "12 s"), (180, "3 min")]
)
def test_short_stretches_have_a_tenth(seconds: float, expected: str) -> None:
    assert brief(seconds) == expected


@pytest.mark.parametrize(
    ("after", "attempts", "expected"),
    [(0.4, 1, ("delivered in 0.4 s", "")), (720, 4, ("delivered in 12 min", "4 attempts"))],
)
def test_delivered_tells_how_fast(after: float, attempts: int, expected: tuple[str, str]) -> None:
    one = shown(state=State.SENT, sent_at=NOON + timedelta(seconds=after), attempts=attempts)
    assert (one["text"], one["note"]) == expected
    assert (one["tone"], one["icon"], one["retry"]) == ("ok", "check", False)


@pytest.mark.parametrize(
    ("origin", "text"),
    [(Origin.ROUTE, "delivered in 2 min"), (Origin.ESCALATION, "delivered in 1.0 s")],
)
def test_delivery_counts_from_when_somebody_had_to_be_told(origin: str, text: str) -> None:
    happened, sent = NOON - timedelta(minutes=2), NOON + timedelta(seconds=1)
    assert shown(state=State.SENT, happened=happened, sent_at=sent, origin=origin)["text"] == text


@pytest.mark.parametrize(
    ("reason", "note"),
    [
        ("first", ""),
        ("repeat", "still so, and nobody has acknowledged it"),
        ("despite_silence", "critical stop: told in spite of a silence"),
        ("quiet_hours", "held by quiet hours"),
        ("fallback", ""),
    ],
)
def test_delivered_tells_why_where_that_is_news(reason: str, note: str) -> None:
    assert shown(state=State.SENT, sent_at=NOON, reason=reason)["note"] == note


def test_waiting_tells_its_next_try_and_the_last_answer() -> None:
    later = NOON + timedelta(seconds=84)
    one = shown(attempts=3, error="429 Too Many Requests", not_before=later)
    assert (one["text"], one["at"], one["form"]) == ("waiting, next try", later, "left")
    assert one["note"] == "3 attempts · 429 Too Many Requests"


def test_waiting_for_the_channels_pause_names_its_end() -> None:
    later = NOON + timedelta(minutes=5)
    one = shown(channel={"not_before": later})
    assert (one["text"], one["at"]) == ("waits for its turn", later)


def test_what_is_due_is_on_its_way() -> None:
    assert (shown()["text"], shown()["at"]) == ("on its way", None)


@pytest.mark.parametrize(("hours", "form"), [(7, "time"), (40, "when")])
def test_held_by_quiet_hours_names_their_end(hours: int, form: str) -> None:
    end = NOON + timedelta(hours=hours)
    one = shown(reason="quiet_hours", not_before=end)
    assert (one["text"], one["at"], one["form"]) == ("held by quiet hours until", end, form)


def test_waiting_for_a_channel_that_is_off_says_so() -> None:
    assert shown(channel={"enabled": False})["text"] == "waits until this channel is switched on"


def test_failed_can_be_retried_with_its_answer_shown() -> None:
    one = shown(state=State.FAILED, attempts=9, error="400 Bad Request")
    assert (one["tone"], one["text"], one["retry"]) == ("bad", "not delivered", True)
    assert one["note"] == "400 Bad Request · 9 attempts"


def test_failed_on_a_channel_that_is_off_must_wait_for_the_cure() -> None:
    one = shown(state=State.FAILED, error="404", channel={"enabled": False})
    assert (one["retry"], one["note"]) == (
        False,
        "404 · this channel is off: mend it before a retry",
    )


@pytest.mark.parametrize("reason", [reason for reason in Reason if not reason.tells])
def test_every_named_reason_has_words(reason: Reason) -> None:
    text = shown(state=State.SUPPRESSED, reason=reason.value)["text"]
    assert text == f"not told: {WORDS[reason]}"


def test_unknown_reason_is_shown_as_it_is() -> None:
    assert shown(state=State.SUPPRESSED, reason="moon")["text"] == "not told: moon"
    assert shown(state=State.SUPPRESSED)["text"] == "not told"


@pytest.mark.parametrize(
    ("state", "text"), [(State.SENT, "told in a digest"), (State.PENDING, "waits in a digest")]
)
def test_collapsed_shares_the_fate_of_its_digest(state: str, text: str) -> None:
    digest = Notification(id=9, state=state)
    one = shown(state=State.COLLAPSED, digest=digest)
    assert (one["text"], one["digest"]) == (text, 9)


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (Origin.ROUTE, ""),
        (Origin.FALLBACK, "as a fallback"),
        (Origin.ESCALATION, "escalated, as nobody acknowledged it"),
    ],
)
def test_origin_is_named_where_it_is_unusual(origin: str, text: str) -> None:
    assert shown(state=State.SENT, sent_at=NOON, origin=origin)["note"] == text
