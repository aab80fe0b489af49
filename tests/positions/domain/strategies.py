"""Random policies, positions and price paths for the properties; small numbers, so that much fires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from positions.domain.policy import Policy, parse
from positions.domain.views import Held

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def numbers(*choices: str) -> st.SearchStrategy[str]:
    """One of a few numbers, as the strings of a policy document."""
    return st.sampled_from(choices)


PROFIT_ROWS = st.lists(
    st.fixed_dictionaries(
        {"after_minutes": numbers("0", "1", "5", "30"), "pct": numbers("0", "4", "10", "25", "60")},
        optional={"sell_pct": numbers("20", "33.3", "50", "100")},
    ),
    max_size=3,
    unique_by=lambda row: row["after_minutes"] + "/" + row["pct"],
)
STAGES = st.lists(
    st.fixed_dictionaries(
        {"distance_pct": numbers("2", "5", "10", "30")},
        optional={"activation_pct": numbers("0", "2", "12", "40")},
    ),
    max_size=3,
    unique_by=lambda row: row.get("activation_pct"),
)
MOMENTUM = st.fixed_dictionaries(
    {
        "window_minutes": numbers("2", "10", "60"),
        "rise_pct": numbers("3", "15", "40"),
        "fade_pct": numbers("0", "1", "4", "20"),
    },
    optional={"sell_pct": numbers("1", "50", "100")},
)
ADVERSE = st.fixed_dictionaries(
    {"window_minutes": numbers("2", "15"), "pct": numbers("1", "6", "30")}
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "stop_loss_pct": numbers("0", "2", "15", "60"),
    "stop_loss_price": numbers("0.2", "0.45"),
    "take_profit": PROFIT_ROWS,
    "take_profit_price": numbers("0.55", "0.8", "0.97"),
    "trailing_stop": STAGES,
    "momentum_exit": MOMENTUM,
    "soft_stop_pct": numbers("3", "8", "20"),
    "adverse_move": ADVERSE,
    "max_hold_minutes": numbers("3", "45", "0.35"),
    "exit_before_end_minutes": numbers("1", "20"),
    "fair_value": st.one_of(numbers("0.6", "0.9"), st.just("thesis")),
    "confirm_seconds": numbers("0", "3", "45"),
    "through_pct": numbers("0", "5"),
    "wide_spread_seconds": numbers("0", "60"),
}
DOCUMENTS = st.one_of(
    # All kinds together, and one or two alone: few rules leave much room in which to go wrong.
    st.fixed_dictionaries({}, optional=FIELDS),
    st.sets(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=2).flatmap(
        lambda names: st.fixed_dictionaries({name: FIELDS[name] for name in sorted(names)})
    ),
)


def legal(document: dict[str, Any]) -> bool:
    """Whether the rows drawn at random happen to be a policy (ladders may exceed 100 %)."""
    try:
        parse(document)
    except ValueError:
        return False
    return True


def alone(field: str) -> st.SearchStrategy[Policy]:
    """Policies of one rule."""
    return FIELDS[field].map(lambda value: {field: value}).filter(legal).map(parse)


POLICIES: st.SearchStrategy[Policy] = DOCUMENTS.filter(legal).map(parse)

HELDS: st.SearchStrategy[Held] = st.builds(
    Held,
    entry=st.sampled_from([Decimal("0.5"), Decimal("0.47"), Decimal("0.1234567")]),
    shares=st.sampled_from([Decimal(100), Decimal("12.5")]),
    bought=st.just(Decimal(100)),
    opened_at=st.sampled_from([START, START - timedelta(minutes=9), START - timedelta(hours=1)]),
    payout=st.sampled_from([Decimal(1), None]),
    tick=st.sampled_from([None, Decimal("0.001"), Decimal("0.01")]),
    min_size=st.sampled_from([None, Decimal(5), Decimal(40)]),
    ends_at=st.sampled_from([None, START + timedelta(minutes=25)]),
    probability=st.sampled_from([None, Decimal("0.62")]),
)


@dataclass(frozen=True)
class Step:
    """A reading to come: `seconds` later; a move of `mils`, no bid at all, or an edge of the band."""

    seconds: float
    mils: int | None = 0
    edge: str = ""


STEPS = st.builds(
    Step,
    seconds=st.sampled_from([0.0, 1.0, 3.0, 30.0, 61.0, 119.999999, 300.0, 1800.0]),
    mils=st.one_of(st.integers(-9, 9), st.integers(-90, 90), st.integers(-300, 300), st.none()),
)
EDGES = st.builds(
    Step,
    seconds=st.sampled_from([0.0, 1.0, 30.0, 61.0, 119.999999, 599.0]),
    edge=st.sampled_from(["low", "high", "until", "low until", "high until"]),
)
