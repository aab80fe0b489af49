"""An exit's steps, each by itself: claimed once, booked once, set back or left open."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from positions import exits, journal
from positions.domain.pnl import FillPart
from positions.models import Exit, Fill, JournalEntry, Mark, Position
from positions.venues.base import Report
from tests.positions.holdings import NOON, holding

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


class OvertakenError(Exception):
    """What a guard raises in these tests."""


def free() -> None:
    """The guard of a pass that still holds its lease."""


def overtaken() -> None:
    raise OvertakenError


def made(position: Position | None = None, **fields: Any) -> Exit:
    position = position or holding()
    values = {"rule": "stop_loss", "shares": position.shares, "created_at": NOON, **fields}
    row = Exit.objects.create(position=position, **values)
    return Exit.objects.select_related("position__market").get(pk=row.pk)


def claimed(position: Position | None = None, **fields: Any) -> Exit:
    exit_ = made(position, **fields)
    assert exits.claim(exit_, shares=exit_.shares, floor=Decimal("0.40"), fence=3, guard=free)
    return exit_


def report(exit_: Exit, *parts: tuple[str, str]) -> Report:
    """Fills as (price, shares)."""
    fills = tuple(FillPart(Decimal(price), Decimal(shares)) for price, shares in parts)
    return Report(exit_.order_key, fills)


def book(exit_: Exit, *parts: tuple[str, str]) -> Exit:
    return exits.record(exit_, report(exit_, *parts), now=NOON, guard=free)


def stored(exit_: Exit) -> Mapping[str, Any]:
    return Exit.objects.values().get(pk=exit_.pk)


def kinds() -> list[str]:
    rows = JournalEntry.objects.exclude(kind="position_opened").order_by("pk")
    return list(rows.values_list("kind", flat=True))


class TestClaim:
    def test_numbers_the_order_and_stores_its_terms(self) -> None:
        exit_ = claimed()
        row = stored(exit_)
        assert {name: row[name] for name in ("state", "attempt", "fence")} == {
            "state": "working",
            "attempt": 1,
            "fence": 3,
        }
        order = exits.order_of(exit_)
        assert (order.key, order.shares, order.floor) == (
            f"exit-{exit_.pk}-1",
            Decimal(100),
            Decimal("0.40"),
        )
        assert (row["attempt_shares"], row["attempt_floor"]) == (order.shares, order.floor)

    def test_only_one_of_two_wins(self) -> None:
        exit_ = made()
        twin = Exit.objects.get(pk=exit_.pk)
        terms = {"shares": Decimal(100), "floor": Decimal("0.4"), "fence": 1, "guard": free}
        assert [exits.claim(exit_, **terms), exits.claim(twin, **terms)] == [True, False]  # type: ignore[arg-type]
        assert (stored(exit_)["attempt"], twin.attempt) == (1, 0)

    @pytest.mark.parametrize("state", ["filled", "cancelled", "dust", "failed", "working"])
    def test_ended_exit_is_not_claimed(self, state: str) -> None:
        exit_ = made(state=state)
        assert not exits.claim(exit_, shares=Decimal(1), floor=Decimal(0), fence=1, guard=free)
        assert stored(exit_)["attempt"] == 0

    def test_overtaken_pass_claims_nothing(self) -> None:
        exit_ = made()
        before = stored(exit_)
        with pytest.raises(OvertakenError):
            exits.claim(exit_, shares=Decimal(1), floor=Decimal(0), fence=1, guard=overtaken)
        assert (stored(exit_), exit_.state) == (before, "pending")


class TestRecord:
    def test_books_fills_shares_profit_and_journal_together(self) -> None:
        done = book(claimed(), ("0.45", "60"), ("0.40", "40"))
        assert (done.state, done.filled, done.pnl) == ("filled", 100, Decimal("-7.00"))
        position = Position.objects.get()
        assert (position.state, position.shares, position.realised_pnl, position.closed_at) == (
            "closed",
            Decimal(0),
            Decimal("-7.00"),
            NOON,
        )
        fills = Fill.objects.values_list("attempt", "number", "price", "shares")
        assert list(fills.order_by("number")) == [
            (1, 0, Decimal("0.45"), Decimal(60)),
            (1, 1, Decimal("0.40"), Decimal(40)),
        ]
        assert kinds() == ["fill", "exit_done", "position_closed"]
        entry = JournalEntry.objects.get(kind="exit_done")
        expected = {"shares": "100", "price": "0.43", "pnl": "-7.00", "held": "0", "mode": "paper"}
        assert {name: entry.data[name] for name in expected} == expected

    def test_second_booking_of_an_order_changes_nothing(self) -> None:
        exit_ = claimed()
        book(exit_, ("0.45", "60"))
        before = (stored(exit_), Position.objects.values().get(), kinds())
        again = book(exit_, ("0.45", "60"))
        assert (stored(exit_), Position.objects.values().get(), kinds()) == before
        assert (again.state, Fill.objects.count()) == ("partial", 1)

    def test_answer_to_an_older_order_changes_nothing(self) -> None:
        exit_ = claimed()
        older = Exit.objects.get(pk=exit_.pk)
        book(exit_, ("0.45", "60"))
        newer = Exit.objects.select_related("position__market").get(pk=exit_.pk)
        exits.claim(newer, shares=Decimal(40), floor=Decimal("0.4"), fence=1, guard=free)
        exits.record(older, report(older, ("0.45", "60")), now=NOON, guard=free)
        assert (stored(exit_)["filled"], Fill.objects.count()) == (60, 1)

    def test_overtaken_pass_books_nothing(self) -> None:
        exit_ = claimed()
        before = (stored(exit_), Position.objects.values().get())
        with pytest.raises(OvertakenError):
            exits.record(exit_, report(exit_, ("0.45", "60")), now=NOON, guard=overtaken)
        assert (stored(exit_), Position.objects.values().get()) == before
        assert (Fill.objects.count(), kinds()) == (0, [])

    @pytest.mark.parametrize("parts", [[("0.45", "100.01")], [("0.45", "60"), ("0.44", "50")]])
    def test_more_than_was_ordered_is_never_booked(self, parts: list[tuple[str, str]]) -> None:
        exit_ = claimed()
        with pytest.raises(IntegrityError), transaction.atomic():
            book(exit_, *parts)
        assert (Position.objects.get().shares, Fill.objects.count(), kinds()) == (100, 0, [])

    def test_sale_ends_the_calm(self) -> None:
        exit_ = claimed(shares=Decimal(50))
        Mark.objects.update(quiet_low=0.1, quiet_high=0.9, quiet_until=NOON)
        book(exit_, ("0.45", "50"))
        mark = Mark.objects.get()
        assert (mark.quiet_low, mark.quiet_high, mark.quiet_until) == (None, None, None)

    def test_part_of_a_position_leaves_it_open(self) -> None:
        book(claimed(shares=Decimal(50)), ("0.55", "50"))
        position = Position.objects.get()
        assert (position.state, position.shares, position.bought) == ("open", 50, 100)
        assert kinds() == ["fill", "exit_done"]

    def test_nothing_filled_is_told_once(self) -> None:
        exit_ = claimed()
        assert book(exit_).state == "pending"
        again = Exit.objects.select_related("position__market").get(pk=exit_.pk)
        exits.claim(again, shares=Decimal(100), floor=Decimal("0.4"), fence=1, guard=free)
        book(again)
        assert (kinds(), stored(exit_)["attempt"]) == (["exit_partial"], 2)

    @pytest.mark.parametrize(
        ("sold", "state", "told"),
        [
            ("95", "partial", "exit_partial"),
            ("96", "dust", "dust"),
            ("99.995", "filled", "dust"),  # half a cent of a share can be sold nowhere
            ("100", "filled", "position_closed"),
        ],
    )
    def test_rest_by_size(self, sold: str, state: str, told: str) -> None:
        assert (book(claimed(), ("0.45", sold)).state, kinds()[-1]) == (state, told)
        assert Position.objects.get().is_dust is (told == "dust")

    def test_entry_fees_are_shared_out_by_the_shares_sold(self) -> None:
        position = holding(entry_fees="4")
        assert book(claimed(position, shares=Decimal(25)), ("0.50", "25")).pnl == Decimal(-1)

    def test_rungs_are_remembered_lowest_first(self) -> None:
        exit_ = claimed(shares=Decimal(60), rungs='{"0:20": "30", "0:40": "30"}', latched=False)
        book(exit_, ("0.70", "45"))
        assert '"rungs":{"0:20":"30","0:40":"15"}' in Mark.objects.get().state

    def test_momentum_remembers_its_high_only_when_it_sold(self) -> None:
        exit_ = claimed(shares=Decimal(50), momentum_high=Decimal("0.60"), latched=False)
        assert book(exit_).state == "pending"
        assert "momentum_high" not in Mark.objects.get().state
        again = Exit.objects.select_related("position__market").get(pk=exit_.pk)
        exits.claim(again, shares=Decimal(50), floor=Decimal("0.5"), fence=1, guard=free)
        book(again, ("0.57", "50"))
        assert '"momentum_high":"0.60"' in Mark.objects.get().state


class TestFailures:
    def test_set_back_goes_where_it_came_from_and_is_told_once(self) -> None:
        exit_ = claimed()
        exits.set_back(exit_, "400 bad size", now=NOON, guard=free)
        assert (stored(exit_)["state"], stored(exit_)["problem"]) == ("pending", "400 bad size")
        again = Exit.objects.select_related("position__market").get(pk=exit_.pk)
        exits.claim(again, shares=Decimal(100), floor=Decimal("0.4"), fence=1, guard=free)
        exits.set_back(again, "400 bad size", now=NOON, guard=free)
        assert kinds() == ["exit_failed"]

    def test_set_back_keeps_what_was_sold(self) -> None:
        exit_ = claimed(filled=Decimal(40))
        exits.set_back(exit_, "refused", now=NOON, guard=free)
        assert stored(exit_)["state"] == "partial"

    def test_answer_that_was_booked_meanwhile_is_not_set_back(self) -> None:
        exit_ = claimed()
        book(exit_, ("0.45", "100"))
        exits.set_back(exit_, "late", now=NOON, guard=free)
        assert (stored(exit_)["state"], "exit_failed" in kinds()) == ("filled", False)

    def test_uncertain_stays_out(self) -> None:
        exit_ = claimed()
        for _ in range(2):
            exits.uncertain(exit_, "no answer", now=NOON, guard=free)
        assert (stored(exit_)["state"], stored(exit_)["problem"]) == ("working", "no answer")
        entry = JournalEntry.objects.get(kind="exit_failed")
        assert (entry.urgency, entry.data["problem"]) == ("critical", "no answer")

    @pytest.mark.parametrize("step", [exits.set_back, exits.uncertain])
    def test_overtaken_pass_tells_nothing(self, step: Any) -> None:
        exit_ = claimed()
        before = stored(exit_)
        with pytest.raises(OvertakenError):
            step(exit_, "problem", now=NOON, guard=overtaken)
        assert (stored(exit_), kinds()) == (before, [])


class TestInvariants:
    def test_one_live_exit_for_a_position(self) -> None:
        first = made()
        with pytest.raises(IntegrityError), transaction.atomic():
            made(first.position)
        Exit.objects.update(state="cancelled")
        assert made(first.position).pk > first.pk

    @pytest.mark.parametrize(
        "fields", [{"shares": 0}, {"shares": -1}, {"filled": -1}, {"filled": "100.00001"}]
    )
    def test_database_refuses_impossible_exits(self, fields: dict[str, Any]) -> None:
        position = holding()
        with pytest.raises(IntegrityError), transaction.atomic():
            made(position, **fields)

    @pytest.mark.parametrize(
        "fields",
        [{"shares": "-0.01"}, {"shares": "100.01"}, {"entry_price": 0}, {"entry_fees": -1}],
    )
    def test_database_refuses_impossible_positions(self, fields: dict[str, Any]) -> None:
        position = holding()
        with pytest.raises(IntegrityError), transaction.atomic():
            Position.objects.filter(pk=position.pk).update(**fields)

    @pytest.mark.django_db(transaction=True)
    def test_journal_is_written_inside_a_change_only(self) -> None:
        assert not connection.in_atomic_block
        with pytest.raises(transaction.TransactionManagementError):
            journal.append(journal.entry("test", "alone", at=NOON))
        assert kinds() == []

    def test_settlement_cancels_what_is_not_out(self) -> None:
        exit_ = made()
        with transaction.atomic():
            _settled, entries = exits.settle(exit_.position, Decimal(1), now=NOON)
            journal.append_all(entries)
        assert (stored(exit_)["state"], kinds()) == ("cancelled", ["settled", "position_closed"])
        assert Position.objects.get().realised_pnl == 50
