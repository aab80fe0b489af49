"""`manage.py monitor`, and the task that the worker runs: on the built-in venue, with real ports."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, transaction
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler
from pytest_django.fixtures import Settings

from monitoring.broker import SchedulingORM
from monitoring.engine import run_pass
from monitoring.lease import LENGTH, acquire, identity
from monitoring.management.commands.monitor import answered
from monitoring.models import Lease, MonitorRun, Question
from monitoring.questions.asking import raise_question
from monitoring.schedules import ensure_schedules
from monitoring.tasks import monitor
from positions.domain.pnl import plain
from positions.markets import market_ensure, resolve_reference
from positions.models import ExitPolicy, Fill, Position
from positions.services import position_close_request, position_open

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
KEYS = [
    "run",
    "open",
    "closed",
    "checked",
    "unpriced",
    "triggers",
    "decisions",
    "exits",
    "errors",
    "seconds",
]


def held(name: str, policy: dict[str, Any] | None = None) -> Position:
    """100 shares of a market of the built-in venue, bought at 50 cents just now."""
    return position_open(
        market=market_ensure(resolve_reference(f"sim:{name}")),
        entry_price=Decimal("0.50"),
        shares=Decimal(100),
        now=timezone.now(),
        policy=policy,
    )


def command(*args: str) -> str:
    out = StringIO()
    call_command("monitor", *args, stdout=out)
    return out.getvalue()


def test_json_is_the_contracts_document() -> None:
    target = held("target", {"take_profit_price": "0.01"})
    asking = held("asking", {"soft_stop_pct": "0", "confirm_seconds": 0, "take_profit_price": "1"})
    Position.objects.filter(pk=asking.pk).update(entry_price=Decimal("0.999"))
    broken = held("broken")
    ExitPolicy.objects.create(position=broken, document='{"stop_loss_pct": "150"}')
    document = json.loads(command("--json"))
    assert list(document) == KEYS
    run = MonitorRun.objects.get()
    assert {name: document[name] for name in KEYS[:5]} == {
        "run": run.pk,
        "open": 3,
        "closed": 1,
        "checked": 2,
        "unpriced": 0,
    }
    fill = Fill.objects.get()
    bid = plain(fill.price)
    assert document["triggers"][0] == {
        "position": target.pk,
        "rule": "take_profit",
        "urgency": "high",
        "level": "0.01",
        "price": bid,
        "reason": document["triggers"][0]["reason"],
    }
    assert document["triggers"][0]["reason"].endswith("has reached the 1.0¢ target")
    pnl = (fill.price - Decimal("0.5")) * 100
    assert document["exits"] == [
        {
            "position": target.pk,
            "rule": "take_profit",
            "shares": "100",
            "price": bid,
            "pnl": format(pnl.quantize(Decimal("0.01")), "f"),
            "state": "filled",
        }
    ]
    (decision,) = document["decisions"]
    names = ("position", "rule", "verdict", "by", "state")
    assert {name: decision[name] for name in names} == {
        "position": asking.pk,
        "rule": "soft_stop",
        "verdict": "ask",
        "by": "Rules (no AI)",
        "state": "open",
    }
    question = Question.objects.get()
    assert (decision["question"], question.state) == (question.pk, "open")
    problem = "exit policy: stop_loss_pct: 150 must be below 100"
    assert document["errors"] == [{"position": broken.pk, "error": problem}]
    assert isinstance(document["seconds"], float)


def test_empty_book_is_a_complete_pass() -> None:
    document = json.loads(command("--json"))
    assert [document[name] for name in KEYS[1:9]] == [0, 0, 0, 0, [], [], [], []]
    assert MonitorRun.objects.get().state == "complete"


def test_question_of_an_earlier_pass_is_answered_too() -> None:
    position = held("quiet")
    question = raise_question(
        position_id=position.pk, rule="ai_alert", urgency="high", reason="x", now=timezone.now()
    )
    (decision,) = json.loads(command("--json"))["decisions"]
    assert (decision["question"], decision["state"]) == (question.pk, "open")
    assert json.loads(command("--json"))["decisions"] == []  # it waits for a person now


def test_pass_is_told_although_answering_fails() -> None:
    position = held("quiet")
    question = raise_question(
        position_id=position.pk, rule="ai_alert", urgency="high", reason="x", now=timezone.now()
    )
    asked = [{"question": question.pk, "state": "waiting"}]

    def full() -> list[dict[str, Any]]:
        raise OperationalError("database or disk is full")

    assert answered(asked, full) == asked


def test_pass_is_over_before_anybody_is_asked() -> None:
    position = held("quiet")
    raise_question(
        position_id=position.pk, rule="ai_alert", urgency="high", reason="x", now=timezone.now()
    )
    run_pass()
    seen: list[bool] = []

    def hanging() -> list[dict[str, Any]]:
        with transaction.atomic():  # another pass begins while the provider keeps us waiting
            acquire("monitor", now=timezone.now())
        seen.append(True)
        return []

    assert (answered([], hanging), seen) == ([], [True])


def test_person_reads_what_became_of_a_question() -> None:
    position = held("asked")
    question = raise_question(
        position_id=position.pk, rule="ai_alert", urgency="high", reason="x", now=timezone.now()
    )
    assert command().splitlines()[0].endswith(f" · question #{question.pk}: You decide")


def test_readable_output_has_a_line_for_each_position() -> None:
    held("quiet")
    sold = held("sold")
    position_close_request(position_id=sold.pk, actor="ann", now=timezone.now())
    first, second, total = command().splitlines()
    assert first.startswith("#")
    assert "quiet · Yes · 100 @ 50.0¢ → " in first
    assert first.endswith(" · hold")
    assert "filled: sold 100 at " in second
    assert total.startswith("2 open, 2 checked, 0 unpriced, 0 triggers, 1 exits, 0 errors in ")


@pytest.mark.parametrize("as_json", [True, False])
def test_exit_code_3_while_another_pass_is_at_work(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    Lease.objects.create(
        name="monitor", holder=identity(), fence=1, expires_at=timezone.now() + LENGTH
    )
    with pytest.raises(SystemExit) as ended:
        call_command("monitor", *(["--json"] if as_json else []))
    out, err = capsys.readouterr()
    assert ended.value.code == 3
    if as_json:
        assert list(json.loads(out)) == ["error"]
    else:
        assert (out, "Another pass is at work" in err) == ("", True)
    assert MonitorRun.objects.count() == 0


@pytest.mark.django_db(transaction=True)  # django-q2's scheduler closes connections
def test_after_downtime_there_is_one_pass() -> None:
    held("quiet")
    due = timezone.now() - timedelta(hours=2)
    ensure_schedules(now=due)
    row = Schedule.objects.get(name="monitor")
    scheduler(broker=SchedulingORM())
    queued = [task.func() for task in OrmQ.objects.all()]
    assert queued.count(row.func) == 1
    monitor(due=due.isoformat())
    scheduler(broker=SchedulingORM())
    assert [task.func() for task in OrmQ.objects.all()] == queued
    assert MonitorRun.objects.count() == 1
    row.refresh_from_db()
    # It caught up for all that was missed: the next comes a whole interval after it began.
    began = MonitorRun.objects.get().started_at
    assert (row.next_run - timezone.now()).total_seconds() > 0
    assert 0 <= (began + timedelta(seconds=30) - row.next_run).total_seconds() < 5


def test_task_leaves_another_pass_alone() -> None:
    Lease.objects.create(
        name="monitor", holder=identity(), fence=1, expires_at=timezone.now() + LENGTH
    )
    monitor()
    assert (MonitorRun.objects.count(), Lease.objects.get().fence) == (0, 1)


def test_task_looks_again_when_a_stop_is_due(settings: Settings) -> None:
    """At an interval of half an hour a stop that waits is looked at when its time has come."""
    settings.MONITOR_INTERVAL = 1800
    held("low", {"stop_loss_price": "0.99", "max_spread": "0", "wide_spread_seconds": 60})
    ensure_schedules(now=timezone.now() + timedelta(minutes=30))
    monitor()
    due = Schedule.objects.get(name="monitor").next_run
    read_at = MonitorRun.objects.get().prices_at
    assert read_at is not None
    assert due == read_at + timedelta(seconds=60)
