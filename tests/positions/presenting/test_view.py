"""A row as the page and the socket show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from positions.domain import quotes
from positions.presenting.rows import ExitNow
from positions.presenting.view import RowView, row_view, worst_first
from tests.positions.presenting.rows import NOW, policy, row, runs


def view(bid: str | None = "0.634", **values: Any) -> RowView:
    return row_view(row(bid, **values), NOW)


def words(found: RowView) -> list[tuple[str, str]]:
    """Tone and text of each badge."""
    return [(badge["tone"], badge["text"]) for badge in found["badges"]]


def test_quiet_row_tells_price_holding_and_profit() -> None:
    found = view(runs=runs("0.62", "0.634"))
    assert (found["px"], found["px2"]) == ("63.4¢", "+1.4¢ 20 min")
    assert found["hold"] == "950 @ 58.0¢"
    assert (found["pl"], found["pl_a"], found["pl_c"]) == ("+$51.30", "▲", "gain")
    assert found["pl2"] == "+9.3% · $602"
    assert (found["group"], found["urg"], words(found)) == ("open", "", [])


def test_exact_numbers_are_plain_strings() -> None:
    found = view(ask=Decimal("0.640"))
    numbers = {name: found[name] for name in ("bid", "ask", "pnl", "value", "shares", "entry")}
    assert numbers == {
        "bid": "0.634",
        "ask": "0.64",
        "pnl": "51.3",
        "value": "602.3",
        "shares": "950",
        "entry": "0.58",
    }


def test_profit_is_net_of_entry_and_exit_fees() -> None:
    # exit fee 950 x 0.25 x (0.634 x 0.366) = 55.11045; entry fees 1.90
    found = view(fee_rate=Decimal("0.25"), entry_fees=Decimal("1.9"))
    assert (found["pnl"], found["value"]) == ("-5.71", "547.19")


def test_nearer_exit_is_named_with_what_it_would_book() -> None:
    near_stop, near_target = view("0.55"), view("0.66")
    assert (near_stop["nx"], near_stop["nx_t"], near_stop["nx2"]) == (
        "5.7¢",
        "to stop",
        "then −$82.65",
    )
    assert (near_target["nx"], near_target["nx_t"], near_target["nx2"]) == (
        "3.6¢",
        "to target",
        "then +$110.20",
    )


def test_price_exactly_at_a_level_says_at() -> None:
    found = view("0.493")
    assert (found["nx"], found["nx_t"], found["nx2"]) == ("49.3¢", "at stop", "then −$82.65")


def test_price_near_the_stop_warns() -> None:
    found = view("0.505")
    assert (found["urg"], found["group"], words(found)) == (
        "warn",
        "att",
        [("warn", "1.2¢ to stop")],
    )


def test_price_near_the_target_asks_for_a_look_without_alarm() -> None:
    found = view("0.68")
    assert (found["urg"], found["group"]) == ("", "att")
    assert words(found) == [("good", "1.6¢ to target")]


def test_breached_stop_is_critical() -> None:
    found = view("0.441")
    assert (found["urg"], found["cls"]) == ("crit", "past")
    assert words(found) == [("crit", "Stop hit")]
    assert (found["nx"], found["nx_t"], found["nx2"]) == ("5.2¢", "past stop", "exit ≈ −$132.05")
    assert found["why"] == ("44.1¢ is at or below the 49.3¢ stop; it sells once that is confirmed.")


def test_breached_stop_does_not_promise_a_sale_while_exits_are_paused() -> None:
    expected = "44.1¢ is at or below the 49.3¢ stop, but exits are paused: it does not sell."
    assert view("0.441", paused=True)["why"] == expected
    assert view("0.441", paused=True, blocked=True, ask=Decimal("0.7"))["why"] == expected
    assert view("0.634", paused=True)["why"] == ""


def test_stop_held_back_by_a_wide_spread_says_so() -> None:
    found = view("0.441", blocked=True, ask=Decimal("0.7"))
    assert "but the ask is 70.0¢" in found["why"]
    assert words(found) == [("crit", "Stop held back: wide spread")]


@pytest.mark.parametrize(
    ("problem", "badge"),
    [
        (quotes.NO_BID, "No bid"),
        (quotes.GHOST, "Ghost book"),
        (quotes.CROSSED, "Crossed book"),
        (quotes.STALE, "Price stale"),
        ("HTTP 502 from /books", "No price"),
    ],
)
def test_unusable_price_is_shown_as_old_and_uncertain(problem: str, badge: str) -> None:
    found = view(problem=problem, bid_at=NOW - timedelta(minutes=3))
    assert (found["cls"], found["px2"], found["pl"]) == ("is-stale", "3 min old", "≈ +$51.30")
    assert (found["pl_c"], found["filters"]) == ("", ["att", "profit", "stale"])
    assert words(found) == [("warn", badge)]
    assert found["why"].endswith("no price rule fires until a usable price is back.")


def test_row_without_any_price_waits() -> None:
    found = view(None)
    assert (found["px"], found["pl"], found["nx"]) == ("–", "–", "–")
    assert (found["pnl"], words(found)) == (None, [("quiet", "Waiting for a first price")])


def test_unarmed_stop_waits_for_a_person() -> None:
    found = view("0.441", unarmed=frozenset({"stop_loss"}))
    assert words(found) == [("crit", "Not armed: stop loss")]
    assert found["why"].startswith("A rule was already past its level")
    assert (found["rl_long"], found["arm_stop"]) == ("stop not armed", False)


def test_row_whose_only_exit_is_an_unarmed_stop_offers_to_arm_it() -> None:
    found = view("0.441", unarmed=frozenset({"stop_loss"}), policy=policy(take_profit=None))
    assert (found["rail"]["left"], found["add_stop"], found["arm_stop"]) == (
        "stop not armed",
        False,
        True,
    )
    assert "; stop not armed; " in found["rail"]["label"]


def test_running_exit_is_critical_and_tells_how_far_it_is() -> None:
    part = ExitNow(rule="manual", state="partial", shares=Decimal(950), filled=Decimal(300))
    assert words(view(exit=part)) == [("crit", "Sold 300 of 950")]
    assert words(view(exit=replace(part, filled=Decimal(0)))) == [("crit", "Selling")]


def test_exit_that_does_not_go_on_says_why() -> None:
    stuck = ExitNow(
        rule="manual",
        state="pending",
        shares=Decimal(950),
        filled=Decimal(0),
        problem="market not accepting orders",
    )
    found = view(exit=stuck)
    assert words(found) == [("crit", "Sale held up")]
    assert found["why"] == "The sale is held up: market not accepting orders"


def test_unreadable_rules_are_critical() -> None:
    found = view(broken="stop_loss_pct: -5 is negative")
    assert words(found)[0] == ("crit", "Rules unreadable")
    assert found["why"] == (
        "Its rules cannot be read (stop_loss_pct: -5 is negative): nothing guards it until they"
        " are mended."
    )


def test_holding_missing_from_its_wallet_asks() -> None:
    assert words(view(absent=True)) == [("warn", "Closed elsewhere?")]


def test_paper_sale_says_that_the_wallet_still_holds() -> None:
    ended = view("0.70", is_open=False, close_reason="stop_loss", wallet_shares=Decimal(950))
    assert ended["why"].endswith("Sold on paper only: your wallet still holds 950 shares.")
    gone = view("0.70", is_open=False, close_reason="wallet", wallet_shares=Decimal(950))
    assert "your wallet" not in gone["why"]


def test_muted_row_shows_until_when() -> None:
    found = view(muted_until=NOW + timedelta(hours=1))
    assert found["badges"] == [
        {"tone": "quiet", "icon": "mute", "text": "Muted until", "at": "2026-11-22T13:00:00Z"}
    ]
    assert found["filters"] == ["profit", "muted"]
    assert view(muted_until=NOW)["badges"] == []


def test_row_without_exits_asks_for_a_stop() -> None:
    found = view(policy=policy(stop_loss_pct=None, take_profit=None))
    assert (found["nx"], found["add_stop"], found["arm_stop"]) == ("No price exit", True, False)


def test_payout_of_a_hundred_rupees_is_shown_in_rupees() -> None:
    found = view("52", entry=Decimal(60), shares=Decimal(100), payout=Decimal(100), currency="PKR")
    assert (found["px"], found["pl"]) == ("Rs 52.00", "−Rs 800.00")
    assert (found["rail"]["left"], found["nx"]) == ("Rs 51.00", "Rs 1.00")


def test_closed_row_tells_how_it_ended() -> None:
    found = view(
        "0.70",
        is_open=False,
        shares=Decimal(0),
        realised=Decimal(114),
        close_reason="take_profit",
        closed_at=NOW,
    )
    assert (found["state"], found["group"], found["pl"]) == ("closed", "closed", "+$114.00")
    assert (found["nx"], found["nx2"], found["hold"]) == ("Take profit", "12:00 UTC", "950 @ 58.0¢")
    assert found["pl2"] == "+20.7%"


def test_worst_rows_come_first() -> None:
    calm, near, past = view(), view("0.505"), view("0.441")
    assert [one["rank"] for one in worst_first([calm, near, past])] == [0, 1, 2]
