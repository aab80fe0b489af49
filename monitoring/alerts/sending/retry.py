"""What an answer means for a message and its channel. Pure: chance is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from random import Random

from monitoring.alerts.transports.base import Answer

GIVE_UP = timedelta(hours=24)
FIRST, LONGEST = 2.0, 900.0  # seconds of back-off after the first failure, and at most
LONGEST_WISH = 24 * 3600.0  # a Retry-After beyond that is taken as this: the alert has expired then
MARGIN = 0.05  # seconds: what counts is when the request arrives, by the other's clock
DENIED = frozenset({401, 403, 404})
ANOTHER_TIME = frozenset({408, 425})


class Act(Enum):
    SENT = "sent"
    RETRY = "retry"
    DROP = "drop"  # this message will never be taken; the queue goes on
    DISABLE = "disable"  # nothing will ever be taken here until a person mends the channel


@dataclass(frozen=True, slots=True)
class Verdict:
    """`wait`: seconds until the message may be tried again. `pause`: seconds in which the channel
    sends nothing at all; `everywhere`: nor any other channel of its kind.
    """

    act: Act
    wait: float = 0.0
    pause: float = 0.0
    everywhere: bool = False


def back_off(attempts: int, rng: Random) -> float:
    """Seconds after so many failed attempts: 2, 4, 8 … 900, the upper half of each by chance."""
    full = min(LONGEST, FIRST * 2.0 ** min(attempts - 1, 20))
    return full * (0.5 + rng.random() / 2)


def judge(answer: Answer, attempts: int, rng: Random) -> Verdict:
    """What to do after attempt number `attempts` was answered like this."""
    status = answer.status
    if answer.refused or (status in DENIED and not answer.in_between):
        return Verdict(Act.DISABLE)
    if status is not None and 200 <= status < 300 and not answer.in_between:
        return Verdict(Act.SENT, pause=_spent(answer))
    if status == 429:
        wait = _asked(answer) or back_off(attempts, rng)
        return Verdict(Act.RETRY, wait, pause=wait, everywhere=answer.everywhere)
    if status is not None and 400 <= status < 500 and not _passing(answer):
        return Verdict(Act.DROP, pause=_spent(answer))
    # 3xx, 5xx, no answer at all, a proxy's page with a 200: another time may be better, whatever it was. The channel as a
    # whole pauses only when it is asked to: a new alert may cut the message's own back-off short.
    told = _asked(answer) if answer.retry_after is not None else _spent(answer)
    return Verdict(Act.RETRY, max(back_off(attempts, rng), told), pause=told)


def _passing(answer: Answer) -> bool:
    return answer.status in ANOTHER_TIME or answer.in_between


def _asked(answer: Answer) -> float:
    """Seconds the other side asks for, with the margin; 0 when it does not say."""
    wish = answer.retry_after if answer.retry_after is not None else answer.reset_after
    return min(wish, LONGEST_WISH) + MARGIN if wish is not None else 0.0


def _spent(answer: Answer) -> float:
    """Seconds until the bucket fills again, when this message took its last place."""
    if answer.remaining != 0 or answer.reset_after is None:
        return 0.0
    return min(answer.reset_after, LONGEST_WISH) + MARGIN
