"""What a wallet's answer changes in the book: each change one transaction with its journal entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from positions import journal
from positions.bookings import book_sale
from positions.domain import policy as policies
from positions.domain.judge import ARMING_AGE
from positions.domain.pnl import plain
from positions.domain.state import load
from positions.domain.stops import stop_level
from positions.domain.targets import target_level
from positions.domain.wording import price_text, shares_text
from positions.exits import closed_entry
from positions.models import (
    LIVE_EXIT_STATES,
    Exit,
    JournalEntry,
    Mark,
    Market,
    Position,
    Quote,
    Wallet,
)
from positions.services import ServiceError, effective_policy, facts, position_open
from positions.services.base import catch_up, take, write_state
from positions.venues.base import WalletHolding
from positions.wallets.activity import Departure
from positions.wallets.matching import New

ACTOR = "wallet"
CLOSED_BY = "wallet"
STILL_HOLDS, ASKED, CLOSED, CHANGED = (
    "wallet_still_holds",
    "wallet_vanished",
    "wallet_closed",
    "wallet_changed",
)


def open_holding(
    wallet: Wallet, new: New, market: Market, *, entered: datetime | None, now: datetime
) -> Position:
    """Adds a holding. `entered`: when the wallet bought it, None when nobody knows.

    An unknown entry counts as old: what is breached already is told, not sold at once. Raises
    ServiceError, and IntegrityError when another sync was faster: the number is what this sync
    knew, so that two at once ask for the same reference.
    """
    holding = new.holding
    with transaction.atomic():
        position = position_open(
            market=market,
            entry_price=holding.entry_price,
            shares=holding.shares,
            entry_fees=holding.entry_fees,
            opened_at=min(entered or now - ARMING_AGE - timedelta(seconds=1), now),
            reference=f"wallet:{wallet.address}:{holding.token}:{new.number}",
            source="wallet",
            actor=ACTOR,
            wallet=wallet,
            strategy=wallet.strategy,
            now=now,
        )
        position.is_dust, position.wallet_seen_at = _is_dust(holding.shares, market), now
        position.save(update_fields=["is_dust", "wallet_seen_at"])
        if new.replaces is not None:
            # Its size is history: the same size later is this new holding's, not that one's.
            Position.objects.filter(pk=new.replaces.pk).update(wallet_shares=Decimal(0))
    return position


def seen(position_ids: list[int], now: datetime) -> None:
    """These positions are in the wallet."""
    Position.objects.filter(pk__in=position_ids).update(wallet_seen_at=now, absent_since=None)


def adjust(position_id: int, holding: WalletHolding, now: datetime) -> Position | None:
    """Takes over a changed size and average entry; None while an exit runs or it is closed.

    More shares in the wallet are bought shares. Fewer never leave us holding more than the wallet;
    what paper has sold before stays sold.
    """
    with transaction.atomic():
        position = take(position_id, None)
        if position.state != Position.State.OPEN or _is_selling(position):
            transaction.set_rollback(True)
            return None
        before = _standing(position)
        catch_up(position)
        more = holding.shares - (position.wallet_shares or position.shares)
        if more > 0:
            position.shares += more
            position.bought += more
        else:
            position.shares = min(position.shares, holding.shares)
        if holding.entry_price > 0:
            position.entry_price = holding.entry_price
        if more > 0:
            position.entry_fees = holding.entry_fees
        position.wallet_shares, position.wallet_seen_at = holding.shares, now
        position.absent_since = None
        position.is_dust = _is_dust(position.shares, position.market)
        position.save()
        mark = Mark.objects.select_for_update(of=("self",)).get(position=position)
        write_state(mark, load(mark.state))
        journal.append(_changed_entry(position, before, _standing(position), now))
    return position


def missing(position_id: int, now: datetime) -> None:
    """The first complete answer without this holding."""
    Position.objects.filter(pk=position_id, absent_since=None).update(absent_since=now)


def confirm_gone(*, position_id: int, actor: str, now: datetime) -> None:
    """A person's yes to "closed elsewhere?". Raises ServiceError when nothing asks it any more."""
    asking = Position.objects.filter(
        pk=position_id, state=Position.State.OPEN, absent_since__isnull=False
    )
    if not asking.exists():
        raise ServiceError(_("Its wallet shows this holding, or it is closed already."))
    if not close_elsewhere(position_id, Departure("moved", None, now), now, actor=actor):
        raise ServiceError(
            _("An exit of this position is running. Wait for it or cancel it, then try again.")
        )


def close_elsewhere(
    position_id: int, departure: Departure, now: datetime, *, actor: str = ACTOR
) -> bool:
    """Closes a holding that the wallet no longer has, at the price its activity shows.

    Where it shows none, the last usable bid stands in, and says so. False while an exit runs.
    """
    with transaction.atomic():
        position = take(position_id, None)
        if position.state != Position.State.OPEN or _is_selling(position):
            transaction.set_rollback(True)
            return False
        price, estimated = _price(position, departure)
        reason = _("sold outside") if departure.kind == "sold" else _("moved out of the wallet")
        if actor != ACTOR:
            reason = _("gone from the wallet, as %(who)s confirms") % {"who": actor}
        if estimated:
            reason = _("%(what)s; its price is not known, the last bid stands in") % {
                "what": reason
            }
        position.wallet_shares = Decimal(0)
        exit_ = book_sale(
            position,
            price,
            reason=reason,
            sold_at=departure.at,
            now=now,
            closed_by=CLOSED_BY,
            requested_by=actor,
        )
        data = facts(position) | {"exit": exit_.pk, "price": plain(price), "estimated": estimated}
        entry = journal.entry(
            CLOSED, reason, at=now, position=position, urgency="high", actor=actor, data=data
        )
        journal.append(entry, closed_entry(position, now))
    return True


def ask_once(position: Position, now: datetime) -> bool:
    """Asks a person whether a missing holding was closed elsewhere; once an absence."""
    asked = JournalEntry.objects.filter(
        position=position, kind=ASKED, at__gte=position.absent_since
    )
    if asked.exists():
        return False
    text = _("closed elsewhere? the wallet no longer shows it, and its activity does not say why")
    _tell(position, ASKED, text, "high", now)
    return True


def tell_still_held(position: Position, now: datetime) -> None:
    """Sold on paper, but the wallet has it: said once."""
    text = _("your wallet still holds %(shares)s shares") % {
        "shares": shares_text(position.wallet_shares or Decimal(0))
    }
    _tell(position, STILL_HOLDS, text, "low", now)


def _tell(position: Position, kind: str, text: str, urgency: str, now: datetime) -> None:
    data = facts(position) | {"shares": plain(position.wallet_shares or Decimal(0))}
    with transaction.atomic():
        journal.append(
            journal.entry(
                kind, text, at=now, position=position, urgency=urgency, actor=ACTOR, data=data
            )
        )


def _is_selling(position: Position) -> bool:
    return Exit.objects.filter(position=position, state__in=LIVE_EXIT_STATES).exists()


def unguarded(wallet: Wallet) -> list[int]:
    """The wallet's open positions that no exit rule watches, by id."""
    rows = Position.objects.filter(wallet=wallet, state=Position.State.OPEN).order_by("pk")
    found = rows.values_list("pk", "strategy__policy__document", "policy__document")
    return [pk for pk, inherited, own in found if not _guards(inherited or "", own or "")]


def _guards(inherited: str, own: str) -> bool:
    try:
        rules = policies.effective(inherited, own)
    except ValueError:  # what cannot be read guards nothing
        return False
    return any(getattr(rules, name) for name in policies.RULE_FIELDS)


def _is_dust(shares: Decimal, market: Market) -> bool:
    return market.min_size is not None and shares < market.min_size


def _price(position: Position, departure: Departure) -> tuple[Decimal, bool]:
    if departure.price is not None:
        return departure.price, False
    bid = Quote.objects.filter(market=position.market).values_list("bid", flat=True).first()
    return bid or position.entry_price, True


def _standing(position: Position) -> dict[str, Decimal | None]:
    """Size, entry and the levels that hang on it."""
    policy = effective_policy(position)
    return {
        "shares": position.shares,
        "entry_price": position.entry_price,
        "stop_loss": stop_level(policy, position.entry_price),
        "take_profit": target_level(policy, position.entry_price, Decimal(0)),
    }


def _changed_entry(
    position: Position,
    before: Mapping[str, Decimal | None],
    after: Mapping[str, Decimal | None],
    now: datetime,
) -> JournalEntry:
    names = {
        "shares": _("shares"),
        "entry_price": _("entry"),
        "stop_loss": _("stop"),
        "take_profit": _("target"),
    }
    parts = [
        f"{label} {_shown(position, name, before)} → {_shown(position, name, after)}"
        for name, label in names.items()
        if before[name] != after[name]
    ]
    data: dict[str, Any] = {
        name: {"old": _plain(before[name]), "new": _plain(after[name])} for name in names
    }
    text = _("the wallet's size changed: %(what)s") % {"what": "; ".join(parts) or _("no effect")}
    return journal.entry(
        CHANGED,
        text,
        at=now,
        position=position,
        urgency="medium",
        actor=ACTOR,
        data=facts(position) | {"changes": data},
    )


def _shown(position: Position, name: str, values: Mapping[str, Decimal | None]) -> str:
    value = values[name]
    if value is None:
        return _("none")
    if name == "shares":
        return shares_text(value)
    return price_text(value, position.market.payout, position.market.currency)


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
