"""The six sample positions: three from the course, word for word, and three of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from positions.strategies import THETA_SNIPER, VOL_HARVESTER

# A closed position ended so long before the demo is loaded.
CLOSED_AGO = timedelta(minutes=25)


def _in_days(days: int) -> Callable[[datetime], datetime]:
    return lambda now: (now + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)


def _month_end(now: datetime) -> datetime:
    """Midnight UTC after the month's last day; the next month's when that is less than a day off."""
    soon = now + timedelta(days=1)
    first = soon.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def _year_end(now: datetime) -> datetime:
    """New Year's midnight UTC; the next one's when that is less than a day off."""
    soon = now + timedelta(days=1)
    return soon.replace(
        year=soon.year + 1, month=1, day=1, hour=0, minute=0, second=0, microsecond=0
    )


def _friday(now: datetime) -> datetime:
    """Midnight UTC after the coming Friday."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=(4 - now.weekday()) % 7 + 1)


@dataclass(frozen=True)
class Sample:
    """A position of the demo. `scenario` is what its simulated market plays from the moment of
    loading on, `start` the bid at that moment; `sold_at` closes it at that price beforehand.
    `keywords`: what its news is found by; of a demo position only what is recorded is read.
    Prices in `currency` a share.
    """

    key: str
    question: str
    outcome: str
    shares: Decimal
    entry: Decimal
    start: Decimal
    currency: str
    strategy: str
    scenario: str
    ends: Callable[[datetime], datetime]
    thesis: str = ""
    keywords: str = ""
    probability: Decimal | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    sold_at: Decimal | None = None


SAMPLES = (
    Sample(
        "demo-t20",
        "Will Pakistan win the next T20 against India?",
        "Yes",
        Decimal(100),
        Decimal("60.0"),
        Decimal(52),
        "PKR",
        THETA_SNIPER,
        "stop",
        _in_days(3),
    ),
    Sample(
        "demo-kse-100",
        "Will the KSE-100 close above 80,000 by month's end?",
        "Yes",
        Decimal(200),
        Decimal("45.0"),
        Decimal(51),
        "PKR",
        VOL_HARVESTER,
        "momentum",
        _month_end,
        thesis=str(
            _(
                "Rates are coming down and funds move from deposits into shares, while taxes on"
                " shares stay as they are until the new budget. Wrong if a new tax on gains or on"
                " listed companies comes before the month's end."
            )
        ),
        keywords="KSE-100, Pakistan Stock Exchange, Pakistan tax",
    ),
    Sample(
        "demo-oil",
        "Will oil be above $90 by Friday?",
        "Yes",
        Decimal(50),
        Decimal("70.0"),
        Decimal(76),
        "PKR",
        THETA_SNIPER,
        "hold",
        _friday,
        sold_at=Decimal(76),
    ),
    Sample(
        "demo-starship",
        "Will a crewed Starship reach orbit this year?",
        "No",
        Decimal(250),
        Decimal("0.55"),
        Decimal("0.63"),
        "USDC",
        THETA_SNIPER,
        "target",
        _year_end,
        thesis=str(
            _(
                "No crew has trained for it, and the escape system is not certified. The price"
                " follows launch videos, not the paperwork."
            )
        ),
        probability=Decimal("0.85"),
    ),
    Sample(
        "demo-ecb",
        "Will the ECB cut its key rate at the next meeting?",
        "Yes",
        Decimal(400),
        Decimal("0.48"),
        Decimal("0.50"),
        "USDC",
        THETA_SNIPER,
        "hold",
        _in_days(20),
        thesis=str(
            _(
                "Core inflation has fallen three times in a row and two members have said so. Wrong"
                " if services inflation turns up again."
            )
        ),
        keywords="ECB, rate cut",
        probability=Decimal("0.62"),
        policy={"trailing_stop": [{"distance_pct": "8", "activation_pct": "15"}]},
    ),
    Sample(
        "demo-margin",
        "Will the winning margin be above five points?",
        "No",
        Decimal(180),
        Decimal("0.41"),
        Decimal("0.36"),
        "USDC",
        THETA_SNIPER,
        "error",
        _in_days(9),
        thesis=str(
            _(
                "The last six polls put the gap at two to four points, and late deciders split"
                " evenly."
            )
        ),
        probability=Decimal("0.58"),
    ),
)
