"""The same thing done many times at once: decisions by passes that are killed, alerts by two workers."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from tests.faults.ground import Ground
from tests.servers import wait_until

AT_ONCE = 4
CALLS = 16  # a pass that sells makes about as many


@dataclass(frozen=True)
class Decisions:
    """Counts; `sent_again`: orders that went out although the venue had executed them."""

    decisions: int
    passes: int
    killed: int
    sent_again: int
    orders_a_key: int  # at most
    wrong: list[str]


def decided_at_once(ground: Ground, *, decisions: int, rng: random.Random) -> Decisions:
    """Each decision is taken up by four passes at once, most of them killed at a random call, with
    a venue that loses answers and orders; then by more of them until it is sold.
    """
    ground.exchange.lose_answers(None, chance=0.3)
    ground.exchange.lose_requests(None, chance=0.1)
    ends: Counter[int] = Counter()
    for _ in range(decisions):
        ground.hold()
        for _ in range(50):
            kills = [
                rng.choice((None, *(rng.randint(1, CALLS) for _ in range(3))))
                for _ in range(AT_ONCE)
            ]
            ends.update(ground.hand.ask("passes", kills=kills))
            if not ground.open_positions():
                break
    orders = ground.exchange.executed()
    keys = Counter(order["key"] for order in orders)
    return Decisions(
        decisions,
        ends.total(),
        ends[9],
        sum(order["attempts"] - 1 for order in orders),
        max(keys.values()),
        ground.verdict(alerts=False).wrong,
    )


@dataclass(frozen=True)
class Twins:
    """Of alerts that two workers told: entries, rows, posts and messages, and who came twice."""

    entries: int
    rows: int
    posts: int
    delivered: int
    twice: int


def told_by_two(ground: Ground, *, alerts: int) -> Twins:
    """Two workers, and a dispatcher's cursor that is set back to the beginning on the way."""
    workers = [ground.installation.start("run_worker") for _ in range(2)]
    sql = "SELECT count(*) FROM monitoring_heartbeat WHERE name = 'worker'"
    wait_until(lambda: ground.installation.query(sql)[0][0], seconds=60, what="the first beat")
    for _ in range(10):
        ground.hand.ask("tell", count=alerts // 10)
        ground.installation.query("UPDATE monitoring_cursor SET entry_id = 0")
    wait_until(lambda: not ground.untold(), seconds=60 + alerts, what="an empty queue")
    for worker in workers:
        worker.terminate()
        worker.wait(30)
    told = "kind = 'exit_done'"
    entries = ground.installation.query(f"SELECT count(*) FROM positions_journalentry WHERE {told}")
    rows = ground.installation.query(
        "SELECT count(*) FROM monitoring_notification n"
        f" JOIN positions_journalentry e ON e.id = n.entry_id WHERE {told}"
    )
    texts = [payload["embeds"][0]["footer"]["text"] for payload in ground.discord.payloads()]
    return Twins(
        entries[0][0],
        rows[0][0],
        len(ground.discord.requests("/webhooks/")),
        len(set(texts)),
        len(texts) - len(set(texts)),
    )
