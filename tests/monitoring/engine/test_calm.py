"""Calm positions are not judged; whatever could matter to them ends the calm."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions.models import ExitPolicy, Mark, Position
from positions.selectors.rows import row
from positions.services import policy_set, position_edit, thesis_set
from tests.monitoring.engine.house import House, at

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def stop(level: str) -> dict[str, Any]:
    return {"stop_loss_price": level, "confirm_seconds": 0}


def judged_now(house: House) -> list[int]:
    """Positions that the latest pass judged in full."""
    rows = Mark.objects.filter(judged_at=house.clock.at)
    return sorted(rows.values_list("position_id", flat=True))


def test_position_far_from_its_levels_is_not_judged_again(house: House) -> None:
    house.position(policy=stop("0.45"))
    house.runs("0.50", "0.51", "0.49")
    house.says("A", "0.50")
    assert (house.run().checked, judged_now(house)) == (1, [])


def test_best_bid_of_a_calm_position_rises_all_the_same(house: House) -> None:
    position = house.position(policy=stop("0.45"))
    house.runs("0.50", "0.58", "0.52")
    assert format(Mark.objects.get(position=position).best or 0, "f") == "0.58"


def test_neighbour_is_judged_when_the_second_reading_leaves_its_band(house: House) -> None:
    """The new bid is stored with the second reading: the next pass would see no change."""
    first = house.position(policy={"stop_loss_price": "0.45"})
    second = house.position(policy=stop("0.43"))
    house.runs("0.50")
    house.says("A", "0.448", "0.42")
    sold = [exit_["position"] for exit_ in house.run().exits]
    assert sold == [first.pk, second.pk]


def test_neighbour_is_judged_even_when_the_venue_tells_late(house: House) -> None:
    house.position(policy={"stop_loss_price": "0.45"})
    second = house.position(policy=stop("0.43"))
    house.runs("0.50")
    house.says("A", "0.448", at("0.42", age=1))
    house.run()
    second.refresh_from_db()
    assert second.state == Position.State.CLOSED


def test_position_that_could_not_be_judged_is_tried_again(house: House) -> None:
    position = house.position(policy=stop("0.45"))
    house.runs("0.50")
    rows = ExitPolicy.objects.filter(position=position)
    whole = rows.get().document
    rows.update(document="{")
    house.says("A", "0.44")
    assert len(house.run().errors) == 1
    house.clock.later(30)
    assert len(house.run().errors) == 1
    rows.update(document=whole)
    house.clock.later(30)
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


def test_changed_rules_are_judged_at_the_next_pass(house: House) -> None:
    position = house.position(policy=stop("0.45"))
    house.runs("0.50", "0.50")
    policy_set(position_id=position.pk, document=stop("0.50"), actor="ann", now=house.clock.at)
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


def test_changed_probability_is_judged_at_the_next_pass(house: House) -> None:
    position = house.position(policy={"fair_value": "thesis"})
    house.runs("0.50", "0.50")
    thesis_set(position_id=position.pk, actor="ann", now=house.clock.at, probability="0.48")
    assert [exit_["rule"] for exit_ in house.run().exits] == ["fair_value"]


def test_time_ends_the_calm(house: House) -> None:
    house.position(policy={"max_hold_minutes": 10})
    results = house.runs(*["0.50"] * 6, every=120)
    assert [len(result.exits) for result in results] == [0, 0, 0, 0, 0, 1]


def trailing(*stages: tuple[str, str]) -> dict[str, Any]:
    rows = [{"distance_pct": distance, "activation_pct": start} for distance, start in stages]
    return {"trailing_stop": rows, "confirm_seconds": 0}


def test_trailing_level_follows_the_best_bid_of_calm_passes(house: House) -> None:
    house.position(policy=trailing(("10", "0")))
    house.runs("0.50", "0.60", "0.57", "0.58")
    assert (Mark.objects.get().best, judged_now(house)) == (Decimal("0.60"), [])
    house.says("A", "0.54")
    assert [row["level"] for row in house.run().triggers] == ["0.54"]


def test_page_shows_the_trailing_level_of_calm_passes(house: House) -> None:
    position = house.position(policy=trailing(("10", "0")))
    house.runs("0.50", "0.60")
    found = row(position.pk, house.clock.at)
    assert (found and found.state.trail_level) == Decimal("0.540")


def test_bid_that_arms_a_tighter_stage_ends_the_calm(house: House) -> None:
    house.position(policy=trailing(("10", "0"), ("2", "12")))
    house.runs("0.50", "0.57")
    house.says("A", "0.558")
    assert [row["level"] for row in house.run().triggers] == ["0.5586"]


def test_higher_entry_does_not_lower_the_trailing_level(house: House) -> None:
    """The best rose in calm passes; under the new entry the tight stage is no longer armed."""
    position = house.position(policy=trailing(("10", "0"), ("5", "12")))
    house.runs("0.50", "0.57", "0.59")
    position_edit(
        position_id=position.pk,
        actor="ann",
        now=house.clock.at,
        entry_price=Decimal("0.60"),
        confirmed=True,
    )
    house.says("A", "0.56")
    assert [row["level"] for row in house.run().triggers] == ["0.5605"]
