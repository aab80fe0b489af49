"""Actions from the list: each calls its service and says what became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from django_q.models import Schedule

from monitoring.schedules import ensure_schedules
from positions.models import Exit, JournalEntry, Mark, Position
from positions.services import exits_pause
from tests.positions.admin.conftest import Open, Trader

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped")]


def fresh(position: Position) -> Position:
    return Position.objects.get(pk=position.pk)


def test_closing_asks_first(trader: Trader, open_one: Open) -> None:
    position = open_one("rain")
    answer = trader.act("close", position)
    page = answer.content.decode()
    assert ("Sell 1 position" in page, "−$2.00" in page, "48.0¢" in page) == (True, True, True)
    assert Exit.objects.count() == 0


def test_a_confirmed_close_is_decided_for_each(trader: Trader, open_one: Open) -> None:
    one, two, other = open_one("a"), open_one("b"), open_one("c")
    assert trader.act("close", one, two, confirmed="yes").status_code == 302
    exits = Exit.objects.order_by("position_id")
    assert [(e.position_id, e.rule, e.requested_by) for e in exits] == [
        (one.pk, "manual", "alice"),
        (two.pk, "manual", "alice"),
    ]
    assert fresh(other).version == other.version
    assert trader.messages()[0].startswith("2 closes requested")


def test_what_cannot_be_closed_is_named_and_the_others_go_on(
    trader: Trader, open_one: Open
) -> None:
    good, gone = open_one("a"), open_one("b")
    Position.objects.filter(pk=gone.pk).update(state="closed", shares=0)
    trader.act("close", good, gone, confirmed="yes")
    assert [e.position_id for e in Exit.objects.all()] == [good.pk]
    assert trader.messages()[0] == "b · Yes: This position is closed already."


def test_nothing_is_closed_while_exits_are_paused(trader: Trader, open_one: Open) -> None:
    exits_pause(actor="bob", now=timezone.now())
    trader.act("close", open_one("a"), confirmed="yes")
    assert Exit.objects.count() == 0
    assert trader.messages() == ["a · Yes: All exits are paused. Resume exits first, then close."]


def test_muting_and_unmuting_is_journalled(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    trader.act("mute_hour", position)
    until = fresh(position).muted_until
    assert until is not None
    assert timedelta(minutes=59) < until - timezone.now() <= timedelta(hours=1)
    trader.act("unmute", position)
    assert fresh(position).muted_until is None
    kinds = JournalEntry.objects.filter(position=position, actor="alice").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["muted", "unmuted"]


def test_arming_arms_what_waits_and_says_who(trader: Trader, open_one: Open) -> None:
    waiting, armed = open_one("a"), open_one("b")
    Mark.objects.filter(position=waiting).update(
        state='{"unarmed":["stop_loss","time_exit"]}', unarmed="stop_loss,time_exit"
    )
    trader.act("arm", waiting, armed)
    assert Mark.objects.get(position=waiting).unarmed == ""
    entries = JournalEntry.objects.filter(kind="armed", actor="alice").order_by("pk")
    assert [(e.position_id, e.rule) for e in entries] == [
        (waiting.pk, "stop_loss"),
        (waiting.pk, "time_exit"),
    ]
    assert trader.messages()[0].startswith("The rules of 1 positions are armed")


def test_check_now_asks_for_a_pass(trader: Trader, open_one: Open) -> None:
    later = timezone.now() + timedelta(hours=1)
    ensure_schedules(now=later)
    trader.act("check_now", open_one("a"))
    assert Schedule.objects.get(name="monitor").next_run <= timezone.now()


def test_who_may_only_look_neither_sells_nor_starts_a_pass(open_one: Open) -> None:
    ensure_schedules(now=timezone.now() + timedelta(hours=1))
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_position"))
    viewer, position = Trader(user), open_one("a")
    viewer.act("close", position, confirmed="yes")
    viewer.act("mute_day", position)
    viewer.act("check_now", position)
    assert (Exit.objects.count(), fresh(position).muted_until) == (0, None)
    assert Schedule.objects.get(name="monitor").next_run > timezone.now()
