"""django-q2's entries, thin: what they call is imported when they run, and never here at start-up."""

from __future__ import annotations

import logging

from django.utils import timezone

from monitoring.heartbeat import WORKER
from monitoring.heartbeat import beat as note
from monitoring.schedules import every, look_again

logger = logging.getLogger(__name__)


@every("beat")
def beat() -> None:
    """Shows that tasks are still being run (the supervisor watches for it), and takes up what a
    killed process left behind.
    """
    from monitoring.mending import mend

    note(WORKER, at=timezone.now())
    mend(now=timezone.now())


@every("monitor")
def monitor() -> None:
    """One pass over the book, then the outside heartbeat if it was complete."""
    from monitoring.engine import run_pass
    from monitoring.health import ping_heartbeat
    from monitoring.lease import LeaseHeldError

    try:
        result = run_pass()
    except LeaseHeldError as error:
        logger.info("no second pass: %s", error)
        return
    look_again("monitor", result.wake_at)
    ping_heartbeat(complete=result.complete)


@every("deliver")
def deliver() -> None:
    """Derive notifications from the journal and send what is due for the first time."""
    from monitoring.alerts.sending.delivery import Lane, deliver_due

    look_again("deliver", deliver_due(lane=Lane.FIRST).again_at)


@every("deliver_again")
def deliver_again() -> None:
    """Send what has failed before: beside `deliver`, for a service may hang at every try."""
    from monitoring.alerts.sending.delivery import Lane, deliver_due

    look_again("deliver_again", deliver_due(lane=Lane.AGAIN).again_at)


@every("watch")
def watch() -> None:
    """Look whether the watch itself is at work; what is told leaves by `deliver`."""
    from monitoring.watchman import look

    look(timezone.now())


@every("sync_wallets")
def sync_wallets() -> None:
    """Mirror every stored wallet's open positions."""
    from positions.wallets import sync_all

    sync_all()


@every("refresh_markets")
def refresh_markets() -> None:
    """Read anew what may change of a market that is held: its end, minimum order, tick and fee."""
    from positions.refreshing import refresh_open

    refresh_open(timezone.now())


@every("decide")
def decide() -> None:
    """Answer the questions of the rules that ask; the pass never waits for it."""
    from monitoring.advisor.deciding.run import AT_ONCE, decide_due

    for done in decide_due(at_once=AT_ONCE):
        told = {key: str(done[key]) for key in ("question", "verdict", "state")}
        logger.info("decided: %s", told)


@every("reflect")
def reflect() -> None:
    """What has time: reviews that are due, lost AI calls, a note on a hard stop."""
    from monitoring.advisor import gate
    from monitoring.advisor.deciding.notes import write_due
    from monitoring.advisor.deciding.reviews import raise_due

    gate.upkeep(timezone.now())
    raise_due(now=timezone.now())
    write_due()


@every("score")
def score() -> None:
    """Look back at the AI stage's decisions whose hour, day or week is over."""
    from monitoring.advisor.scoring.run import score_due

    look_again("score", score_due(timezone.now()).again_at)


@every("screen")
def screen() -> None:
    """Read the news of the open positions, then have a screener look at what is new."""
    from monitoring.advisor.news import read_news
    from monitoring.advisor.screening.run import screen_all

    try:
        read = read_news(now=timezone.now())
        logger.info("news: %s", read)
    finally:  # what was read before is screened whatever the feeds do
        done = screen_all(now=timezone.now())
    logger.info("screen: %s", done)


@every("prune")
def prune() -> None:
    """Thin price points and forget what is old (monitoring.retention)."""
    from monitoring.retention import prune as prune_rows

    gone = prune_rows()
    logger.info("pruned: %s", gone)
