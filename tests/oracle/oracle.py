"""What should have been sold, recomputed from the books a venue served. Imports nothing of ours.

Rows: at, token, bids, asks, best first. Positions: id, token, entry, shares, min, policy.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any


def usable(bids: list[Any], asks: list[Any], size: Decimal) -> Any:
    """The lowest bid needed to sell `size`; None for a thin, crossed or ghost book."""
    for price, amount in bids:
        size -= amount
        if size <= 0:
            ghost = asks and price <= Decimal("0.02") and asks[0][0] >= Decimal("0.98")
            return None if ghost or (asks and bids[0][0] > asks[0][0]) else price
    return None


def fired(pos: Any, bid: Decimal, at: datetime) -> Any:
    """The first rule that fires with its level, or None."""
    policy, entry = pos["policy"], Decimal(pos["entry"])
    pos["best"] = max(pos["best"], bid)
    for stage in policy.get("trailing_stop", ()):
        if (pos["best"] / entry - 1) * 100 > (Decimal(stage["activation_pct"]) or -101):
            below = Decimal(stage["distance_pct"]) / 100
            pos["trail"] = max(pos["trail"], pos["best"] * (1 - below))
    below = entry * (1 - Decimal(policy.get("stop_loss_pct", 100)) / 100)
    stop = max(Decimal(policy.get("stop_loss_price", 0)), below)
    goals = [entry * (1 + Decimal(row["pct"]) / 100) for row in policy.get("take_profit", ())]
    goal = min([*goals, Decimal(policy.get("take_profit_price", 9))])
    found = [("take_profit", goal)] if bid >= goal else []
    for rule, level in (("stop_loss", stop), ("trailing_stop", max(pos["trail"], stop))):
        breached = bid <= level > (0 if rule == "stop_loss" else stop)
        pos[rule] = (pos[rule] or at) if breached else None
        stood = (at - (pos[rule] or at)).total_seconds() + 0.05  # two clocks may differ a little
        if breached and (stood >= float(policy["confirm_seconds"]) or bid * 20 <= level * 19):
            found.insert(0 if rule == "stop_loss" else 1, (rule, level))
    return found[0] if found else None


def fills(rows: list[Any], positions: list[Any]) -> list[tuple[Any, ...]]:
    """Every fill: (position, rule, level, price, shares), in the order of the readings."""
    fresh = {"best": 0, "trail": Decimal(0), "stop_loss": None, "trailing_stop": None}
    held, found = [{**pos, **fresh, "left": Decimal(pos["shares"])} for pos in positions], []
    for row in rows:
        bids, asks = ([tuple(map(Decimal, lv)) for lv in row[side]] for side in ("bids", "asks"))
        for pos in (pos for pos in held if pos["token"] == row["token"] and pos["left"] >= 5):
            bid = usable(bids, asks, Decimal(pos["min"]))
            hit = bid and (pos.get("hit") or fired(pos, bid, datetime.fromisoformat(row["at"])))
            pos["hit"] = hit if hit and hit[0] != "take_profit" else pos.get("hit")
            for price, size in bids if hit else ():
                part = min(size, pos["left"])
                if part and price >= (hit[1] if hit[0] == "take_profit" else bid * Decimal("0.9")):
                    pos["left"] -= part
                    found.append((pos["id"], *hit, price, part))
    return found
