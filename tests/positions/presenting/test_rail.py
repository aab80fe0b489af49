"""The exit rail to scale, with every end that can be missing."""

from __future__ import annotations

from typing import Any

import pytest

from positions.presenting.rail import Rail, rail
from positions.presenting.rows import levels
from tests.positions.presenting.rows import NOW, policy, row


def drawn(bid: str | None = "0.634", **values: Any) -> Rail:
    one = row(bid, **values)
    return rail(one, levels(one, NOW))


def test_price_and_entry_stand_to_scale_between_stop_and_target() -> None:
    # stop 0.493, target 0.696: entry at 87/203, price at 141/203
    found = drawn()
    assert (found["entry"], found["now"]) == ("42.9%", "69.5%")
    assert found["fill"] == ("42.9%", "26.6%", "g")
    assert (found["stop"], found["target"]) == ("l", "g")
    assert (found["left"], found["right"]) == ("49.3¢", "69.6¢")
    assert (found["track"], found["open"]) == (("0.0%", "100.0%"), None)


@pytest.mark.parametrize(("bid", "now"), [("0.30", "0.0%"), ("0.95", "100.0%")])
def test_price_past_an_end_is_clamped(bid: str, now: str) -> None:
    assert drawn(bid)["now"] == now


def test_loss_is_filled_from_the_price_to_the_entry() -> None:
    assert drawn("0.52")["fill"] == ("13.3%", "29.6%", "l")


def test_stop_above_the_entry_ends_in_profit_and_leaves_the_entry_out() -> None:
    found = drawn(policy=policy(stop_loss_price="0.60"))
    assert (found["stop"], found["entry"]) == ("g", None)


def test_missing_stop_is_dotted_at_the_left() -> None:
    found = drawn(policy=policy(stop_loss_pct=None))
    assert (found["left"], found["stop"], found["open"]) == ("no stop", None, ("0%", "11.0%"))
    assert found["track"] == ("12.0%", "88.0%")


def test_missing_target_is_dotted_at_the_right() -> None:
    found = drawn(policy=policy(take_profit=None))
    assert (found["right"], found["target"], found["open"]) == (
        "no target",
        None,
        ("89.0%", "100%"),
    )


def test_no_exit_at_all_is_one_dotted_line() -> None:
    found = drawn(policy=policy(stop_loss_pct=None, take_profit=None))
    assert (found["track"], found["open"], found["now"]) == (None, ("1%", "99%"), None)


def test_trailing_stop_leaves_a_ghost_of_the_hard_one() -> None:
    trailing = policy(trailing_stop=[{"distance_pct": "5"}])
    found = drawn(policy=trailing, best=row().held.entry * 2)
    assert found["left"] == "110.2¢ trailing"
    risen = drawn(policy=policy(trailing_stop=[{"distance_pct": "10"}]), best=row("0.65").bid)
    assert (risen["left"], risen["ghost"]) == ("58.5¢ trailing", None)
    low = drawn(
        policy=policy(trailing_stop=[{"distance_pct": "10"}], stop_loss_price="0.585"),
        best=row("0.65").bid,
    )
    assert low["left"] == "58.5¢"


def test_unarmed_stop_is_no_stop() -> None:
    assert drawn(unarmed=frozenset({"stop_loss"}))["left"] == "stop not armed"


def test_price_without_a_quote_is_not_drawn() -> None:
    found = drawn(None)
    assert (found["now"], found["fill"]) == (None, None)
    assert found["label"] == "No price yet; entry 58.0¢; stop 49.3¢; target 69.6¢"


def test_label_says_the_whole_rail() -> None:
    assert drawn("0.48")["label"] == (
        "Price 48.0¢; entry 58.0¢; stop 49.3¢, 1.3¢ past; target 69.6¢, 21.6¢ away"
    )


def test_closed_position_has_no_rail() -> None:
    found = drawn("0.70", is_open=False)
    assert (found["track"], found["left"], found["right"]) == (None, "bought 58.0¢", "sold 70.0¢")
