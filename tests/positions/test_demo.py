"""The demo: what it holds, what it shows within a minute, and that it goes without a trace."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django_q.models import Schedule
from pytest_django.fixtures import Settings

from monitoring.engine import PassResult, Ports, run_pass
from monitoring.models import MonitorRun, Trigger
from positions.demo import DemoLoadedError, clear, load
from positions.demo.cast import SAMPLES
from positions.domain.book import Book
from positions.models import (
    Exit,
    ExitPolicy,
    Fill,
    JournalEntry,
    Mark,
    Market,
    Position,
    PricePoint,
    Quote,
    Strategy,
    Thesis,
)
from positions.services import position_open
from positions.venues.base import Order, Report
from positions.venues.paper import PaperExecutor
from positions.venues.simulated import SILENT, SimulatedSource
from tests.positions.conftest import NOW

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("shipped"),
    pytest.mark.both_dbs,
]


class Clock:
    """Time that moves when told, and when a pass sleeps."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Meddler(PaperExecutor):
    """Sells on paper, after somebody has done something in between."""

    def __init__(self, deed: Callable[[], object]) -> None:
        self.deed = deed

    def sell(self, order: Order, book: Book) -> Report:
        self.deed()
        return super().sell(order, book)


def ports(clock: Clock, interval: int = 30) -> Ports:
    source = SimulatedSource(clock.now)
    return Ports(lambda venue: source, PaperExecutor(), clock.now, clock.sleep, Decimal(interval))


def watch(clock: Clock, first: float, interval: int) -> list[PassResult]:
    """Passes from `first` seconds after loading on, for a minute."""
    results = []
    for number in range((60 - int(first)) // interval + 1):
        clock.at = max(clock.at, NOW + timedelta(seconds=first + interval * number))
        results.append(run_pass(ports(clock, interval)))
    return results


def told() -> set[tuple[str, str, str]]:
    """(market, kind, rule) of what the watch made of the demo."""
    kinds = ("exit_done", "unpriced", "unarmed", "stop_blocked", "exit_failed", "ask")
    rows = JournalEntry.objects.filter(kind__in=kinds).select_related("position__market")
    return {(row.position.market.key, row.kind, row.rule) for row in rows if row.position}


def test_course_positions_are_word_for_word() -> None:
    load(NOW)
    rows = Position.objects.filter(market__currency="PKR").select_related("market", "strategy")
    found = [
        (
            row.market.question,
            row.bought,
            row.entry_price,
            row.market.payout,
            row.strategy.name if row.strategy else "",
            row.state,
        )
        for row in rows.order_by("pk")
    ]
    payout = Decimal(100)
    assert found == [
        (
            "Will Pakistan win the next T20 against India?",
            Decimal(100),
            Decimal(60),
            payout,
            "theta_sniper",
            "open",
        ),
        (
            "Will the KSE-100 close above 80,000 by month's end?",
            Decimal(200),
            Decimal(45),
            payout,
            "vol_harvester",
            "open",
        ),
        (
            "Will oil be above $90 by Friday?",
            Decimal(50),
            Decimal(70),
            payout,
            "theta_sniper",
            "closed",
        ),
    ]


def test_last_prices_are_the_course_s() -> None:
    load(NOW)
    quotes = dict(Quote.objects.values_list("market__key", "bid"))
    assert (quotes["demo-t20"], quotes["demo-kse-100"]) == (Decimal(52), Decimal(51))


def test_own_positions_are_yes_and_no_in_usdc_each_with_a_thesis() -> None:
    load(NOW)
    rows = Position.objects.filter(market__currency="USDC").select_related("market", "thesis")
    assert {row.market.outcome for row in rows} == {"Yes", "No"}
    assert [bool(row.thesis.text) for row in rows] == [True] * 3


def test_everything_is_marked_as_demo_and_said_in_the_journal() -> None:
    load(NOW)
    assert set(Position.objects.values_list("is_demo", flat=True)) == {True}
    assert {entry.data["demo"] for entry in JournalEntry.objects.all()} == {True}


def test_an_hour_has_been_watched_already() -> None:
    load(NOW)
    for position in Position.objects.filter(state="open").select_related("market", "mark"):
        points = PricePoint.objects.filter(market=position.market).order_by("since")
        first = points.first()
        assert first is not None
        quote = Quote.objects.get(market=position.market)
        assert (first.since, quote.bid_at) == (NOW - timedelta(hours=1), NOW)
        best = max([*points.values_list("bid", flat=True), quote.bid])
        assert position.mark.best == best
    assert Mark.objects.filter(unarmed="").count() == 6


@pytest.mark.parametrize(("first", "interval"), [(0, 30), (3, 30), (14, 30), (29, 30), (2, 5)])
def test_a_minute_shows_stop_target_momentum_hold_and_price_error(
    first: float, interval: int
) -> None:
    load(NOW)
    clock = Clock()
    results = watch(clock, first, interval)
    assert told() == {
        ("demo-t20", "exit_done", "stop_loss"),
        ("demo-kse-100", "exit_done", "momentum_exit"),
        ("demo-starship", "exit_done", "take_profit"),
        ("demo-margin", "unpriced", ""),
    }
    assert clock.at <= NOW + timedelta(seconds=66)
    states = dict(Position.objects.values_list("market__key", "state"))
    still = {key for key, state in states.items() if state == "open"}
    assert still == {"demo-kse-100", "demo-ecb", "demo-margin"}
    assert [error["error"] for error in results[-1].errors] == [SILENT]


def test_momentum_books_half_above_the_entry() -> None:
    load(NOW)
    watch(Clock(), 3, 30)
    position = Position.objects.get(market__key="demo-kse-100")
    assert position.shares == Decimal(100)
    assert position.realised_pnl > 0


def test_closed_position_is_never_looked_at() -> None:
    load(NOW)
    before = JournalEntry.objects.filter(position__market__key="demo-oil").count()
    [result, *_others] = watch(Clock(), 3, 30)
    assert (result.open, result.closed) == (5, 1)
    oil = Position.objects.get(market__key="demo-oil")
    assert (oil.realised_pnl, oil.mark.judged_at) == (Decimal(300), None)
    assert JournalEntry.objects.filter(position=oil).count() == before


def test_an_hour_of_passes_brings_nothing_more() -> None:
    load(NOW)
    clock = Clock()
    watch(clock, 3, 30)
    seen = told()
    for _minute in range(60):
        clock.sleep(60)
        run_pass(ports(clock, 60))
    assert told() == seen


def test_loading_twice_is_refused() -> None:
    load(NOW)
    with pytest.raises(DemoLoadedError, match="--clear"):
        load(NOW)
    assert Position.objects.count() == len(SAMPLES)


def test_clearing_leaves_one_line_and_nothing_else() -> None:
    load(NOW)
    watch(Clock(), 3, 30)
    assert clear(NOW, actor="me") == 6
    left = (Position, Market, Quote, PricePoint, Exit, Fill, Mark, Thesis, Trigger)
    assert {model.__name__: model.objects.count() for model in left} == dict.fromkeys(
        (model.__name__ for model in left), 0
    )
    assert ExitPolicy.objects.exclude(position=None).count() == 0
    [entry] = JournalEntry.objects.all()
    assert (entry.kind, entry.actor, len(entry.data["positions"])) == ("demo_removed", "me", 6)
    assert Strategy.objects.count() == 2


def test_clearing_spares_the_user_s_own_positions() -> None:
    load(NOW)
    market = Market.objects.get(key="demo-ecb")
    own = position_open(market=market, entry_price=Decimal("0.5"), shares=Decimal(10), now=NOW)
    clear(NOW)
    assert list(Position.objects.values_list("pk", flat=True)) == [own.pk]
    assert [row.key for row in Market.objects.all()] == ["demo-ecb"]


def test_clearing_nothing_says_nothing() -> None:
    assert (clear(NOW), JournalEntry.objects.count()) == (0, 0)


def test_it_can_be_loaded_again_after_clearing() -> None:
    load(NOW - timedelta(hours=3))
    market = Market.objects.get(key="demo-t20")
    position_open(market=market, entry_price=Decimal(50), shares=Decimal(10), now=NOW)
    clear(NOW)
    load(NOW)
    watch(Clock(), 3, 30)
    assert ("demo-t20", "exit_done", "stop_loss") in told()
    first = PricePoint.objects.filter(market=market).order_by("since").first()
    assert first is not None
    assert first.since >= NOW - timedelta(hours=1)


def test_clearing_in_the_middle_of_an_exit_harms_no_pass() -> None:
    load(NOW)
    clock = Clock(NOW + timedelta(seconds=30))
    gone = replace(ports(clock), executor=Meddler(lambda: clear(NOW)))
    run_pass(gone)
    assert MonitorRun.objects.get().state == "complete"
    assert [entry.kind for entry in JournalEntry.objects.all()] == ["demo_removed"]
    assert run_pass(ports(clock)).open == 0


def test_month_and_year_end_lie_ahead() -> None:
    for day in (NOW, datetime(2026, 12, 31, 23, 30, tzinfo=UTC), datetime(2027, 2, 28, tzinfo=UTC)):
        ends = [sample.ends(day) for sample in SAMPLES]
        assert min(ends) > day


def test_command_loads_once_and_clears() -> None:
    def run(*options: str) -> dict[str, object]:
        out = io.StringIO()
        call_command("demo", "--json", *options, stdout=out)
        document: dict[str, object] = json.loads(out.getvalue())
        return document

    added = run()["added"]
    assert added == list(Position.objects.order_by("pk").values_list("pk", flat=True))
    assert (run(), run("--clear"), run("--clear")) == (
        {"added": []},
        {"removed": 6},
        {"removed": 0},
    )


@pytest.mark.parametrize(("interval", "due"), [(30, []), (1800, [30, 45])])
def test_long_interval_does_not_hide_the_events(
    settings: Settings, interval: int, due: list[int]
) -> None:
    settings.MONITOR_INTERVAL = interval
    load(NOW)
    looks = Schedule.objects.filter(func="monitoring.tasks.monitor", schedule_type=Schedule.ONCE)
    times = looks.order_by("next_run").values_list("next_run", flat=True)
    assert [(at - NOW).total_seconds() for at in times] == due
    clear(NOW)
    assert not looks.exists()
