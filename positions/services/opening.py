"""Adding a holding to the book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from positions import journal
from positions.domain import policy as policies
from positions.domain.judge import ARMING_AGE
from positions.domain.pnl import plain
from positions.domain.state import EMPTY, dump
from positions.domain.wording import price_text, shares_text
from positions.models import ExitPolicy, Mark, Market, Position, Strategy, Thesis, Wallet
from positions.services.base import ServiceError, effective_policy, facts, policy_text


def position_open(
    *,
    market: Market,
    entry_price: Decimal,
    shares: Decimal,
    now: datetime,
    strategy: Strategy | None = None,
    opened_at: datetime | None = None,
    policy: Mapping[str, Any] | None = None,
    thesis: str = "",
    probability: Decimal | None = None,
    entry_fees: Decimal = Decimal(0),
    reference: str | None = None,
    source: str = "admin",
    actor: str = "",
    arm_now: bool = False,
    is_demo: bool = False,
    wallet: Wallet | None = None,
    details: Mapping[str, Any] | None = None,
) -> Position:
    """Adds a holding with its strategy's policy (and the fields it overrides) attached at once.

    `entry_price` per share in the market's currency, `opened_at` UTC (default `now`). With
    `arm_now` a rule that is already breached at the first usable quote fires. `details` (JSON) go
    into the journal entry as well. Raises ServiceError naming what is wrong, PolicyError naming
    the policy's field.
    """
    check_entry(market, entry_price, shares, entry_fees)
    with transaction.atomic():
        position = Position.objects.create(
            market=market,
            strategy=strategy,
            entry_price=entry_price,
            shares=shares,
            bought=shares,
            entry_fees=entry_fees,
            opened_at=opened_at or now,
            reference=reference,
            source=source,
            is_demo=is_demo,
            wallet=wallet,
            wallet_shares=shares if wallet else None,
        )
        # Fresh when it is added, it stays armed however late its first usable quote comes.
        fresh = now - position.opened_at <= ARMING_AGE
        state = replace(EMPTY, watched_since=now) if arm_now or fresh else EMPTY
        Mark.objects.create(position=position, state=dump(state))
        if policy:
            ExitPolicy.objects.create(position=position, document=policy_text(policy))
        policies.check_market(effective_policy(position), market.payout)
        if thesis or probability is not None:
            Thesis.objects.create(position=position, text=thesis, probability=probability)
        text = _("opened: %(shares)s shares at %(price)s") % {
            "shares": shares_text(shares),
            "price": price_text(entry_price, market.payout, market.currency),
        }
        data = facts(position) | {"shares": plain(shares), "source": source, **(details or {})}
        journal.append(
            journal.entry(
                "position_opened", text, at=now, position=position, actor=actor or source, data=data
            )
        )
    return position


def check_entry(
    market: Market, entry_price: Decimal, shares: Decimal, entry_fees: Decimal = Decimal(0)
) -> None:
    """Raises ServiceError when a holding cannot be meant: price or size out of range."""
    if entry_price <= 0:
        raise ServiceError(_("The entry price must be above 0."))
    if market.payout is not None and entry_price > market.payout:
        raise ServiceError(
            _("The entry price %(price)s is above the payout of %(payout)s: cents for dollars?")
            % {"price": plain(entry_price), "payout": plain(market.payout)}
        )
    if shares <= 0:
        raise ServiceError(_("The number of shares must be above 0."))
    if entry_fees < 0:
        raise ServiceError(_("Entry fees cannot be negative."))
