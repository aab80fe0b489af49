"""Whether a market still trades, and what a share of one outcome was worth at its end.

Payouts come from /v2/resolutions, else from Gamma's prices of a closed market once they leave no
doubt. 50/50 is believed from payouts only: prices around .5 may as well be a market that was closed
before anybody knew.
"""

from __future__ import annotations

from decimal import Decimal

from positions.venues.base import Instrument, MarketStatus
from positions.venues.polymarket.parse import GammaMarket, Resolution

AWAITING = "closed, awaiting resolution"
# A result is on the table and may still be overturned: Gamma's prices do not count meanwhile.
CONTESTED = frozenset({"posed", "proposed", "challenged", "reproposed", "disputed", "arbitration"})


def status_of(
    instrument: Instrument | None, market: GammaMarket | None, resolution: Resolution | None
) -> MarketStatus | None:
    """One instrument's state from what both APIs say; None when neither knows the market.

    Without an instrument the state alone counts (the price is that of the first outcome).
    """
    payouts = resolution.payouts if resolution else ()
    if not payouts and market is not None and not _contested(resolution):
        payouts = market.decided
    index = _index(instrument, market)
    if payouts and index is not None and index < len(payouts):
        scale = (instrument.payout if instrument else None) or Decimal(1)
        return MarketStatus("resolved", payouts[index] * scale)
    if market is None:
        return (
            MarketStatus("closed", detail=_detail(resolution)) if _contested(resolution) else None
        )
    if market.closed:
        return MarketStatus("closed", detail=_detail(resolution))
    return MarketStatus("open" if market.tradable else "paused")


def _contested(resolution: Resolution | None) -> bool:
    return resolution is not None and resolution.status in CONTESTED


def _detail(resolution: Resolution | None) -> str:
    return f"{AWAITING} ({resolution.status})" if resolution else AWAITING


def _index(instrument: Instrument | None, market: GammaMarket | None) -> int | None:
    """The outcome's place in the list of payouts."""
    if instrument is None:
        return 0
    if market is not None and instrument.token in market.tokens:
        return market.tokens.index(instrument.token)
    index = instrument.data.get("index")
    return index if isinstance(index, int) else None
