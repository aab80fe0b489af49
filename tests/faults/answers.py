"""What Discord may answer, each through the product's own worker: told in order, or visibly failed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.ground import Ground
from tests.servers import wait_until

Step = str | dict[str, Any]
ALERTS = 3
SCRIPTS: Mapping[str, tuple[Step, ...]] = {
    "204": ("204",),
    "429, Retry-After in header and body": ({"kind": "429", "retry_after": 1.3},),
    "429, only in the header": ({"kind": "429", "retry_after": 1.3, "where": "header"},),
    "429, only in the body": ({"kind": "429", "retry_after": 1.3, "where": "json"},),
    "429 that names no time": ({"kind": "429", "where": "none"},),
    "429, global": ({"kind": "429", "retry_after": 1.3, "global": True},),
    "429 as a page of HTML": ({"kind": "429", "retry_after": 1.3, "html": True},),
    "500 three times": ("500", "500", "500"),
    "503 once": ("503",),
    "hangs for longer than we wait": ({"kind": "hang", "seconds": 12},),
    "resets half-way through the answer": ("reset",),
    "resets before anything is done": ("drop",),
    "HTML with status 200": ("html",),
    "wrong JSON with status 200": ("wrong_json",),
    "half of the JSON": ("truncated",),
    "400: this message is refused": ("400",),
}


@dataclass(frozen=True)
class Outcome:
    """Counts of messages; `seconds` from writing the alerts until none of them waits."""

    posts: int
    arrived: int
    failed: int
    twice: int
    early: int
    in_order: bool
    seconds: float

    @property
    def wrong(self) -> list[str]:
        """What must not be; a message that was delivered while its answer was lost may come twice."""
        lost = self.arrived + self.failed != ALERTS
        found = {
            f"{self.arrived} arrived, {self.failed} failed": lost,
            "not in order": not self.in_order,
            f"{self.early} too early": self.early > 0,
            f"{self.twice} came twice": self.twice > 1,
        }
        return [text for text, is_so in found.items() if is_so]


def answered(ground: Ground, steps: tuple[Step, ...], *, alerts: int = ALERTS) -> Outcome:
    """Alerts that a running worker tells while Discord answers these; then it takes everything."""
    discord = ground.discord
    discord.reset()
    discord.plan(*steps)
    began = time.monotonic()
    entries = ground.hand.ask("tell", count=alerts)
    wait_until(lambda: not ground.untold(), seconds=60, what="an end of every alert")
    seconds = time.monotonic() - began
    # A message that hung is delivered although nobody waits for it any more.
    hung = [call for call in discord.calls if call.fault == "hang"]
    wait_until(lambda: all(call.status for call in hung), seconds=30, what="the late delivery")
    numbers = [_number(payload) for payload in discord.payloads()]
    rows = ground.installation.query(
        "SELECT id, state FROM monitoring_notification WHERE entry_id BETWEEN ? AND ?",
        entries[0],
        entries[-1],
    )
    once = list(dict.fromkeys(numbers))
    return Outcome(
        posts=len(discord.messages),
        arrived=len({pk for pk, state in rows if state == "sent"} & set(numbers)),
        failed=sum(state == "failed" for _, state in rows),
        twice=len(numbers) - len(once),
        early=len(discord.early),
        in_order=once == sorted(once),
        seconds=seconds,
    )


@dataclass(frozen=True)
class Removed:
    """A webhook that is gone: what happened at once, and once it was mended."""

    disabled: str
    told_elsewhere: list[str]
    waiting: int
    posts: int
    in_order: bool
    left: int


def removed(ground: Ground) -> Removed:
    """404 for the first channel; a second one is told so; then the first one works again."""
    discord = ground.discord
    discord.reset()
    discord.calls.clear()
    ground.hand.ask("second_channel", url=discord.webhook_url("2"))
    discord.remove("1")
    ground.hand.ask("tell", count=ALERTS)
    wait_until(lambda: _elsewhere(ground), seconds=30, what="word of it on the other channel")
    wait_until(lambda: len(_on(ground, "2")) > ALERTS, seconds=30, what="the other's own alerts")
    reason = "SELECT disabled_reason FROM monitoring_channel WHERE name = 'discord'"
    disabled = str(ground.installation.query(reason)[0][0])
    elsewhere, waiting = _elsewhere(ground), ground.untold()
    posts = len(discord.requests("/webhooks/1/"))
    discord.reset()
    ground.hand.ask("switch_on")
    wait_until(lambda: not ground.untold(), seconds=30, what="what had waited")
    numbers = [_number(payload) for payload in _on(ground, "1")]
    return Removed(
        disabled,
        elsewhere,
        waiting,
        posts,
        numbers == sorted(numbers),
        ground.untold(),
    )


def _on(ground: Ground, webhook: str) -> list[dict[str, Any]]:
    return [
        m.payload for m in list(ground.discord.messages) if m.delivered and m.webhook == webhook
    ]


def _elsewhere(ground: Ground) -> list[str]:
    return [payload["content"] for payload in _on(ground, "2") if "404" in payload["content"]]


def _number(payload: Mapping[str, Any]) -> int:
    return int(payload["embeds"][0]["footer"]["text"].rpartition(" ")[2])
