"""kill -9 at every call of a run of `decide`; then it is run again, and the books are looked at."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from tests.fakes.anthropic import AnthropicServer
from tests.faults.ground import Ground
from tests.faults.steps import recover
from tests.servers import wait_until

SOFT = {"stop_loss_price": None, "soft_stop_pct": "8"}
# Its claim has ended, and so has the time that the AI had.
LATER = 300.0
FALLEN = "0.39"  # below the hard stop
HANGS_FOR = 120.0  # seconds: longer than anybody waits
BUDGET = "1000"  # dollars: each killed call costs what was reserved for it


@dataclass
class Judged:
    """One line of the table: what came of the questions whose judge was killed at this stage."""

    kills: int = 0
    sold_by_itself: int = 0
    left_to_a_person: int = 0
    asked_again: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Trial:
    """Of all kills: `rows` by stage, and how often the provider was asked in all."""

    rows: dict[str, Judged]
    asked: int = 0


def killed_at_every_call(ground: Ground) -> Trial:
    """A question that sells, its judge killed at the first call, then the second … to its end."""
    trial = Trial({})
    for call in count(1):
        if not _killed_at(ground, trial, call):
            return trial
    return trial


def killed_at_each_stage(ground: Ground) -> Trial:
    """The same, once in the middle of each stage."""
    _question(ground)
    whole = ground.hand.ask("decide")
    assert (whole["signal"], whole["code"]) == (0, 0), ground.hand.log.read_text()[-3000:]
    recover(ground)
    trial = Trial({}, whole["asked"])
    for stage in dict.fromkeys(whole["stages"]):
        assert _killed_at(ground, trial, _middle(whole["stages"], stage))
    return trial


def decided_by_many(ground: Ground, *, questions: int, judges: int = 4) -> int:
    """Each question is taken up by several judges at once; how often the provider was asked."""
    asked = 0
    for _ in range(questions):
        _question(ground)
        asked += ground.hand.ask("decide_at_once", times=judges)
        recover(ground)
    return asked


def _middle(stages: Sequence[str], stage: str) -> int:
    places = [number for number, name in enumerate(stages, 1) if name == stage]
    return places[len(places) // 2]


def _question(ground: Ground) -> None:
    """A position whose soft stop has asked just now; the AI may sell it by itself."""
    position = ground.hold(**SOFT)
    ground.hand.ask("by_itself", position=position)
    ended = ground.hand.ask("pass")
    assert ended["outcome"] == "well", ended


def _killed_at(ground: Ground, trial: Trial, call: int) -> bool:
    """False when the run had ended before that call."""
    _question(ground)
    ended = ground.hand.ask("decide", kill_at=call)
    killed: bool = ended["signal"] == signal.SIGKILL
    assert killed or ended["code"] == 0, ground.hand.log.read_text()[-3000:]
    again = [ground.hand.ask("decide", later=seconds) for seconds in (0, LATER)]
    by_hand = ground.hand.ask("answer")
    recover(ground)
    asked = sum(run["asked"] for run in again)
    trial.asked += ended["asked"] + asked
    if killed:
        row = trial.rows.setdefault(ended["stages"][-1], Judged())
        row.kills += 1
        row.left_to_a_person += by_hand
        row.sold_by_itself += 1 - by_hand
        row.asked_again += asked
        if ground.open_positions():
            row.wrong.append(f"{ended['stages'][-1]}: not sold in the end")
    return killed


@dataclass(frozen=True)
class Hung:
    """Seconds from the fall below the stop until it was sold; how many calls hung meanwhile, and
    what became of the question.
    """

    seconds: float
    hanging: int
    question: str


def sold_while_ai_hangs(ground: Ground, ai: AnthropicServer) -> Hung:
    """The product's worker with a provider that answers nothing: a screen and a question hang, then
    the price falls through the hard stop.
    """
    ai.knob("hang", method="POST", seconds=HANGS_FOR)
    position = ground.hold(stop_loss_price="0.40", soft_stop_pct="8")
    ground.hand.ask("mention", position=position, title="Market 1? is denied by everybody")
    ground.installation.start("run_worker")
    wait_until(lambda: len(_hanging(ai)) >= 2, seconds=60, what="a screen and a question that hang")
    [(token,)] = ground.installation.query("SELECT token FROM positions_market")
    ground.polymarket.set_book(token, [(FALLEN, "100000")], [("0.40", "100000")])
    began = time.monotonic()
    wait_until(lambda: not ground.open_positions(), seconds=60, what="the stop")
    seconds, hanging = time.monotonic() - began, len(_hanging(ai))
    [(state,)] = ground.installation.query("SELECT state FROM monitoring_question")
    return Hung(seconds, hanging, state)


def _hanging(ai: AnthropicServer) -> list[object]:
    return [call for call in ai.requests("/v1/messages") if not call.status]
