"""What all writes share: their errors, the optimistic lock, the facts of a journal entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from positions.domain import policy as policies
from positions.domain.pnl import plain
from positions.domain.state import WatchState, dump, load
from positions.domain.stops import trail_level
from positions.locks import hold_book
from positions.models import LIVE_EXIT_STATES, ExitPolicy, Mark, Position


class ServiceError(Exception):
    """A write that was refused; the text says why and what to do. Nothing was changed."""


class ConfirmationNeededError(ServiceError):
    """The write would lower or remove a stop; the same call with `confirmed=True` does it."""


class StaleError(ServiceError):
    """The row changed since the caller read it."""


def facts(position: Position) -> dict[str, Any]:
    """What every journal entry about a position carries, so that readers need no second query."""
    market = position.market
    return {
        "question": market.question,
        "outcome": market.outcome,
        "currency": market.currency,
        "payout": plain(market.payout) if market.payout is not None else None,
        "entry_price": plain(position.entry_price),
        "demo": position.is_demo,
    }


def documents(position: Position) -> tuple[str, str]:
    """The stored policy documents of the position's strategy and of the position itself."""
    owned = ExitPolicy.objects.filter(position=position).values_list("document", flat=True).first()
    inherited = None
    if position.strategy_id is not None:
        rows = ExitPolicy.objects.filter(strategy_id=position.strategy_id)
        inherited = rows.values_list("document", flat=True).first()
    return inherited or "{}", owned or "{}"


def effective_policy(position: Position) -> policies.Policy:
    """The policy that guards the position now. Raises PolicyError."""
    return policies.effective(*documents(position))


def policy_text(document: Mapping[str, Any]) -> str:
    """A policy document as it is stored. Raises PolicyError naming the field, unknown keys too:
    a mistyped rule must not vanish without a word.
    """
    policies.parse(document)
    return policies.dumps(document)


def refuse_while_selling(position_id: int) -> None:
    """Raises ServiceError while an exit of the position runs: two writers never meet."""
    live = Position.objects.filter(pk=position_id, exits__state__in=LIVE_EXIT_STATES)
    if live.exists():
        raise ServiceError(
            _("An exit of this position is running. Wait for it or cancel it, then try again.")
        )


def take(position_id: int, version: int | None) -> Position:
    """Locks the position for a user's write and moves its version. Raises StaleError, ServiceError."""
    hold_book()
    rows = Position.objects.select_for_update(of=("self",)).select_related("market")
    position = rows.filter(pk=position_id).first()
    if position is None:
        raise ServiceError(_("This position is no longer there."))
    if version is not None and position.version != version:
        raise StaleError(
            _(
                "Somebody changed this position meanwhile. Look at it again, then repeat your change."
            )
        )
    position.version += 1
    position.save(update_fields=["version"])
    return position


def jsonable(value: Any) -> Any:
    """Decimals as plain strings all the way down."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return {key: jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(inner) for inner in value]
    return value


def catch_up(position: Position) -> None:
    """Stores the trailing level that the best bid has reached: calm passes raise the best alone.

    To be called before the entry price changes, on which the armed stage hangs: no level falls by
    itself.
    """
    mark = Mark.objects.select_for_update(of=("self",)).get(position=position)
    if mark.best is None:
        return
    state = replace(load(mark.state), best=mark.best)
    level = trail_level(effective_policy(position), position.entry_price, state)
    mark.state = dump(replace(state, best=None, trail_level=level))
    mark.save(update_fields=["state"])


def write_state(mark: Mark, state: WatchState) -> None:
    """Stores the watch memory and has the position judged in full at the next pass."""
    mark.state = dump(state)
    mark.unarmed = ",".join(sorted(state.unarmed))
    mark.quiet_low = mark.quiet_high = mark.quiet_until = None  # judge in full at the next pass
    mark.save(update_fields=["state", "unarmed", "quiet_low", "quiet_high", "quiet_until"])
