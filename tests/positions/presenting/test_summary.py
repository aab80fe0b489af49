"""Totals per currency, the cards that ask for a look, the chips' counts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from positions.presenting.rows import Row
from positions.presenting.summary import Realised, Summary, cards, counts, summaries
from positions.presenting.view import row_view, worst_first
from tests.positions.presenting.rows import NOW, policy, row


def totals(rows: Sequence[Row], **today: Realised) -> list[Summary]:
    views = {one.id: row_view(one, NOW) for one in rows}
    return summaries(rows, views, today, NOW)


def rupees(number: int) -> Row:
    return row(
        "52",
        id=number,
        entry=Decimal(60),
        shares=Decimal(100),
        bought=Decimal(100),
        payout=Decimal(100),
        currency="PKR",
    )


def test_card_sums_value_profit_and_risk() -> None:
    (card,) = totals([row(), row("0.50", id=8)])
    texts = card["texts"]
    # 950 x 0.634 + 950 x 0.50; P&L 51.30 - 76.00; to the stops at 0.493: -133.95 - 6.65
    assert (texts["whole"], texts["cents"], texts["held"]) == ("$1,077", ".30", "2 positions")
    assert (texts["pnl"], texts["pnl_a"], card["tones"]["pnl"]) == ("−$24.70", "▼", "loss")
    assert texts["pnl_d"] == "−2.2% on $1,102 cost"
    assert (texts["risk"], texts["risk_d"]) == ("−$140.60", "from here · 2 of 2 protected")
    assert (texts["near"], texts["near_d"]) == ("0.7¢ to stop", "Fed cuts in December? · Yes")
    assert (card["value"], card["pnl"]) == ("1077.3", "-24.7")


def test_currencies_are_never_mixed() -> None:
    first, second = totals([row(), rupees(8)])
    assert (first["currency"], first["texts"]["whole"]) == ("PKR", "Rs 5,200")
    assert (second["currency"], second["texts"]["whole"]) == ("USDC", "$602")
    assert second["texts"]["name"] == "Portfolio value · USDC"


def test_demo_rows_stay_out_of_totals() -> None:
    (card,) = totals([row(), row(id=8, demo=True)])
    assert (card["texts"]["whole"], card["texts"]["held"]) == ("$602", "1 position")


def test_demo_alone_says_that_it_is_not_counted() -> None:
    (card,) = totals([row(demo=True)])
    assert (card["texts"]["whole"], card["texts"]["held"]) == ("$0", "demo rows are not counted")


def test_unprotected_and_unpriced_rows_are_named() -> None:
    bare = row(id=8, policy=policy(stop_loss_pct=None))
    silent = row(None, id=9)
    (card,) = totals([row(), bare, silent])
    assert card["texts"]["held"] == "3 positions · 1 unpriced"
    assert card["texts"]["risk_d"] == "from here · 1 of 3 protected"


def test_today_is_what_was_booked() -> None:
    (card,) = totals([row()], USDC=Realised(Decimal("12.10"), 3))
    assert (card["texts"]["today"], card["texts"]["today_d"]) == (
        "+$12.10",
        "3 exits since 00:00 UTC",
    )


def test_currency_that_was_only_booked_in_has_its_card() -> None:
    names = [card["currency"] for card in totals([row()], PKR=Realised(Decimal(5), 1))]
    assert names == ["PKR", "USDC"]


def test_at_most_three_cards_critical_first() -> None:
    rows = [row("0.505", id=n) for n in (1, 2, 3)] + [row("0.441", id=4), row(id=5)]
    found = cards(worst_first([row_view(one, NOW) for one in rows]))
    assert [(card["id"], card["urg"]) for card in found] == [(4, "crit"), (1, "warn"), (2, "warn")]
    assert found[1]["title"] == "1.2¢ to stop — Fed cuts in December?"
    assert found[1]["text"] == "50.5¢, 1.2¢ to stop, then −$82.65"


def test_counts_are_of_open_rows() -> None:
    rows = [row(), row("0.441", id=2), row(id=3, problem="no bid"), row(id=4, is_open=False)]
    assert counts([row_view(one, NOW) for one in rows]) == {
        "all": 3,
        "att": 2,
        "profit": 2,
        "stale": 1,
        "muted": 0,
        "crit": 1,
    }
