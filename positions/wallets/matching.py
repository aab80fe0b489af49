"""Which of our positions each row of a wallet's answer is. Writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from positions.models import Position
from positions.venues.base import WalletHolding


@dataclass(frozen=True, slots=True)
class New:
    """A holding to be added as the `number`-th position of its token; `replaces` was sold on paper
    before the wallet's size changed.
    """

    holding: WalletHolding
    number: int
    replaces: Position | None = None


@dataclass(slots=True)
class Match:
    """`same`: open, size as before. `changed`: open, with its new row. `still_held`: sold on paper,
    the wallet has it all the same. `gone`: open, in no row. `sold`: sold on paper, in no row.
    """

    same: list[Position] = field(default_factory=list)
    changed: list[tuple[Position, WalletHolding]] = field(default_factory=list)
    still_held: list[Position] = field(default_factory=list)
    new: list[New] = field(default_factory=list)
    gone: list[Position] = field(default_factory=list)
    sold: list[Position] = field(default_factory=list)
    redeemable: int = 0


def match(holdings: Iterable[WalletHolding], positions: Iterable[Position]) -> Match:
    """Pairs a complete answer with all positions of the wallet, whatever order they come in.

    A token has one row as a rule; where a venue shows several, equal sizes belong together first.
    """
    rows: dict[str, list[WalletHolding]] = defaultdict(list)
    ours: dict[str, list[Position]] = defaultdict(list)
    for holding in holdings:
        rows[holding.token].append(holding)
    for position in positions:
        ours[position.market.token].append(position)
    found = Match()
    for token in dict.fromkeys((*rows, *ours)):
        _match_token(found, rows[token], ours[token])
    return found


def _match_token(
    found: Match, rows: Sequence[WalletHolding], positions: Sequence[Position]
) -> None:
    held = [one for one in positions if one.state == Position.State.OPEN]
    sold = [one for one in positions if one.state != Position.State.OPEN and one.wallet_shares]
    rest = _take_equal(rows, held, found.same)
    while rest and held:
        found.changed.append((held.pop(0), rest.pop(0)))
    rest = _take_equal(rest, sold, found.still_held)
    number = len(positions)
    for holding in rest:
        if holding.redeemable:
            found.redeemable += 1
            continue
        number += 1
        found.new.append(New(holding, number, sold.pop(0) if sold else None))
    found.gone += held
    found.sold += sold


def _take_equal(
    rows: Iterable[WalletHolding], positions: list[Position], found: list[Position]
) -> list[WalletHolding]:
    """Moves each position whose wallet size a row repeats to `found`; the rows left over."""
    rest = []
    for holding in rows:
        same = next((one for one in positions if one.wallet_shares == holding.shares), None)
        if same is None:
            rest.append(holding)
        else:
            positions.remove(same)
            found.append(same)
    return rest
