"""The simulated venue: the same for everybody, whole books, and events that come when told."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from positions.domain.quotes import tick_of
from positions.venues import simulation
from positions.venues.base import Instrument, PermanentError
from positions.venues.simulated import SILENT, SimulatedSource
from positions.venues.simulation import Scene, book, history, price, scene_of, script

EPOCH = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def scene(scenario: str, start: str = "52", entry: str = "60", payout: str = "100") -> Scene:
    return Scene(
        scenario, Decimal(payout), scenario, EPOCH, Decimal(start), Decimal(entry), outcome="Yes"
    )


def instrument(number: int, told: Scene, outcome: str = "Yes") -> Instrument:
    return Instrument(number, "sim", told.name, outcome, "", told.payout, script(told))


def top(told: Scene, seconds: float) -> Decimal:
    bid = book(told, "Yes", EPOCH + timedelta(seconds=seconds)).top
    assert bid is not None
    return bid


def test_walk_is_the_same_in_another_process() -> None:
    program = (
        "from datetime import *; from decimal import Decimal; from positions.venues.simulation "
        "import *; print([price(Scene('index', Decimal(1)), "
        "datetime(2026, 11, 22, 12, m, tzinfo=UTC)) for m in range(60)])"
    )
    there = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    here = [price(Scene("index", Decimal(1)), EPOCH.replace(minute=m)) for m in range(60)]
    assert there.stdout.strip() == str(here)


def test_walk_differs_by_name() -> None:
    one, other = (
        [price(Scene(name, Decimal(1)), EPOCH + n * HOUR) for n in range(24)] for name in "ab"
    )
    assert one != other


def test_walk_jumps_now_and_then() -> None:
    told = Scene("index", Decimal(1))
    prices = [price(told, EPOCH + timedelta(seconds=10 * n)) for n in range(8640)]
    leaps = [abs(b - a) for a, b in pairwise(prices)]
    assert (max(leaps) > Decimal("0.08"), sorted(leaps)[4320] < Decimal("0.01")) == (True, True)


def test_book_is_usable_at_every_moment() -> None:
    told = Scene("index", Decimal(1))
    problems = set()
    for minute in range(0, 14400, 7):
        for outcome in ("Yes", "No"):
            read = book(told, outcome, EPOCH + timedelta(minutes=minute))
            problems.add(tick_of(read, Decimal(200), Decimal(5), Decimal(1)).problem)
    assert problems == {""}


def test_book_is_sorted_best_first_on_the_tick() -> None:
    read = book(Scene("index", Decimal(1)), "Yes", EPOCH)
    bids, asks = [level.price for level in read.bids], [level.price for level in read.asks]
    assert (bids, asks) == (sorted(bids, reverse=True), sorted(asks))
    assert {value % Decimal("0.01") for value in bids + asks} == {Decimal(0)}


def test_no_mirrors_yes() -> None:
    told = Scene("index", Decimal(1))
    yes, no = book(told, "Yes", EPOCH), book(told, "no", EPOCH)
    assert no.bids[0].price == 1 - yes.asks[0].price
    assert no.asks[0].size == yes.bids[0].size


def test_script_reads_back_what_was_told() -> None:
    told = scene("momentum", "51", "45")
    assert scene_of(told.name, told.payout, script(told)) == told


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ({"scenario": "crash"}, "crash"),
        ({"scenario": "stop"}, "epoch"),
        ({"scenario": "stop", "epoch": "today", "start": "1", "entry": "1"}, "today"),
        ({"scenario": "stop", "epoch": EPOCH.isoformat(), "start": "x", "entry": "1"}, "Invalid"),
    ],
)
def test_a_script_that_is_wrong_is_named(data: dict[str, str], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        scene_of("market", Decimal(100), data)


@pytest.mark.parametrize("scenario", sorted(simulation.SCENARIOS))
def test_bid_at_the_epoch_is_the_start(scenario: str) -> None:
    within = abs(top(scene(scenario), 0) - 52)
    assert within <= (Decimal("0.3") if scenario == "hold" else 0)


@pytest.mark.parametrize("first", range(30))
@pytest.mark.parametrize("interval", [5, 30])
def test_stop_is_breached_by_whatever_pass_and_stays(first: int, interval: int) -> None:
    seen = [top(scene("stop"), first + interval * n) for n in range(60 // interval + 1)]
    hits = [bid <= 51 for bid in seen]
    assert (any(hits), hits == sorted(hits)) == (True, True)


@pytest.mark.parametrize("first", range(30))
def test_target_is_reached_by_twenty_seconds_and_stays(first: int) -> None:
    told = scene("target", "0.63", "0.55", "1")
    level = Decimal("0.66")
    assert [top(told, first + n) >= level for n in (20, 50, 80)] == [True] * 3


def test_target_is_not_reached_at_the_epoch() -> None:
    assert top(scene("target", "0.63", "0.55", "1"), 5) < Decimal("0.66")


def test_momentum_rises_before_the_epoch_and_fades_after_it() -> None:
    told = scene("momentum", "51", "45")
    runs = history(told, "Yes", EPOCH - HOUR, EPOCH, 30)
    high = max(run.bid for run in runs)
    low = min(run.bid for run in runs)
    fade = high * Decimal("0.97")
    assert high >= low * Decimal("1.12")
    assert top(told, 8) > fade
    assert [top(told, 25 + n) <= fade for n in range(60)] == [True] * 60
    assert min(top(told, 25 + n) for n in range(1800)) > 45


def test_hold_stays_near_its_start() -> None:
    told = scene("hold", "0.50", "0.48", "1")
    seen = {top(told, n * 7) for n in range(500)}
    assert (min(seen) >= Decimal("0.46"), max(seen) <= Decimal("0.54")) == (True, True)
    assert len(seen) > 2


def test_jump_leaps_at_once() -> None:
    told = scene("jump", "0.50", "0.50", "1")
    assert [top(told, 14), top(told, 16)] == [Decimal("0.50"), Decimal("0.55")]


def test_history_covers_the_hour_without_a_gap() -> None:
    runs = history(scene("stop"), "Yes", EPOCH - HOUR, EPOCH, 30)
    assert (runs[0].since, runs[-1].until) == (EPOCH - HOUR, EPOCH)
    gaps = {(b.since - a.until).total_seconds() for a, b in pairwise(runs)}
    assert gaps == {30.0}


def test_read_serves_each_market_and_names_the_silent_one() -> None:
    silent, speaking = scene("error"), scene("hold")
    broken = Instrument(3, "sim", "x", "Yes", "", Decimal(1), {"scenario": "crash"})
    source = SimulatedSource(lambda: EPOCH + timedelta(seconds=9))
    read = source.read(
        [instrument(1, silent), instrument(2, speaking), broken], deadline=float("inf")
    )
    assert (set(read.books), read.errors[1]) == ({2}, SILENT)
    assert "crash" in read.errors[3]
    assert read.books[2].told_at == EPOCH + timedelta(seconds=9)


def test_error_answers_until_eight_seconds() -> None:
    source = SimulatedSource(lambda: EPOCH + timedelta(seconds=7))
    assert set(source.read([instrument(1, scene("error"))], deadline=0).books) == {1}


def test_find_knows_both_outcomes_of_any_name() -> None:
    source = SimulatedSource(lambda: EPOCH)
    found = source.find("sim:rain-tomorrow")
    assert [(info.key, info.outcome, info.payout) for info in found] == [
        ("rain-tomorrow", "Yes", Decimal(1)),
        ("rain-tomorrow", "No", Decimal(1)),
    ]
    assert [info.outcome for info in source.find("rain-tomorrow", "no")] == ["No"]


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 101, "ü"])
def test_find_refuses_what_is_no_name(name: str) -> None:
    with pytest.raises(PermanentError, match="is not a name"):
        SimulatedSource(lambda: EPOCH).find(name)


def test_find_refuses_an_outcome_that_is_not_there() -> None:
    with pytest.raises(PermanentError, match="Yes and No, not Maybe"):
        SimulatedSource(lambda: EPOCH).find("x", "Maybe")


def test_status_is_always_open() -> None:
    source = SimulatedSource(lambda: EPOCH)
    states = source.status([instrument(1, scene("error"))], deadline=0)
    assert states[1].state == "open"
