"""The import: all or nothing, once, and honest about what it found."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from positions.domain.state import load
from positions.importing import ImportRefusedError, Result, import_file
from positions.models import ExitPolicy, JournalEntry, Market, Position, Quote
from positions.services import effective_policy
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.conftest import NOW

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("shipped"),
    pytest.mark.both_dbs,
]
Import = Callable[..., Result]
HEADER = "market,outcome,strategy,entry_price,shares,opened_at,stop_loss_pct,thesis,fair_value\n"
ROW = "sim:rain,No,theta_sniper,0.45,100,2026-11-20T10:00,12,It stays dry,0.7\n"


@pytest.fixture
def take(tmp_path: Path) -> Import:
    """Imports this text."""

    def take(content: str, **options: Any) -> Result:
        path = tmp_path / "positions"
        path.write_text(content)
        return import_file(path, now=NOW, actor="test", **options)

    return take


def problems(take: Import, content: str) -> list[tuple[int, str]]:
    with pytest.raises(ImportRefusedError) as caught:
        take(content)
    return [(problem.line, problem.field) for problem in caught.value.problems]


def test_a_row_becomes_a_guarded_position(take: Import) -> None:
    result = take(HEADER + ROW)
    position = Position.objects.select_related("market", "thesis").get(pk=result.added[0])
    market = position.market
    assert (market.venue, market.key, market.outcome) == ("sim", "rain", "No")
    assert (position.entry_price, position.shares) == (Decimal("0.45"), Decimal(100))
    assert position.opened_at == NOW - timedelta(days=2, hours=2)
    assert (position.thesis.text, position.thesis.probability) == ("It stays dry", Decimal("0.7"))
    policy = effective_policy(position)
    assert policy.stop_loss_pct == Decimal(12)
    assert [row.pct for row in policy.take_profit] == [Decimal(20)]
    assert policy.fair_value == "thesis"
    assert Quote.objects.filter(market=market).exists()
    entry = JournalEntry.objects.get(position=position)
    assert (entry.kind, entry.actor) == ("position_opened", "test")


def test_the_same_file_twice_changes_nothing(take: Import) -> None:
    take(HEADER + ROW + ROW)
    journal = JournalEntry.objects.count()
    again = take(HEADER + ROW + ROW)
    assert (again.added, again.known, again.differs) == ([], 2, [])
    assert (Position.objects.count(), JournalEntry.objects.count()) == (2, journal)


def test_equal_rows_are_positions_of_their_own(take: Import) -> None:
    assert len(take(HEADER + ROW + ROW).added) == 2
    assert len(take(HEADER + ROW + ROW + ROW).added) == 1


def test_a_closed_position_is_known_too(take: Import) -> None:
    [added] = take(HEADER + ROW).added
    Position.objects.filter(pk=added).update(state="closed", shares=0)
    assert take(HEADER + ROW).added == []


def test_identity_is_of_value_not_of_spelling_but_for_the_time(take: Import) -> None:
    take(HEADER + ROW)
    same = ROW.replace("0.45", "0.450").replace("sim:rain", "SIM:rain").replace(",No,", ",no,")
    assert take(HEADER + same).added == []
    assert len(take(HEADER + ROW.replace("10:00", "10:00Z")).added) == 1


def test_what_differs_in_a_known_row_is_listed_and_left_alone(take: Import) -> None:
    [added] = take(HEADER + ROW).added
    result = take(HEADER + ROW.replace(",12,", ",13,").replace("stays dry", "rains"))
    assert result.differs == [
        {
            "line": 2,
            "position": added,
            "differs": {
                "stop_loss_pct": {"file": "13", "book": "12"},
                "thesis": {"file": "It rains", "book": "It stays dry"},
            },
        }
    ]
    assert json.loads(ExitPolicy.objects.get(position=added).document)["stop_loss_pct"] == "12"


def test_equal_rules_in_another_spelling_do_not_differ(take: Import) -> None:
    take(HEADER + ROW)
    assert take(HEADER + ROW.replace(",12,", ",12.00,")).differs == []


def test_one_bad_row_keeps_all_out_and_every_bad_row_is_named(take: Import) -> None:
    bad = "sim:rain,Perhaps,theta_sniper,0.45,100,,,,\n,,none,1.5,0,,,,\nsim:x,,,1.5,5,,,,\n"
    assert problems(take, HEADER + ROW + bad) == [
        (3, "market"),
        (4, "market"),
        (4, "shares"),
        (4, "strategy"),
        (5, "entry_price"),
    ]
    assert (Position.objects.count(), Market.objects.count()) == (0, 0)


def test_unknown_strategy_names_the_known_ones(take: Import) -> None:
    with pytest.raises(ImportRefusedError, match="theta_sniper, vol_harvester"):
        take(HEADER + ROW.replace("theta_sniper", "gamma"))


def test_rules_that_do_not_fit_the_market_are_refused(take: Import) -> None:
    item = {"market": "sim:a", "entry_price": "0.5", "shares": 5}
    document = [item | {"policy": {"take_profit_price": "1.5"}}]
    assert problems(take, json.dumps(document)) == [(1, "policy.take_profit_price")]


def test_json_takes_a_policy_with_nulls(take: Import) -> None:
    item = {
        "market": "sim:a",
        "strategy": "vol_harvester",
        "entry_price": 0.5,
        "shares": 5,
        "policy": {"momentum_exit": None, "stop_loss_pct": 10},
    }
    [added] = take(json.dumps([item])).added
    policy = effective_policy(Position.objects.get(pk=added))
    assert (policy.momentum_exit, policy.stop_loss_pct) == (None, Decimal(10))
    assert Position.objects.get(pk=added).entry_price == Decimal("0.5")


def test_course_positions_come_in_with_their_currency(take: Import) -> None:
    header = "market,question,strategy,entry_price,shares,currency\n"
    row = "sim:t20,Will Pakistan win the next T20 against India?,theta_sniper,60.0,100,PKR\n"
    [added] = take(header + row).added
    market = Position.objects.get(pk=added).market
    assert (market.question, market.outcome) == (
        "Will Pakistan win the next T20 against India?",
        "Yes",
    )
    assert (market.currency, market.payout, market.tick) == ("PKR", Decimal(100), Decimal("0.1"))


def test_two_currencies_of_one_market_are_refused(take: Import) -> None:
    header = "market,entry_price,shares,currency\n"
    assert problems(take, f"{header}sim:a,0.5,5,USDC\nsim:a,50,5,PKR\n") == [(3, "market")]
    take(f"{header}sim:a,0.5,5,\n")
    assert problems(take, f"{header}sim:a,50,5,PKR\n") == [(2, "market")]


def test_an_old_position_waits_for_its_first_quote_unless_armed(take: Import) -> None:
    [waiting] = take(HEADER + ROW).added
    [armed] = take(HEADER + ROW.replace("100", "101"), arm_now=True).added
    states = {p.pk: load(p.mark.state).watched_since for p in Position.objects.all()}
    assert states == {waiting: None, armed: NOW}


@pytest.mark.parametrize("name", ["slug", "url", "condition_id", "token"])
def test_polymarket_is_found_by_every_name(
    take: Import, polymarket: PolymarketServer, fed: FakeMarket, name: str
) -> None:
    names = {
        "slug": fed.slug,
        "url": f"https://polymarket.com/event/fed/{fed.slug}",
        "condition_id": fed.condition_id,
        "token": fed.tokens[1],
    }
    [added] = take(f"market,outcome,entry_price,shares\n{names[name]},No,0.5,20\n").added
    market = Position.objects.get(pk=added).market
    assert (market.token, market.key, market.slug) == (fed.tokens[1], fed.condition_id, fed.slug)
    assert (market.tick, market.min_size, market.fee_rate) == (
        Decimal("0.01"),
        Decimal(5),
        Decimal("0.05"),
    )


def test_a_token_id_needs_no_outcome(take: Import, fed: FakeMarket) -> None:
    for _again in range(2):
        take(f"market,entry_price,shares\n{fed.tokens[1]},0.5,20\n")
    assert [p.market.outcome for p in Position.objects.all()] == ["No"]


def test_a_market_without_yes_asks_for_its_outcome(
    take: Import, polymarket: PolymarketServer
) -> None:
    polymarket.add_market("Up or down?", slug="btc", outcomes=("Up", "Down"))
    with pytest.raises(ImportRefusedError, match="say which one: Up, Down"):
        take("market,entry_price,shares\nbtc,0.5,20\n")


def test_one_market_is_asked_for_once_however_many_rows_name_it(
    take: Import, polymarket: PolymarketServer, fed: FakeMarket
) -> None:
    rows = "".join(f"fed-dec,0.5,{20 + n}\n" for n in range(30))
    assert len(take(f"market,entry_price,shares\n{rows}").added) == 30
    assert len(polymarket.requests("/gamma/")) == 1


def test_a_silent_venue_keeps_everything_out(
    take: Import, polymarket: PolymarketServer, fed: FakeMarket
) -> None:
    polymarket.knob("500")
    assert problems(take, f"market,entry_price,shares\nsim:a,0.5,5\n{fed.slug},0.5,20\n") == [
        (3, "market")
    ]
    assert Position.objects.count() == 0


def test_command_prints_one_json_document(tmp_path: Path) -> None:
    path, out, err = tmp_path / "p.csv", io.StringIO(), io.StringIO()
    path.write_text(HEADER + ROW)
    call_command("import_positions", path, "--json", stdout=out, stderr=err)
    [position] = Position.objects.values_list("pk", flat=True)
    wanted = {"added": [position], "known": 0, "differs": [], "errors": []}
    assert json.loads(out.getvalue()) == wanted


def test_command_refuses_with_every_line_in_both_forms(tmp_path: Path) -> None:
    path, out = tmp_path / "p.csv", io.StringIO()
    path.write_text(HEADER + "sim:a,,,x,1,,,,\nsim:a,,,1,x,,,,\n")
    with pytest.raises(CommandError, match=r"line 2: entry_price.*\nline 3: shares.*\nNothing"):
        call_command("import_positions", path, "--json", stdout=out, stderr=io.StringIO())
    document = json.loads(out.getvalue())
    assert [(error["line"], error["field"]) for error in document["errors"]] == [
        (2, "entry_price"),
        (3, "shares"),
    ]


def test_command_names_line_and_item_of_a_json_row(tmp_path: Path) -> None:
    path, out = tmp_path / "p.json", io.StringIO()
    good = '{"market": "sim:a", "entry_price": "0.4", "shares": 1}'
    bad = '{"market": "sim:a", "entry_price": "0.4", "shares": 1, "thesis": "\\ud800"}'
    path.write_text(f"[\n{good},\n{bad}\n]")
    with pytest.raises(CommandError, match=r"^line 3, item 2: thesis: holds .*\nNothing"):
        call_command("import_positions", path, "--json", stdout=out, stderr=io.StringIO())
    [error] = json.loads(out.getvalue())["errors"]
    assert (error["line"], error["item"], error["field"]) == (3, 2, "thesis")


def test_command_lists_what_exists_and_differs(tmp_path: Path) -> None:
    path, out = tmp_path / "p.csv", io.StringIO()
    path.write_text(HEADER + ROW)
    call_command("import_positions", path, stdout=io.StringIO())
    path.write_text(HEADER + ROW.replace(",12,", ",13,"))
    call_command("import_positions", path, stdout=out)
    assert 'exists, differs: stop_loss_pct: file "13", book "12"' in out.getvalue()
