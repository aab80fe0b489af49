"""`sync_wallet`."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from positions.models import Position, Strategy
from positions.wallets import sync_all
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.wallets.kit import (
    ADDRESS,
    later,
    row,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def test_command_prints_one_json_document(polymarket: PolymarketServer, fed: FakeMarket) -> None:
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100")])
    out = io.StringIO()
    call_command(
        "sync_wallet",
        ADDRESS.upper().replace("0X", "0x"),
        "--json",
        stdout=out,
        stderr=io.StringIO(),
    )
    document = json.loads(out.getvalue())
    [position] = Position.objects.values_list("pk", flat=True)
    assert (document["address"], document["opened"]) == (ADDRESS, [position])


def test_a_wallet_s_strategy_guards_what_is_new(
    polymarket: PolymarketServer, fed: FakeMarket, shipped: None
) -> None:
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100")])
    call_command("sync_wallet", ADDRESS, "--strategy", "theta_sniper", stderr=io.StringIO())
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100"), row(fed.tokens[1], "50")])
    sync_all(now=lambda: later(300))
    rows = Position.objects.values_list("strategy__name", flat=True)
    assert list(rows) == ["theta_sniper", "theta_sniper"]
    with pytest.raises(CommandError, match="known are theta_sniper, vol_harvester"):
        call_command("sync_wallet", ADDRESS, "--strategy", "none")


def test_command_fails_clearly_for_what_is_no_address(polymarket: PolymarketServer) -> None:
    with pytest.raises(CommandError, match="no wallet address"):
        call_command("sync_wallet", "alice")


def test_command_says_what_nothing_guards(
    polymarket: PolymarketServer, fed: FakeMarket, shipped: None
) -> None:
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100")])
    for more in ((), ("--strategy", "theta_sniper")):  # the strategy is for what is new
        out = io.StringIO()
        call_command("sync_wallet", ADDRESS, *more, stdout=out, stderr=io.StringIO())
        assert "1 open position of this wallet has no exit rules" in out.getvalue()
    Position.objects.update(strategy=Strategy.objects.get(name="theta_sniper"))
    out = io.StringIO()
    call_command("sync_wallet", ADDRESS, stdout=out, stderr=io.StringIO())
    assert "exit rules" not in out.getvalue()
