"""Mirrors a public wallet: every answer of the venue first, every write after it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, cast

from django.db import DatabaseError, DataError, IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions.markets import market_ensure
from positions.models import JournalEntry, Market, Position, Strategy, Wallet
from positions.services import ServiceError
from positions.text import storable
from positions.venues.base import MarketInfo, PermanentError, VenueError, WalletHolding
from positions.venues.registry import source_for
from positions.wallets import changes
from positions.wallets.activity import Event, departure, first_bought_at
from positions.wallets.matching import Match, New, match

logger = logging.getLogger(__name__)

VENUE = Market.Venue.POLYMARKET.value
APART = timedelta(seconds=60)  # two complete answers so far apart must lack a holding
ALL_SECONDS = 200.0  # of all wallets together: the worker's task has a limit of its own
CLOCKS_DIFFER = timedelta(minutes=2)
# What one holding may meet (ValueError: rules that do not fit its market, text that no database
# takes) without the others being left out.
REFUSALS = (VenueError, ServiceError, DataError, ValueError)

Say = Callable[[str], None]


class WalletVenue(Protocol):
    """What a venue with public wallets offers beside prices."""

    def holdings(self, address: str, *, deadline: float | None = None) -> list[WalletHolding]: ...
    def activity(
        self, address: str, *, since: datetime | None = None, deadline: float | None = None
    ) -> Sequence[Event]: ...
    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]: ...


@dataclass(slots=True)
class Synced:
    """What one sync did, by position id. `still_held`: closed on paper, in the wallet all the same.

    `unguarded`: open ones that no exit rule watches. `problems`: holdings that could not be taken
    over, in words. `hint`: what an empty answer may mean. `unfinished`: left for the next sync.
    """

    address: str
    holdings: int = 0
    opened: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    still_held: list[int] = field(default_factory=list)
    dust: list[int] = field(default_factory=list)
    unguarded: list[int] = field(default_factory=list)
    redeemable: int = 0
    unfinished: int = 0
    problems: list[str] = field(default_factory=list)
    hint: str = ""

    @property
    def warning(self) -> str:
        """What to do about positions that nothing guards; empty when there are none."""
        if not self.unguarded:
            return ""
        return ngettext(
            "%(n)d open position of this wallet has no exit rules: nothing sells it. Give it a"
            " strategy in Admin, and the wallet one for what is new.",
            "%(n)d open positions of this wallet have no exit rules: nothing sells them. Give them a"
            " strategy in Admin, and the wallet one for what is new.",
            len(self.unguarded),
        ) % {"n": len(self.unguarded)}


def sync_all(
    *, now: Callable[[], datetime] = timezone.now, venue: WalletVenue | None = None
) -> list[Synced]:
    """Every stored wallet once; one that fails keeps its error and does not stop the others."""
    found = []
    deadline = time.monotonic() + ALL_SECONDS
    for wallet in Wallet.objects.select_related("strategy").order_by("pk"):
        try:
            found.append(_sync(wallet, now(), venue or _venue(), deadline, lambda _text: None))
        except VenueError as error:
            logger.warning("wallet %s could not be read: %s", wallet.pk, error)
    return found


def wallet_sync(
    address: str,
    *,
    now: datetime,
    venue: WalletVenue | None = None,
    strategy: Strategy | None = None,
    say: Say = lambda _text: None,
) -> Synced:
    """Stores the address and mirrors its holdings now; `strategy` guards what is new from now on.

    Raises VenueError when it cannot be read.
    """
    chosen = venue or _venue()
    known = Wallet.objects.filter(address=address.strip().lower()).first()
    if known is None:
        chosen.holdings(address)  # an address that is none is refused before it is stored
        known = Wallet.objects.get_or_create(address=address.strip().lower())[0]
    if strategy is not None and known.strategy_id != strategy.pk:
        known.strategy = strategy
        known.save(update_fields=["strategy"])
    return _sync(known, now, chosen, None, say)


def _venue() -> WalletVenue:
    return cast("WalletVenue", source_for(VENUE))


def _sync(
    wallet: Wallet, now: datetime, venue: WalletVenue, deadline: float | None, say: Say
) -> Synced:
    try:
        holdings = venue.holdings(wallet.address, deadline=deadline)
    except VenueError as error:
        Wallet.objects.filter(pk=wallet.pk).update(error=storable(str(error)))
        raise
    result = Synced(wallet.address, holdings=len(holdings))
    positions = list(Position.objects.filter(wallet=wallet).select_related("market").order_by("pk"))
    if not holdings and not positions:
        result.hint = _(
            "This address holds nothing. Polymarket keeps holdings under the proxy (deposit) address"
            " that your profile page shows, not under the signer's."
        )
    found = match(holdings, positions)
    visit = Visit(wallet, venue, result, now, deadline)
    _take_over(found, visit)
    _open_all(found.new, visit, say)
    _look_for_missing(found, visit)
    mirrored = Position.objects.filter(wallet=wallet, state=Position.State.OPEN, is_dust=True)
    result.dust = list(mirrored.order_by("pk").values_list("pk", flat=True))
    result.unguarded = changes.unguarded(wallet)
    problem = storable("; ".join(result.problems))
    Wallet.objects.filter(pk=wallet.pk).update(synced_at=now, error=problem)
    return result


@dataclass(frozen=True, slots=True)
class Visit:
    """One sync of one wallet under way."""

    wallet: Wallet
    venue: WalletVenue
    result: Synced
    now: datetime
    deadline: float | None

    def events(self, since: datetime | None) -> Sequence[Event]:
        """The wallet's activity; none when it cannot be read: then nothing is confirmed by it."""
        try:
            return self.venue.activity(self.wallet.address, since=since, deadline=self.deadline)
        except VenueError as error:
            logger.warning("activity of wallet %s could not be read: %s", self.wallet.pk, error)
            return ()


def _take_over(found: Match, visit: Visit) -> None:
    """What we know already: seen again, changed in size, or sold on paper and still there."""
    result, now = visit.result, visit.now
    result.redeemable = found.redeemable
    for position, holding in found.changed:
        try:
            if changes.adjust(position.pk, holding, now) is not None:
                result.changed.append(position.pk)
        except (*REFUSALS, IntegrityError) as error:
            result.problems.append(_problem(holding, error))
    result.still_held = [position.pk for position in found.still_held]
    changes.seen([position.pk for position in (*found.same, *found.still_held)], now)
    _tell_still_held([one for one in found.still_held if one.close_reason != "settled"], now)


def _tell_still_held(positions: Sequence[Position], now: datetime) -> None:
    ids = [position.pk for position in positions]
    told = set(
        JournalEntry.objects.filter(position__in=ids, kind=changes.STILL_HOLDS).values_list(
            "position_id", flat=True
        )
    )
    for position in positions:
        if position.pk not in told:
            changes.tell_still_held(position, now)


def _open_all(new: Sequence[New], visit: Visit, say: Say) -> None:
    """New holdings, one by one, each safe by itself."""
    if not new:
        return
    events, result = visit.events(None), visit.result
    tokens = [one.holding.token for one in new]
    markets = {row.token: row for row in Market.objects.filter(venue=VENUE, token__in=tokens)}
    for number, one in enumerate(new, 1):
        if visit.deadline is not None and time.monotonic() > visit.deadline:
            result.unfinished = len(new) - number + 1
            return
        say(_("%(done)s of %(all)s new holdings") % {"done": number, "all": len(new)})
        try:
            _open_one(one, markets, events, visit)
        except REFUSALS as error:
            result.problems.append(_problem(one.holding, error))
        except IntegrityError:
            # Another sync of the same wallet was faster.
            logger.info("holding %s was added meanwhile", one.holding.token)


def _problem(holding: WalletHolding, error: Exception) -> str:
    """A refused holding in words; a database's own words may repeat all that it was given."""
    why = _("the database refused it") if isinstance(error, DatabaseError) else str(error)
    logger.warning("holding %s could not be taken over: %s", holding.token, type(error).__name__)
    return storable(f"{(holding.question or holding.token)[:80]}: {why}")


def _open_one(
    new: New, markets: Mapping[str, Market], events: Sequence[Event], visit: Visit
) -> None:
    token = new.holding.token
    market = markets.get(token)
    if market is None:
        found = visit.venue.find(token)
        if len(found) != 1:
            raise PermanentError(_("the venue does not know this holding's market"))
        market = market_ensure(found[0])
    entered = first_bought_at(events, token)
    position = changes.open_holding(visit.wallet, new, market, entered=entered, now=visit.now)
    visit.result.opened.append(position.pk)


def _look_for_missing(found: Match, visit: Visit) -> None:
    """A holding is gone when two complete answers lack it and activity confirms it; else ask."""
    now = visit.now
    visit.result.missing = [position.pk for position in found.gone]
    for position in found.gone:
        changes.missing(position.pk, now)
    _forget_sold(found.sold, now)
    certain = [position for position in found.gone if _is_absent(position, now)]
    if not certain:
        return
    since = min(one.wallet_seen_at or one.opened_at for one in certain) - CLOCKS_DIFFER
    events = visit.events(since)
    for position in certain:
        _conclude(position, events, visit)


def _is_absent(position: Position, now: datetime) -> bool:
    """Whether an earlier answer, long enough ago, lacked the holding already."""
    return position.absent_since is not None and now - position.absent_since >= APART


def _forget_sold(sold: Sequence[Position], now: datetime) -> None:
    """What was sold on paper and has left the wallet as well: a later buy is a new holding."""
    for position in sold:
        if _is_absent(position, now):
            Position.objects.filter(pk=position.pk).update(wallet_shares=Decimal(0))
        else:
            changes.missing(position.pk, now)


def _conclude(position: Position, events: Sequence[Event], visit: Visit) -> None:
    result, now = visit.result, visit.now
    since = (position.wallet_seen_at or position.opened_at) - CLOCKS_DIFFER
    market = position.market
    shares = position.wallet_shares or position.shares
    left = departure(events, market.token, market.key, shares, since)
    if left is None:
        changes.ask_once(position, now)
    elif left.kind == "redeemed":
        # The market has resolved: the next pass settles it at its payout.
        logger.info("position %s was redeemed and waits for its settlement", position.pk)
    elif changes.close_elsewhere(position.pk, left, now):
        result.closed.append(position.pk)
        result.missing.remove(position.pk)
