"""The position's form: what it shows, what it writes, what it refuses and keeps."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from positions.models import AdvicePolicy, Exit, ExitPolicy, JournalEntry, Position, Thesis
from positions.services import advice_set, effective_policy, policy_set
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.admin.conftest import Open, Trader, errors_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("shipped"),
]


def path(position: Position) -> str:
    return f"position/{position.pk}/change/"


def own(position: Position) -> dict[str, object]:
    row = ExitPolicy.objects.filter(position=position).first()
    document: dict[str, object] = json.loads(row.document) if row else {}
    return document


def kinds(position: Position) -> list[str]:
    rows = JournalEntry.objects.filter(position=position).order_by("pk")
    return list(rows.values_list("kind", flat=True))


def fresh(position: Position) -> Position:
    return Position.objects.get(pk=position.pk)


def test_saving_an_untouched_form_writes_nothing(trader: Trader, open_one: Open) -> None:
    policy = {"stop_loss_pct": "9.50", "momentum_exit": None, "max_spread": "0.20"}
    position = open_one("a", policy=policy, thesis="It rains", probability=Decimal("0.6"))
    before = (fresh(position).version, own(position), kinds(position))
    assert trader.change(path(position)).status_code == 302
    assert (fresh(position).version, own(position), kinds(position)) == before


def test_inherited_rules_stand_beside_their_fields(trader: Trader, open_one: Open) -> None:
    page = trader.get(path(open_one("a", strategy="vol_harvester")))
    for hint in ("Inherits: 15.", "Inherits: 20.", "Inherits: 12 in 60 fade 3 sell 50."):
        assert hint in page


def test_a_rule_of_its_own_is_written_with_who_old_and_new(trader: Trader, open_one: Open) -> None:
    position = open_one("a", policy={"stop_loss_pct": "12"})
    assert trader.change(path(position), stop_loss_pct="9").status_code == 302
    assert own(position) == {"stop_loss_pct": "9"}
    entry = JournalEntry.objects.get(position=position, kind="rule_changed")
    assert (entry.actor, entry.data["old"], entry.data["new"]) == (
        "alice",
        {"stop_loss_pct": "12"},
        {"stop_loss_pct": "9"},
    )


def test_all_kinds_of_rules_can_be_typed(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    answer = trader.change(
        path(position),
        take_profit="12 sell 50\r\n30",
        trailing_stop="10",
        momentum_exit_off="on",
        adverse_move="6 in 15",
        fair_value="thesis",
        max_hold_minutes="600",
        confirm_seconds="0",
    )
    assert answer.status_code == 302
    policy = effective_policy(position)
    rows = [(str(row.pct), str(row.sell_pct)) for row in policy.take_profit]
    assert rows == [("12", "50"), ("30", "100")]
    assert policy.trailing_stop[0].distance_pct == 10
    assert (policy.max_hold_minutes, policy.confirm_seconds) == (Decimal(600), Decimal(0))
    assert own(position)["momentum_exit"] is None
    assert policy.stop_loss_pct == 15


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    trader: Trader, open_one: Open
) -> None:
    position = open_one("a")
    answer = trader.change(
        path(position),
        stop_loss_pct="120",
        take_profit="20\r\nmoon",
        trailing_stop="5",
        trailing_stop_off="on",
        thesis_text="my long thoughts",
    )
    assert set(errors_of(answer)) == {"stop_loss_pct", "take_profit", "trailing_stop"}
    page = answer.content.decode()
    assert ("120" in page, "moon" in page, "my long thoughts" in page) == (True, True, True)
    assert kinds(position) == ["position_opened"]


def test_rules_are_checked_against_the_market(trader: Trader, open_one: Open) -> None:
    answer = trader.change(path(open_one("a")), stop_loss_price="1.2")
    assert errors_of(answer) == {"stop_loss_price": ["1.2 is above the payout of 1"]}


def test_lowering_a_stop_asks_for_a_tick(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    answer = trader.change(path(position), stop_loss_pct="30", keywords="kept")
    assert list(errors_of(answer)) == ["confirm_lower"]
    assert "42.5¢ to 35.0¢" in errors_of(answer)["confirm_lower"][0]
    assert 'value="kept"' in answer.content.decode()
    assert (own(position), kinds(position)) == ({}, ["position_opened"])
    done = trader.change(path(position), stop_loss_pct="30", confirm_lower="on")
    assert (done.status_code, own(position)) == (302, {"stop_loss_pct": "30"})


def test_turning_an_inherited_stop_off_is_lowering_it(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    assert list(errors_of(trader.change(path(position), stop_loss_pct_off="on"))) == [
        "confirm_lower"
    ]


def test_a_row_that_moved_meanwhile_is_not_overwritten(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    seen = trader.form(path(position))
    now = timezone.now()
    policy_set(position_id=position.pk, document={"stop_loss_pct": "5"}, actor="bob", now=now)
    answer = trader.send(path(position), seen | {"take_profit": "33", "thesis_text": "typed"})
    assert "changed this position meanwhile" in errors_of(answer)["__all__"][0]
    page = answer.content.decode()
    assert (">33</textarea>" in page.replace("\n", ""), "typed" in page) == (True, True)
    assert own(position) == {"stop_loss_pct": "5"}
    assert not Thesis.objects.filter(position=position).exists()


def test_an_edit_during_a_running_exit_is_refused(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    Exit.objects.create(position=position, rule="stop_loss", shares=100, created_at=timezone.now())
    for change in ({"stop_loss_pct": "5"}, {"thesis_text": "x"}, {"entry_price": "0.51"}):
        answer = trader.change(path(position), **change)
        assert "An exit of this position is running" in errors_of(answer)["__all__"][0]
    assert (own(position), kinds(position)) == ({}, ["position_opened"])


def test_only_the_changed_part_of_a_thesis_is_written(trader: Trader, open_one: Open) -> None:
    position = open_one("a", thesis="It rains", probability=Decimal("0.6"))
    assert trader.change(path(position), probability="0.7", keywords="rain").status_code == 302
    thesis = Thesis.objects.get(position=position)
    assert (thesis.text, thesis.probability, thesis.keywords) == (
        "It rains",
        Decimal("0.7"),
        "rain",
    )
    entry = JournalEntry.objects.get(position=position, kind="thesis_changed")
    assert entry.data["old"] == {"probability": "0.6", "keywords": ""}
    assert entry.data["new"] == {"probability": "0.7", "keywords": "rain"}


def test_ai_policy_is_changed_beside_the_rules(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    answer = trader.change(
        path(position),
        mode="auto_hours",
        auto_from="23:00",
        auto_to="07:00",
        time_zone="Asia/Karachi",
        stop_loss_pct="12",
    )
    assert (answer.status_code, kinds(position)[1:]) == (302, ["rule_changed", "advice_changed"])
    policy = AdvicePolicy.objects.get(position=position)
    assert (policy.mode, str(policy.auto_to), policy.time_zone) == (
        "auto_hours",
        "07:00:00",
        "Asia/Karachi",
    )
    assert trader.change(path(position)).status_code == 302  # what it shows is what is stored
    assert kinds(position)[3:] == []


def test_ai_policy_that_cannot_be_meant_is_refused_beside_its_field(
    trader: Trader, open_one: Open
) -> None:
    position = open_one("a")
    answer = trader.change(path(position), mode="auto_hours", answer_minutes="2000")
    assert set(errors_of(answer)) == {"auto_from", "auto_to", "answer_minutes"}
    assert kinds(position) == ["position_opened"]


def test_position_that_moved_meanwhile_keeps_its_ai_policy(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    seen = trader.form(path(position))
    advice_set(position_id=position.pk, actor="bob", now=timezone.now(), mode="auto")
    answer = trader.send(path(position), seen | {"daily_sells": "9"})
    assert "changed this position meanwhile" in errors_of(answer)["__all__"][0]
    assert AdvicePolicy.objects.get().daily_sells == 2


def test_position_is_added_with_its_ai_policy(trader: Trader) -> None:
    trader.change(
        "position/add/", market_text="sim:a", entry_price="0.5", shares="20", if_unanswered="sell"
    )
    assert AdvicePolicy.objects.get().if_unanswered == "sell"


def test_several_parts_are_saved_together_or_not_at_all(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    answer = trader.change(
        path(position), entry_price="0.52", stop_loss_pct="12", thesis_text="New"
    )
    assert answer.status_code == 302
    assert kinds(position)[1:] == ["position_changed", "rule_changed", "thesis_changed"]
    assert fresh(position).entry_price == Decimal("0.52")
    refused = trader.change(path(position), thesis_text="Newer", stop_loss_pct="40")
    assert list(errors_of(refused)) == ["confirm_lower"]
    assert Thesis.objects.get(position=position).text == "New"


def test_shares_and_state_are_in_no_form(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    fields = trader.form(path(position))
    assert not {"shares", "bought", "state", "realised_pnl", "market", "muted_until"} & set(fields)
    trader.change(path(position), shares="999", state="closed")
    assert (fresh(position).shares, fresh(position).state) == (Decimal(100), "open")


def test_a_closed_position_is_history(trader: Trader, open_one: Open) -> None:
    position = open_one("a", thesis="It rains")
    Position.objects.filter(pk=position.pk).update(state="closed", shares=0, close_reason="manual")
    page = trader.get(path(position))
    assert ("It rains" in page, 'name="_save"' in page) == (True, False)
    assert trader.send(path(position), {"thesis_text": "x"}).status_code == 403


def test_a_position_cannot_be_deleted(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    assert trader.send(f"position/{position.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_user_may_be_allowed_to_look_only(open_one: Open) -> None:
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_position"))
    page = Trader(user).get(path(open_one("a", thesis="It rains")))
    assert ("It rains" in page, 'name="_save"' in page) == (True, False)


def test_adding_by_hand_resolves_a_slug(trader: Trader, fed: FakeMarket) -> None:
    answer = trader.change(
        "position/add/",
        market_text="fed-dec",
        outcome="no",
        entry_price="0.50",
        shares="20",
        stop_loss_pct="10",
        thesis_text="No cut",
        probability="0.7",
        keywords="fed",
    )
    assert answer.status_code == 302
    position = Position.objects.select_related("market", "thesis").get()
    assert (position.market.token, position.market.question) == (fed.tokens[1], fed.question)
    assert (position.shares, position.bought, position.source) == (20, 20, "admin")
    assert own(position) == {"stop_loss_pct": "10"}
    assert (position.thesis.text, position.thesis.keywords) == ("No cut", "fed")
    assert timezone.now() - position.opened_at < timedelta(minutes=1)
    assert JournalEntry.objects.filter(kind="position_opened", actor="alice").exists()


def test_adding_by_hand_resolves_an_address(trader: Trader, fed: FakeMarket) -> None:
    address = f"https://polymarket.com/event/fed/{fed.slug}"
    trader.change("position/add/", market_text=address, entry_price="0.5", shares="20")
    assert Position.objects.get().market.outcome == "Yes"


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        ({"market_text": ""}, "market_text", "required"),
        ({"market_text": "no-such-market"}, "market_text", "knows no such market"),
        ({"outcome": "Perhaps"}, "market_text", "it has Yes, No"),
        ({"entry_price": "1.5"}, "entry_price", "above the payout of 1"),
        ({"entry_price": "0"}, "entry_price", "above 0"),
        ({"shares": "-1"}, "shares", "above 0"),
        ({"shares": "-1", "market_text": "sim:a"}, "shares", "above 0"),
        ({"entry_fees": "-1"}, "entry_fees", "cannot be negative"),
        ({"opened_at_0": "2099-01-01", "opened_at_1": "00:00"}, "opened_at", "future"),
        ({"take_profit_price": "2"}, "take_profit_price", "above the payout"),
        ({"currency": "PKR"}, "market_text", "pays in USDC"),
    ],
)
def test_adding_what_cannot_be_meant_is_refused_beside_its_field(
    trader: Trader, fed: FakeMarket, change: dict[str, str], field: str, text: str
) -> None:
    values = {"market_text": "fed-dec", "entry_price": "0.5", "shares": "20"} | change
    errors = errors_of(trader.change("position/add/", **values))
    assert text in errors[field][0]
    assert list(errors) == [field]
    assert Position.objects.count() == 0


def test_a_silent_venue_is_told_and_what_was_typed_stays(
    trader: Trader, polymarket: PolymarketServer
) -> None:
    polymarket.knob("500")
    answer = trader.change(
        "position/add/", market_text="fed-dec", entry_price="0.5", shares="20", keywords="kept"
    )
    assert list(errors_of(answer)) == ["market_text"]
    assert 'value="kept"' in answer.content.decode()


def test_adding_warns_of_what_is_probably_not_meant(trader: Trader) -> None:
    trader.change(
        "position/add/",
        market_text="sim:a",
        entry_price="0.5",
        shares="20",
        stop_loss_price="0.6",
        take_profit_price="0.4",
    )
    messages = trader.messages()
    assert "The stop of 60.0¢ is not below the entry." in messages
    assert "The target of 40.0¢ is not above the entry." in messages


def test_adding_without_any_stop_warns(trader: Trader) -> None:
    trader.change("position/add/", market_text="sim:a", entry_price="0.5", shares="20")
    assert "This position has no stop." in trader.messages()
