"""Sending: each exit is claimed, sold and booked by itself; one that fails stops no other."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from monitoring.engine.ports import Ports
from monitoring.engine.result import PassResult
from monitoring.lease import Held as Lease
from monitoring.lease import LeaseLostError
from positions import exits
from positions.domain.book import Book
from positions.domain.pnl import floor_shares, money_json, plain
from positions.domain.policy import HUNDRED, Policy
from positions.domain.quotes import tick_of
from positions.domain.views import URGENCY
from positions.models import Exit, Position
from positions.services import effective_policy, exits_are_paused
from positions.venues.base import (
    Order,
    RejectedError,
    Report,
    TransientError,
    UncertainError,
    VenueError,
)

logger = logging.getLogger(__name__)

ORDER_OF_URGENCY = {"critical": 0, "high": 1, "medium": 2, "low": 3}


class Sender:
    """Sends the exits of one pass, most urgent first."""

    def __init__(
        self, ports: Ports, lease: Lease, books: Mapping[int, Book], result: PassResult
    ) -> None:
        self.ports, self.lease, self.books, self.result = ports, lease, books, result

    def send(self, rows: Iterable[Exit]) -> None:
        """Each exit once; one that fails harms no other. Raises LeaseLostError only."""
        ordered = sorted(rows, key=lambda row: (ORDER_OF_URGENCY[URGENCY[row.rule]], row.pk))
        for exit_ in ordered:
            try:
                done = self._one(exit_)
            except (TransientError, RejectedError) as error:
                # Certainly nothing was sold: the next pass tries again with a fresh floor.
                exits.set_back(exit_, str(error), now=self.ports.now(), guard=self._guard)
                done = exit_
            except UncertainError as error:
                self._leave_open(exit_, error)
                done = exit_
            except LeaseLostError:
                raise
            except Exception as error:
                logger.exception("exit %s", exit_.pk)
                self._leave_open(exit_, error)
                done = exit_
            if done is not None:
                self.result.exits.append(as_json(done))

    def _leave_open(self, exit_: Exit, error: Exception) -> None:
        """It stays as it is. `working`: it may have sold, so the venue is asked before all else."""
        logger.warning("exit %s: %s", exit_.pk, error)
        problem = _("the venue's answer was lost; it is asked before anything else is sent")
        if exit_.state != Exit.State.WORKING:
            problem = _("%(error)s before it was sent") % {"error": type(error).__name__}
        exits.uncertain(exit_, problem, now=self.ports.now(), guard=self._guard)

    def _guard(self) -> None:
        self.lease.renew(self.ports.now())

    def _one(self, exit_: Exit) -> Exit | None:
        if exit_.state == Exit.State.WORKING:
            return self._settle_the_past(exit_)
        terms = self._terms(exit_)
        if terms is None or exits_are_paused():  # perhaps since the last order
            return None
        shares, floor, book = terms
        fence = self.lease.fence
        if not exits.claim(exit_, shares=shares, floor=floor, fence=fence, guard=self._guard):
            return None
        return self._sell(exits.order_of(exit_), exit_, book)

    def _sell(self, order: Order, exit_: Exit, book: Book) -> Exit:
        try:
            report = self.ports.executor.sell(order, book)
        except UncertainError:
            found = self._lookup(order)
            if found is None:
                raise
            report = found
        return exits.record(exit_, report, now=self.ports.now(), guard=self._guard)

    def _lookup(self, order: Order) -> Report | None:
        """Raises UncertainError when the venue cannot be asked: not knowing is not "never seen"."""
        try:
            return self.ports.executor.lookup(order)
        except VenueError as error:
            raise UncertainError(str(error)) from error

    def _settle_the_past(self, exit_: Exit) -> Exit | None:
        """An order was out when its pass died: ask what became of it before anything else.

        Never seen by the venue: the very same order, under the same key, is sent again, so that an
        order that is only late cannot sell a second time.
        """
        order = exits.order_of(exit_)
        report = self._lookup(order)
        if report is not None:
            return exits.record(exit_, report, now=self.ports.now(), guard=self._guard)
        market = exit_.position.market
        if market.state == market.State.RESOLVED:
            raise RejectedError(_("the market resolved before the order arrived"))
        book = self.books.get(market.pk)
        if book is None or exits_are_paused():
            return None
        try:
            return self._sell(order, exit_, book)
        except TransientError as error:
            # The first sending may still be on its way: a new key could sell a second time.
            raise UncertainError(str(error)) from error

    def _terms(self, exit_: Exit) -> tuple[Decimal, Decimal, Book] | None:
        """Size, floor and book of the next order; None while there is no usable price."""
        position = exit_.position
        market = position.market
        book = self.books.get(market.pk)
        if book is None or market.state == market.State.CLOSED:
            return None
        tick = tick_of(book, position.shares, market.min_size, market.payout)
        if tick.bid is None:
            return None
        left = floor_shares(min(exit_.shares - exit_.filled, position.shares))
        if left <= 0:
            return None
        floor = exit_.floor
        if exit_.latched or floor is None:
            floor = tick.bid * (1 - _slippage(position) / HUNDRED)
        return left, floor, book


def _slippage(position: Position) -> Decimal:
    """`max_slippage_pct` of the position; the contract's own where its policy cannot be read: what
    is decided, or asked for by a person, is sold all the same.
    """
    try:
        return effective_policy(position).max_slippage_pct
    except (ValueError, TypeError, RecursionError):
        return Policy().max_slippage_pct


def as_json(exit_: Exit) -> dict[str, object]:
    """An exit as the pass's JSON shows it."""
    currency, price = exit_.position.market.currency, exits.sold_at(exit_)
    return {
        "position": exit_.position_id,
        "rule": exit_.rule,
        "shares": plain(exit_.filled),
        "price": None if price is None else plain(price),
        "pnl": money_json(exit_.pnl, currency),
        "state": str(exit_.state),
    }


def to_send(ids: Iterable[int], *, everything: bool) -> list[Exit]:
    """The exits to send: those with `ids`, and with `everything` also whatever is still under way
    from earlier passes or asked for by a person.
    """
    rows = Exit.objects.select_related("position__market")
    ids = list(ids)
    chosen = list(rows.filter(pk__in=ids, state__in=exits.SENDABLE)) if ids else []
    if everything:
        old = rows.filter(state__in=(*exits.SENDABLE, Exit.State.WORKING))
        known = {exit_.pk for exit_ in chosen}
        chosen += [
            exit_
            for exit_ in old
            if exit_.pk not in known and (exit_.latched or exit_.state == Exit.State.WORKING)
        ]
    return chosen
