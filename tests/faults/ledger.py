"""What happened, told by the venue's own log and by the rows of our database: do they agree?

Nothing of the product is imported: rows are read as any outsider could.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.installation import Installation

MINIMUM = Decimal(5)
ENDED = {"filled", "dust"}


@dataclass
class Verdict:
    """One line for each thing that is wrong; `repeated`: alerts that arrived more than once."""

    positions: int = 0
    sold_twice: list[str] = field(default_factory=list)
    unsold: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    lost_alerts: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    repeated: int = 0

    @property
    def wrong(self) -> list[str]:
        return [*self.sold_twice, *self.unsold, *self.gaps, *self.lost_alerts, *self.early]


def judge(
    installation: Installation,
    sold: Mapping[str, Decimal] | None,
    messages: Iterable[Mapping[str, Any]] | None,
) -> Verdict:
    """`sold`: shares by token in the venue's log (None: the venue keeps none). `messages`: what
    stands in the Discord channel (None: nobody delivers).
    """
    verdict = Verdict()
    _shares(installation, sold, verdict)
    _journal(installation, verdict)
    if messages is not None:
        _alerts(installation, messages, verdict)
    return verdict


def _shares(
    installation: Installation, sold: Mapping[str, Decimal] | None, verdict: Verdict
) -> None:
    fills: dict[int, Decimal] = {}
    for pk, shares in installation.query(
        "SELECT e.position_id, f.shares FROM positions_fill f"
        " JOIN positions_exit e ON e.id = f.exit_id"
    ):
        fills[pk] = fills.get(pk, Decimal(0)) + Decimal(shares)
    rows = installation.query(
        "SELECT p.id, m.token, p.bought, p.shares, p.state FROM positions_position p"
        " JOIN positions_market m ON m.id = p.market_id"
    )
    verdict.positions = len(rows)
    for pk, token, bought_text, shares_text, state in rows:
        bought, shares = Decimal(bought_text), Decimal(shares_text)
        booked = fills.get(pk, Decimal(0))
        gone = booked if sold is None else Decimal(sold.get(token, 0))
        if gone > bought or booked > gone:
            verdict.sold_twice.append(f"#{pk}: {gone} of {bought} sold, {booked} booked")
        elif booked != gone or booked != bought - shares:
            verdict.gaps.append(f"#{pk}: {gone} sold, {booked} booked, {shares} left of {bought}")
        if state == "open" and shares >= MINIMUM:
            verdict.unsold.append(f"#{pk}: {shares} shares left")


def _journal(installation: Installation, verdict: Verdict) -> None:
    """Each exit decided once, each order's fills told once, each end told once, in this order."""
    told: dict[tuple[str, int], list[int]] = {}
    amounts: dict[int, Decimal] = {}
    rows = installation.query(
        "SELECT id, kind, position_id, data FROM positions_journalentry ORDER BY id"
    )
    for pk, kind, position, raw in rows:
        data = json.loads(raw) if isinstance(raw, str) else raw
        about = position if kind.startswith("position_") else data.get("exit")
        if about is not None:
            told.setdefault((kind, about), []).append(pk)
        if kind == "fill":
            amounts[about] = amounts.get(about, Decimal(0)) + Decimal(data["shares"])
    for pk, state in installation.query("SELECT id, state FROM positions_position"):
        _once(told, "position_opened", pk, 1, verdict)
        _once(told, "position_closed", pk, int(state == "closed"), verdict)
    exits = installation.query("SELECT id, state, filled FROM positions_exit")
    orders = Counter(
        row[0] for row in installation.query("SELECT DISTINCT exit_id, attempt FROM positions_fill")
    )
    for pk, state, filled in exits:
        _once(told, "exit_decided", pk, 1, verdict)
        _once(told, "fill", pk, orders[pk], verdict)
        _once(told, "exit_done", pk, int(state in ENDED), verdict)
        if amounts.get(pk, Decimal(0)) != Decimal(filled):
            verdict.gaps.append(f"exit {pk}: {filled} filled, {amounts.get(pk)} told")
        steps = [told.get((kind, pk), []) for kind in ("exit_decided", "fill", "exit_done")]
        flat = [entry for step in steps for entry in step]
        if flat != sorted(flat):
            verdict.gaps.append(f"exit {pk}: told in the order {flat}")


def _once(
    told: Mapping[tuple[str, int], list[int]], kind: str, pk: int, times: int, verdict: Verdict
) -> None:
    found = len(told.get((kind, pk), []))
    if found != times:
        verdict.gaps.append(f"{kind} of {pk} told {found} times instead of {times}")


def _alerts(
    installation: Installation, messages: Iterable[Mapping[str, Any]], verdict: Verdict
) -> None:
    """Whatever was to be told stands in the channel, by itself or in a digest; what was kept back
    says why, and is nothing that came of an exit.
    """
    arrived = Counter(_footer(message) for message in messages)
    wanted = {
        row[0]
        for row in installation.query(
            "SELECT id FROM positions_journalentry"
            " WHERE kind IN ('exit_done', 'exit_failed', 'exit_partial', 'unpriced')"
        )
    }
    made: Counter[int] = Counter()
    for pk, entry, state, reason, digest, kind in installation.query(
        "SELECT n.id, n.entry_id, n.state, n.reason, n.digest_id, e.kind"
        " FROM monitoring_notification n JOIN positions_journalentry e ON e.id = n.entry_id"
    ):
        made[entry] += 1
        if state == "suppressed" and reason and kind not in {"exit_done", "exit_failed"}:
            continue
        message = f"notification {digest or pk}"
        if state not in {"sent", "collapsed"} or not arrived[message]:
            verdict.lost_alerts.append(f"{kind}: {message} is {state}, arrived {arrived[message]}×")
    verdict.gaps += [f"{n} alerts of entry {entry}" for entry, n in made.items() if n != 1]
    verdict.lost_alerts += [f"no alert of entry {entry}" for entry in sorted(wanted - made.keys())]
    verdict.repeated = sum(times - 1 for times in arrived.values())


def _footer(message: Mapping[str, Any]) -> str:
    return str(message["payload"]["embeds"][0]["footer"]["text"])
