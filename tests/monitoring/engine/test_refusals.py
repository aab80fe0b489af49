from __future__ import annotations

import pytest
from django.db import transaction

from monitoring.engine.sql import update_each
from positions.models import Mark, Position
from positions.venues.base import TransientError
from tests.monitoring.engine.house import House

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def test_long_ladder_goes_out_as_one_exit(house: House) -> None:
    rows = [{"pct": f"{n}.5", "sell_pct": "3.03"} for n in range(1, 34)]
    house.position(policy={"take_profit": rows}, shares="1000")
    first, second = house.runs("0.50", "0.98")
    assert first.exits == []
    [exit_] = second.exits
    assert (exit_["rule"], exit_["shares"], exit_["state"]) == ("take_profit", "999.9", "filled")


@pytest.mark.parametrize("garbled", ["bad \ud800 word", "bad \x00 word"])
def test_garbled_error_of_one_venue_stops_no_other(house: House, garbled: str) -> None:
    house.position(policy={"stop_loss_pct": "10", "confirm_seconds": "0"})
    other = house.position("B", venue="sim")
    house.sources["sim"].failure = TransientError(garbled)
    _first, second = house.runs("0.50", "0.44")
    assert [exit_["rule"] for exit_ in second.exits] == ["stop_loss"]
    assert [row["position"] for row in second.errors] == [other.pk]
    assert Position.objects.get(pk=other.pk).mark.problem.startswith("bad")


def test_refused_row_harms_no_other(house: House) -> None:
    marks = [house.position(name).mark for name in "ABC"]
    rows = [("fine", marks[0].pk), ("bad \ud800", marks[1].pk), ("fine too", marks[2].pk)]
    with transaction.atomic():
        refused = update_each("positions_mark", "position_id", [("problem", "text")], rows)
    told = Mark.objects.order_by("pk").values_list("problem", flat=True)
    assert (refused, list(told)) == ([marks[1].pk], ["fine", "", "fine too"])
