"""`manage.py replay`: one document or a table, a picture, and errors that name their cure."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command

from positions.models import ExitPolicy, Strategy

CSV = """time,bid,ask
2026-02-01T12:00:00Z,0.50,0.51
2026-02-01T12:01:00Z,0.56,0.57
2026-02-01T12:02:00Z,0.65,0.66
2026-02-01T12:03:00Z,0.61,0.62
"""
POLICY = '{"trailing_stop": [{"distance_pct": "5", "activation_pct": "12"}]}'


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "fed.csv"
    path.write_text(CSV)
    return path


def run(prices: Path, *options: str, policy: str = POLICY, entry: str = "0.50") -> str:
    out, err = io.StringIO(), io.StringIO()
    call_command(
        "replay",
        str(prices),
        "--policy",
        policy,
        "--entry",
        entry,
        *options,
        stdout=out,
        stderr=err,
    )
    assert err.getvalue() == ""
    return out.getvalue()


def refusal(prices: Path, *options: str, **kwargs: str) -> str:
    with pytest.raises(CommandError) as caught:
        run(prices, *options, **kwargs)
    assert caught.value.returncode == 2
    return str(caught.value)


def test_replay_prints_one_json_document(prices: Path) -> None:
    assert json.loads(run(prices, "--json")) == {
        "source": "bid",
        "ticks": 4,
        "entry_price": "0.50",
        "entry_time": "2026-02-01T12:00:00Z",
        "exits": [
            {
                "tick": 3,
                "time": "2026-02-01T12:03:00Z",
                "rule": "trailing_stop",
                "level": "0.6175",
                "price": "0.61",
                "shares": "100",
                "pnl": "11.00",
                "reason": "61.0¢ is at or below the 61.75¢ trailing stop",
            }
        ],
        "open_shares": "0",
        "realised_pnl": "11.00",
        "best_bid": "0.65",
        "worst_bid": "0.50",
    }


def test_replay_prints_a_readable_table(prices: Path) -> None:
    assert run(prices).splitlines() == [
        "4 readings (bid), entry 50.0¢ at 2026-02-01T12:00:00Z",
        "tick  time                  rule           level   price  shares  P&L      reason",
        (
            "3     2026-02-01T12:03:00Z  trailing_stop  61.75¢  61.0¢  100     +$11.00"
            "  61.0¢ is at or below the 61.75¢ trailing stop"
        ),
        "0 shares open, realised +$11.00, best bid 65.0¢, worst 50.0¢",
    ]


def test_replay_without_an_exit_says_what_is_open(prices: Path) -> None:
    assert run(prices, policy="{}").splitlines() == [
        "4 readings (bid), entry 50.0¢ at 2026-02-01T12:00:00Z",
        "100 shares open, realised $0.00, best bid 65.0¢, worst 50.0¢",
    ]


def test_replay_of_a_polymarket_history(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text('{"history": [{"t": 1769947200, "p": 0.5}, {"t": 1769947800, "p": 0.42}]}')
    found = json.loads(run(path, "--json", policy='{"stop_loss_pct": 15}'))
    assert (found["source"], found["entry_time"]) == ("mid", "2026-02-01T12:00:00Z")
    assert [(exit_["tick"], exit_["price"]) for exit_ in found["exits"]] == [(1, "0.42")]


def test_replay_takes_shares_fee_and_end(prices: Path) -> None:
    options = ("--shares", "10", "--fee-rate", "0.05", "--end", "2026-02-01T12:06:00Z", "--json")
    found = json.loads(run(prices, *options, policy='{"exit_before_end_minutes": 4}'))
    exits = [(exit_["tick"], exit_["shares"], exit_["pnl"]) for exit_ in found["exits"]]
    assert exits == [(2, "10", "1.39")]  # 1.50 less 10 x 0.05 x 0.65 x 0.35


def test_replay_of_an_index_needs_no_payout(tmp_path: Path) -> None:
    path = tmp_path / "kse.csv"
    path.write_text("time,bid\n1769947200,80000\n1769947260,77999.50\n")
    policy = '{"stop_loss_pct": "2.5"}'
    assert refusal(path, policy=policy, entry="80000") == (
        "--entry must be above 0 and at most the payout of 1"
    )
    found = json.loads(run(path, "--payout", "none", "--json", policy=policy, entry="80000"))
    assert [(exit_["level"], exit_["pnl"]) for exit_ in found["exits"]] == [("78000", "-200050.00")]


def test_replay_writes_a_chart(prices: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.svg"
    shown = run(prices, "--chart", str(target))
    assert shown.splitlines()[-1] == f"chart: {target}"
    root = ET.fromstring(target.read_text(encoding="utf-8"))
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == "fed"


def test_chart_leaves_the_json_document_alone(prices: Path, tmp_path: Path) -> None:
    both = run(prices, "--chart", str(tmp_path / "out.svg"), "--json")
    assert both == run(prices, "--json")


def test_policy_may_be_a_file(prices: Path, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(POLICY)
    assert run(prices, "--json", policy=str(path)) == run(prices, "--json")


@pytest.mark.django_db
def test_policy_may_be_a_strategy(prices: Path) -> None:
    strategy = Strategy.objects.create(name="tight")
    ExitPolicy.objects.create(strategy=strategy, document=POLICY)
    assert run(prices, "--json", policy="tight") == run(prices, "--json")


@pytest.mark.django_db
def test_strategy_without_rules_sells_nothing(prices: Path) -> None:
    Strategy.objects.create(name="bare")
    assert json.loads(run(prices, "--json", policy="bare"))["exits"] == []


@pytest.mark.django_db
def test_unknown_policy_names_the_strategies(prices: Path) -> None:
    Strategy.objects.all().delete()
    Strategy.objects.create(name="tight")
    assert refusal(prices, policy="tigth") == (
        "--policy: “tigth” is neither JSON, nor a file, nor a strategy (there are: tight)"
    )


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ('{"stop_loss_pct": "100"}', "--policy: stop_loss_pct: 100 must be below 100"),
        ('{"stop": "1"}', "--policy: stop: is not a known key"),
        ("[]", "--policy: policy: must be an object"),
        ('{"stop_loss_price": "1.5"}', "--policy: stop_loss_price: 1.5 is above the payout of 1"),
        (
            '{"stop_loss_pct": 15',
            "--policy is not JSON: Expecting ',' delimiter: line 1 column 21 (char 20)",
        ),
    ],
)
def test_bad_policy_is_named(prices: Path, policy: str, message: str) -> None:
    assert refusal(prices, policy=policy) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--shares", "0"), "--shares must be at least 0.01"),
        (("--shares", "many"), "--shares: 'many' is not a number"),
        (("--fee-rate", "-1"), "--fee-rate: -1 is negative"),
        (("--end", "soon"), "--end: “soon” is neither an ISO time nor unix seconds"),
        (("--payout", "0.4"), "--entry must be above 0 and at most the payout of 0.4"),
    ],
)
def test_bad_option_is_named(prices: Path, options: tuple[str, ...], message: str) -> None:
    assert refusal(prices, *options) == message


def test_bad_row_is_named_with_file_and_line(prices: Path) -> None:
    prices.write_text(CSV + "2026-02-01T12:04:00Z,cheap,\n")
    assert refusal(prices) == f"{prices}: line 6: bid: 'cheap' is not a number"


def test_price_above_the_payout_names_the_cure(prices: Path) -> None:
    prices.write_text("time,bid\n0,0.5\n60,52\n")
    assert refusal(prices) == (
        "line 3: the price 52 is above the payout of 1; say what a share pays with --payout"
    )


def test_unreadable_files_are_named(prices: Path, tmp_path: Path) -> None:
    missing = tmp_path / "none.csv"
    assert refusal(missing) == f"{missing} cannot be read: No such file or directory"
    prices.write_bytes(b"time,bid\n0,\xff\n")
    assert refusal(prices) == f"{prices} is not UTF-8 text"


def test_unwritable_chart_is_named(prices: Path, tmp_path: Path) -> None:
    target = tmp_path / "no such folder" / "out.svg"
    assert refusal(prices, "--chart", str(target)) == (
        f"{target} cannot be written: No such file or directory"
    )


def test_entry_and_policy_are_required(prices: Path) -> None:
    options: list[Any] = [["--entry", "0.5"], ["--policy", "{}"]]
    for given in options:
        with pytest.raises(CommandError, match="required"):
            call_command("replay", str(prices), *given)
