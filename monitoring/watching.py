"""Is the watch itself at work? Facts in, troubles with their cure out. `judge` is pure.

A trouble is what a person should know of the watch. `missed`, `wedged` and `worker_silent` mean
that stops are not being watched; `nothing_leaves` that what was decided does not get out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.facts import Blind, Facts, Off, read_blind, read_facts, read_stuck, venue_name
from monitoring.health import LATE_AFTER, status_of
from positions.domain.views import Urgency
from positions.presenting.text import span

__all__ = ["Facts", "Trouble", "banners", "judge", "read_facts", "starting", "troubles"]

ORDER = ("critical", "high", "medium", "low")
SILENT_AFTER = timedelta(seconds=45)  # the worker beats every two; its restart takes up to thirty
QUIET_AFTER = timedelta(seconds=9)  # where a pass is missed already, this is why
# A pass may wait 25 s for a venue and 5 s for a second reading before it commits again.
UNRENEWED_LEAST, UNRENEWED_MOST = 30.0, 90.0
# A pass that waits for a second reading takes 5 s and more, whatever the interval.
SLOW_LEAST = 10.0
QUEUE_MOST = 30  # tasks waiting; the worker's own jobs are eight
STEP_SHOWN = timedelta(hours=1)
# What a start is given until its first pass ends, in seconds.
START_LEAST, START_MOST = 20.0, 60.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """`since` is None where it has never been otherwise; `text` is a sentence with the cure."""

    name: str
    text: str
    since: datetime | None
    urgency: Urgency


def troubles(now: datetime) -> list[Trouble]:
    """The present troubles of this installation, worst first. Raises DatabaseError."""
    return judge(read_facts(now), now)


def judge(facts: Facts, now: datetime) -> list[Trouble]:
    """The troubles that these facts amount to, worst first. Pure."""
    found = [
        *missed(facts, now),
        *wedged(facts, now),
        *worker_silent(facts, now),
        *nothing_leaves(facts),
        *blind(facts, now),
        *slow(facts),
        *outbox_overdue(facts),
        *alerts_lost(facts),
        *queue(facts),
        *incomplete(facts),
        *clock(facts, now),
        *outside(facts, now),
    ]
    return sorted(found, key=lambda trouble: ORDER.index(trouble.urgency))


def starting(facts: Facts, now: datetime) -> bool:
    """Whether the house has just begun to run: its first pass is on its way, nobody need be told.

    Counted from the first start after the last complete pass, so that what starts again and again
    is told.
    """
    if facts.started is None:
        return False
    if facts.last_pass is not None and facts.started <= facts.last_pass <= now:
        return False  # it has come
    grace = min(max(LATE_AFTER * facts.interval, START_LEAST), START_MOST)
    return timedelta(0) <= now - facts.started < timedelta(seconds=grace)


def missed(facts: Facts, now: datetime) -> Iterator[Trouble]:
    """No complete pass for more than two intervals."""
    if status_of(now, facts.last_pass, facts.interval) == "ok" or _only_undelivered(facts, now):
        return
    if facts.last_pass is None:
        head = _("No check has been complete yet; one is expected every %(s)d s.")
        values: dict[str, object] = {"s": facts.interval}
    else:
        head = _("No check has been complete for %(age)s; one is expected every %(s)d s.")
        values = {"s": facts.interval, "age": _age(now, facts.last_pass)}
    text = f"{head % values} {_why(facts, now)}"
    yield Trouble("missed", text, facts.last_pass or facts.started, "critical")


def _only_undelivered(facts: Facts, now: datetime) -> bool:
    """Whether passes read and judge in time, and are incomplete because alerts wait. That is told as
    what it is: while Discord is away nobody is to believe that his stops are not watched.
    """
    last = facts.finished[0] if facts.finished else None
    if last is None or not facts.overdue or last.state != "incomplete" or not last.watched:
        return False
    return status_of(now, last.finished_at, facts.interval) == "ok"


def _why(facts: Facts, now: datetime) -> str:
    """What keeps passes from being complete, as far as it is known, and what to do."""
    if facts.worker is None or now - facts.worker > QUIET_AFTER:
        return _("The worker shows no life: start it with make up or manage.py run_worker.")
    if facts.running is not None and now - facts.running > timedelta(seconds=facts.interval):
        return _("The present check hangs: see the worker's log, or restart the worker.")
    if facts.finished and facts.finished[0].problem:
        return _("The last one: %(problem)s.") % {"problem": facts.finished[0].problem}
    return _("See the worker's log, or restart the worker.")


def wedged(facts: Facts, now: datetime) -> Iterator[Trouble]:
    """A pass runs, and has neither committed nor claimed anything for far too long."""
    if facts.running is None or facts.renewed is None:
        return
    limit = min(max(2.0 * facts.interval, UNRENEWED_LEAST), UNRENEWED_MOST)
    if now - facts.renewed <= timedelta(seconds=limit):
        return
    text = _(
        "The check that began %(age)s ago does not move: its process hangs. Another takes over"
        " when its lease ends; if none does, restart the worker."
    ) % {"age": _age(now, facts.running)}
    yield Trouble("wedged", text, facts.renewed, "critical")


def worker_silent(facts: Facts, now: datetime) -> Iterator[Trouble]:
    """No task has been run for a while, whatever the processes say."""
    start = _("Start it with make up or manage.py run_worker; if it runs, restart it.")
    if facts.worker is None:
        text = _("The worker has never run here: nothing watches the positions.")
        yield Trouble("worker_silent", f"{text} {start}", facts.started, "critical")
    elif now - facts.worker > SILENT_AFTER:
        text = _("The worker has shown no life for %(age)s: nothing watches the positions.")
        text %= {"age": _age(now, facts.worker)}
        yield Trouble("worker_silent", f"{text} {start}", facts.worker, "critical")


def nothing_leaves(facts: Facts) -> Iterator[Trouble]:
    """Rules have fired, and nobody even tries to sell."""
    yield from _leaves(facts.stuck, facts.stuck_since)


def _leaves(stuck: int, since: datetime | None) -> Iterator[Trouble]:
    if not stuck:
        return
    text = ngettext(
        "Nothing is leaving: %(n)d exit was decided and no order has been sent for it.",
        "Nothing is leaving: %(n)d exits were decided and no order has been sent for them.",
        stuck,
    ) % {"n": stuck}
    cure = _("Sell at the venue by hand if it cannot wait, and see the worker's log for the cause.")
    yield Trouble("nothing_leaves", f"{text} {cure}", since, "critical")


def slow(facts: Facts) -> Iterator[Trouble]:
    """A pass took longer than the interval, or two in a row longer than half of it. While a venue
    tells nothing each pass waits for it: that is told as what it is.
    """
    took = [one.seconds for one in facts.finished]
    if not took or facts.blind:
        return
    whole, half = max(SLOW_LEAST, facts.interval), max(SLOW_LEAST, facts.interval / 2)
    twice = len(took) > 1 and min(took[:2]) > half
    if took[0] <= whole and not twice:
        return
    text = _(
        "A check takes %(took)s, one is due every %(s)d s. See which venue answers late, or raise"
        " MONITOR_INTERVAL."
    ) % {"took": span(took[0]), "s": facts.interval}
    yield Trouble("slow", text, facts.finished[1 if twice else 0].started_at, "high")


def incomplete(facts: Facts) -> Iterator[Trouble]:
    """The latest pass was not complete, or failed."""
    last = facts.finished[0] if facts.finished else None
    if last is None or last.state == "complete":
        return
    text = _("The last check was not complete: %(why)s. The next one tries again.")
    why = last.problem or _("it failed, see the worker's log")
    yield Trouble("incomplete", text % {"why": why}, last.finished_at, "medium")


def outbox_overdue(facts: Facts) -> Iterator[Trouble]:
    """Alerts wait for more than a minute."""
    if not facts.overdue:
        return
    text = ngettext(
        "%(n)d alert has waited for more than a minute.",
        "%(n)d alerts have waited for more than a minute.",
        facts.overdue,
    ) % {"n": facts.overdue}
    cure = _("The channel's last answer stands on the alerts page.")
    yield Trouble("outbox_overdue", f"{text} {cure}", None, "high")


def blind(facts: Facts, now: datetime) -> Iterator[Trouble]:
    """A venue answers nothing."""
    for source in facts.blind:
        yield _blind(source, now)


def _blind(source: Blind, now: datetime) -> Trouble:
    text = _(
        "%(venue)s has told no price for %(age)s: its positions are not sold at a stop until it"
        " does (%(problem)s). See the venue's status page and this machine's network."
    ) % {
        "venue": venue_name(source.venue),
        "age": _age(now, source.since),
        "problem": source.problem or _("no answer"),
    }
    return Trouble("blind", text, source.since, "high")


def queue(facts: Facts) -> Iterator[Trouble]:
    """Tasks pile up before the worker."""
    if facts.queued <= QUEUE_MOST:
        return
    text = _("%(n)d tasks wait for the worker, which does not keep up. Restart it.")
    yield Trouble("queue", text % {"n": facts.queued}, None, "high")


def clock(facts: Facts, now: datetime) -> Iterator[Trouble]:
    """The clock was set within the last hour."""
    if facts.stepped is None or not timedelta(0) <= now - facts.stepped[0] < STEP_SHOWN:
        return
    text = _(
        "This machine's clock was set by %(span)s. Ages and times before that are wrong; have it"
        " kept by NTP."
    ) % {"span": span(abs(facts.stepped[1]))}
    yield Trouble("clock", text, facts.stepped[0], "medium")


def outside(facts: Facts, now: datetime) -> Iterator[Trouble]:
    """Passes are complete, and the outside dead-man's switch does not take their pings."""
    if not facts.pings or status_of(now, facts.last_pass, facts.interval) != "ok":
        return
    limit = timedelta(seconds=max(60, 3 * facts.interval))
    if facts.outside is not None and now - facts.outside <= limit:
        return
    if facts.outside is None and (facts.started is None or now - facts.started <= limit):
        return
    when = _("never") if facts.outside is None else _age(now, facts.outside)
    text = _("The outside heartbeat is not taken (last: %(when)s). Check HEARTBEAT_URL.")
    yield Trouble("outside", text % {"when": when}, facts.outside, "medium")


def alerts_lost(facts: Facts) -> Iterator[Trouble]:
    """Alerts were given up, or a channel is off after an error."""
    yield from _lost(facts.failed, facts.off)


def _lost(failed: int, off: tuple[Off, ...]) -> Iterator[Trouble]:
    for channel in off:
        text = _(
            "The channel %(name)s is off: %(why)s. Correct it and switch it on; what waits is sent"
            " then."
        ) % {"name": channel.name, "why": channel.reason.rstrip(".")}
        yield Trouble("channel_off", text, None, "high")
    if failed:
        text = ngettext(
            "%(n)d alert could not be delivered. Read it, then send it again.",
            "%(n)d alerts could not be delivered. Read them, then send them again.",
            failed,
        )
        yield Trouble("alerts_failed", text % {"n": failed}, None, "high")


def banners(now: datetime) -> dict[str, str]:
    """What every page says beside the pulse, "" where there is nothing to say: `blind`, `leaves`.
    Two small queries. Raises DatabaseError.
    """
    said = {
        "blind": [_blind(source, now) for source in read_blind()],
        "leaves": list(_leaves(*read_stuck(now))),
    }
    return {name: " ".join(row.text for row in rows) for name, rows in said.items()}


def _age(now: datetime, then: datetime) -> str:
    return span((now - then).total_seconds())
