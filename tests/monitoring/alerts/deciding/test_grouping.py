from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from monitoring.alerts.dispatch import dispatch
from monitoring.models import Channel, Notification
from positions.models import Market, Position
from tests.monitoring.alerts.book import FACTS, NOON, position, write, write_stop

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def book(count: int) -> list[Position]:
    first = position()
    markets = Market.objects.bulk_create(
        Market(venue="sim", key=f"m{number}", question=f"Q{number}") for number in range(1, count)
    )
    values = {"entry_price": first.entry_price, "shares": 10, "bought": 10, "opened_at": NOON}
    return [first, *Position.objects.bulk_create(Position(market=m, **values) for m in markets)]


def unpriced(held: list[Position], at: int = 0) -> None:
    for number, one in enumerate(held):
        data = FACTS | {"question": f"Q{number}", "problem": "no bids"}
        moment = NOON + timedelta(seconds=at)
        write("unpriced", urgency="high", position=one, data=data, at=moment)


def channel(name: str = "a", **values: object) -> Channel:
    return Channel.objects.create(name=name, url=f"https://x.example/{name}", **values)


def test_forty_of_a_kind_in_one_pass_are_one_message(settings: Settings) -> None:
    settings.SITE_URL = "https://pm.example"
    channel()
    unpriced(book(40))
    assert dispatch(now=NOON) == 40
    head = Notification.objects.get(state="pending")
    assert (
        head.title == "PAPER · PRICE ERROR · 40 alerts: Q0 · Yes, Q1 · Yes, Q2 · Yes, Q3 · Yes, …"
    )
    lines = head.body.splitlines()
    assert (len(lines), lines[0]) == (40, "PAPER · PRICE ERROR · Q0 · Yes · no bids")
    assert (head.link, head.reason, head.digest) == ("https://pm.example/alerts/", "first", None)
    others = Notification.objects.filter(state="collapsed", digest=head, reason="first")
    assert others.count() == 39
    assert len(set(others.values_list("alarm", flat=True))) == 39


def test_many_questions_lead_to_where_they_are_answered(settings: Settings) -> None:
    settings.SITE_URL = "https://pm.example"
    channel()
    for number, one in enumerate(book(6)):
        write("ask", urgency="high", position=one, data=FACTS | {"question_id": number})
    dispatch(now=NOON)
    assert Notification.objects.get(state="pending").link == "https://pm.example/decisions/"


def test_five_are_told_one_by_one() -> None:
    channel()
    unpriced(book(5))
    dispatch(now=NOON)
    assert set(Notification.objects.values_list("state", "digest")) == {("pending", None)}


def test_first_go_out_at_once_and_later_ones_in_groups() -> None:
    channel()
    held = book(20)
    unpriced(held[:2])
    dispatch(now=NOON)
    unpriced(held[2:], at=2)
    dispatch(now=NOON + timedelta(seconds=2))
    states = Notification.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["pending"] * 3 + ["collapsed"] * 17


def test_critical_ones_are_never_grouped() -> None:
    channel()
    for number in range(30):
        write_stop(number)
    dispatch(now=NOON)
    assert set(Notification.objects.values_list("state", flat=True)) == {"pending"}


def test_kinds_and_channels_are_grouped_by_themselves() -> None:
    channel("a"), channel("b", listens="critical")
    unpriced(book(8))
    for number in range(8):
        write("dust", data=FACTS | {"question": f"D{number}"})
    dispatch(now=NOON)
    heads = Notification.objects.filter(state="pending").order_by("pk")
    assert [(row.channel.name, row.title[:30]) for row in heads] == [
        ("a", "PAPER · PRICE ERROR · 8 alerts"),
        ("a", "PAPER · DUST · 8 alerts: D0 · "),
    ]


def test_what_is_suppressed_is_not_counted() -> None:
    channel()
    held = book(8)
    Position.objects.filter(pk__in=[one.pk for one in held[:3]]).update(
        muted_until=NOON + timedelta(hours=1)
    )
    unpriced(held)
    dispatch(now=NOON)
    states = Notification.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["suppressed"] * 3 + ["pending"] * 5
