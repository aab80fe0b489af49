"""kill -9 at every call of a delivery, one run for each; then it is run again, and all is counted."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, cycle, islice

from tests.fakes.discord import DiscordServer
from tests.faults.ground import Ground
from tests.faults.wire import REPEATS
from tests.installation import children
from tests.servers import wait_until

HELD_BACK = 0.2  # seconds in which the answer is held back and the sender killed
ARRIVING = "request arrived, message not yet in the channel"
UNANSWERED = "sent, answer held back"
RUNS_AT_MOST = 5


@dataclass
class Told:
    """One line of the table: what came of the alerts whose sender was killed at this stage."""

    stage: str = ""
    kills: int = 0
    alerts: int = 0
    lost: int = 0
    doubled_rows: int = 0
    twice: int = 0
    early: int = 0
    runs: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Told) -> None:
        """Another kill's counts."""
        for name in ("kills", "alerts", "lost", "doubled_rows", "twice", "early"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.runs = max(self.runs, other.runs)
        self.wrong += other.wrong


Trouble = Callable[[DiscordServer], None]
TROUBLES: dict[str, Trouble] = {
    "204": lambda discord: None,
    "429, told to wait 0.2 s": lambda discord: discord.plan({"kind": "429", "retry_after": 0.2}),
    "answer cut off": lambda discord: discord.plan("reset"),
}


def killed_at_every_call(
    ground: Ground, trouble: Trouble, *, alerts: int = 1, times: int = 1
) -> dict[str, Told]:
    """A delivery of so many alerts, killed at its first call, then its second … to its end; then
    again at the calls of each stage that was not killed `times` times.
    """
    rows: dict[str, Told] = {}
    calls: dict[str, list[int]] = {}
    for call in count(1):
        stage, told = _killed_at(ground, trouble, alerts, call)
        if told is None:
            break
        calls.setdefault(stage, []).append(call)
        rows.setdefault(stage, Told()).add(told)
    for stage, row in list(rows.items()):
        # A job that is due now and then shifts the calls: it may be killed at a neighbour's stage.
        for call in islice(cycle(calls[stage]), 3 * times):
            if row.kills >= times:
                break
            reached, told = _killed_at(ground, trouble, alerts, call)
            if told is not None:
                rows.setdefault(reached, Told()).add(told)
    return rows


def _killed_at(ground: Ground, trouble: Trouble, alerts: int, call: int) -> tuple[str, Told | None]:
    """The stage it had reached and what came of it; None when it had ended before that call."""
    ground.discord.reset()
    trouble(ground.discord)
    entries = ground.hand.ask("tell", count=alerts)
    ended = ground.hand.ask("deliver", kill_at=call)
    stage = ended["stages"][-1]
    if ended["signal"] == signal.SIGKILL:
        return stage, _counted(ground, entries, stage, _told(ground, entries))
    assert ended["code"] == 0, ground.hand.log.read_text()[-3000:]
    whole = _counted(ground, entries, stage, 0)
    assert whole.wrong == [], whole.wrong
    return stage, None


def killed_while_held(ground: Ground, *, after: bool) -> Told:
    """Discord holds its answer back, and while it does the sender is killed. `after`: the message
    stands in the channel by then.
    """
    discord = ground.discord
    discord.reset()
    discord.calls.clear()
    discord.knob("hang", method="POST", times=1, seconds=HELD_BACK, after=after)
    entries = ground.hand.ask("tell")
    sniper = threading.Thread(target=_kill_fork_when, args=(ground, _held(discord)))
    sniper.start()
    ended = ground.hand.ask("deliver")
    sniper.join()
    assert ended["signal"] == signal.SIGKILL, ended
    runs = _told(ground, entries)
    wait_until(lambda: all(call.status for call in discord.calls), seconds=9, what="the answer")
    return _counted(ground, entries, UNANSWERED if after else ARRIVING, runs)


def _held(discord: DiscordServer) -> Callable[[], bool]:
    return lambda: any(call.fault == "hang" for call in discord.calls)


def _kill_fork_when(ground: Ground, reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not reached() and time.monotonic() < end:
        time.sleep(0.002)
    for pid in children(ground.hand.process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _told(ground: Ground, entries: Iterable[int]) -> int:
    """Runs until these are told; how many it took."""
    wanted = tuple(entries)
    for number in range(1, RUNS_AT_MOST + 1):
        ended = ground.hand.ask("deliver")
        assert ended["code"] == 0, ground.hand.log.read_text()[-3000:]
        if not _untold(ground, wanted):
            return number
    return RUNS_AT_MOST


def _untold(ground: Ground, entries: tuple[int, ...]) -> list[int]:
    rows = _rows(ground, entries)
    return [entry for entry in entries if rows.get(entry, [])[-1:] != ["sent"]]


def _rows(ground: Ground, entries: Iterable[int]) -> dict[int, list[str]]:
    """{entry: the states of its notifications}."""
    listed = ", ".join(map(str, entries))
    rows: dict[int, list[str]] = {}
    for entry, state in ground.installation.query(
        f"SELECT entry_id, state FROM monitoring_notification WHERE entry_id IN ({listed})"
    ):
        rows.setdefault(entry, []).append(state)
    return rows


def _counted(ground: Ground, entries: list[int], stage: str, runs: int) -> Told:
    """What stands in the channel and in the rows, of alerts whose sender was killed at `stage`."""
    arrived = Counter(
        message["embeds"][0]["footer"]["text"] for message in ground.discord.payloads()
    )
    rows = _rows(ground, entries)
    told = Told(stage, kills=1, alerts=len(entries), runs=runs, early=len(ground.discord.early))
    told.lost = max(0, len(entries) - len(arrived)) + len(_untold(ground, tuple(entries)))
    told.doubled_rows = sum(len(states) - 1 for states in rows.values())
    told.twice = sum(times - 1 for times in arrived.values())
    may_repeat = int(stage in REPEATS | {ARRIVING, UNANSWERED})
    if told.lost or told.doubled_rows:
        told.wrong.append(f"{stage}: {told.lost} lost, {told.doubled_rows} rows twice")
    if told.twice > may_repeat:
        told.wrong.append(f"{stage}: {told.twice} alerts came twice")
    if told.early and stage not in REPEATS:
        told.wrong.append(f"{stage}: sent {max(ground.discord.early):.2f} s too early")
    return told
