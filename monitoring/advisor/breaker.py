"""Keeps calls away from a provider that does not answer, and remembers why.

Five failures in a row, or one that more calls cannot change (a refused key, an empty account), and
it is left alone for a while; then one call at a time goes through and its answer decides. All
processes share the row, so a half-open provider meets one probe, not one from each.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from monitoring.advisor.port import Failure, Reply
from monitoring.advisor.telling import tell_back, tell_down
from monitoring.models import AIProvider

IN_A_ROW = 5
REST = timedelta(minutes=5)
LONGEST = timedelta(minutes=15)  # nobody's Retry-After keeps the AI away for longer
# The provider's own fault or the network's; whatever else it says, it is there.
COUNTED = frozenset(
    {
        Failure.RATE_LIMITED,
        Failure.OVERLOADED,
        Failure.TIMEOUT,
        Failure.CONNECTION,
        Failure.SERVER_ERROR,
    }
)
# Nothing that goes by within seconds: a person has to pay, or to mend the key.
AT_ONCE = {Failure.SPEND_LIMIT: LONGEST, Failure.AUTH: REST, Failure.NO_KEY: REST}


def admit(name: str, *, now: datetime, seconds: float) -> bool:
    """Whether a call may go out now. After the rest one caller gets it and the others do not, for
    `seconds` at most: a probe whose process died must not keep the provider away for good.
    """
    row = AIProvider.objects.filter(name=name).first()
    if row is None or row.open_until is None:
        return True
    # No rest is longer: a time further ahead was set by a clock that has been put back since.
    if now < row.open_until <= now + LONGEST:
        return False
    probe = AIProvider.objects.filter(name=name, open_until=row.open_until)
    return bool(probe.update(open_until=now + timedelta(seconds=min(seconds, 600))))


def release(name: str, *, now: datetime) -> None:
    """Gives back an admission that was not used, so that the next caller may probe at once."""
    AIProvider.objects.filter(name=name, open_until__gt=now).update(open_until=now)


def forgive(now: datetime) -> None:
    """Lets every provider that is left alone be probed at once: whoever has paid, or set another key,
    starts the product anew, and would else wait for up to a quarter of an hour without being told why.
    """
    AIProvider.objects.filter(open_until__gt=now).update(open_until=now)


def note(name: str, reply: Reply, *, now: datetime) -> None:
    """Remembers what came of a call, and tells in the journal what began or ended with it: the last
    write of the caller's transaction.
    """
    AIProvider.objects.bulk_create([AIProvider(name=name)], ignore_conflicts=True)
    row = AIProvider.objects.select_for_update().get(name=name)
    if reply.failure in COUNTED or reply.failure in AT_ONCE:
        _failed(row, reply, now)
    else:
        _answered(row, reply, now)


def _answered(row: AIProvider, reply: Reply, now: datetime) -> None:
    was_told = row.told
    row.failures, row.open_until, row.out_of_credit_since = 0, None, None
    row.answered_at, row.told = now, False
    row.failure = row.problem = ""
    if reply.failure is Failure.BAD_REQUEST:  # it is there, but "answers" would be a lie
        row.failure, row.problem = Failure.BAD_REQUEST, reply.detail
    row.save()
    if was_told:
        tell_back(row.name, since=row.failed_at, now=now)


def _failed(row: AIProvider, reply: Reply, now: datetime) -> None:
    failure = Failure(str(reply.failure))
    row.failures, row.failed_at = row.failures + 1, now
    row.failure, row.problem = failure, reply.detail
    if failure == Failure.SPEND_LIMIT:
        row.out_of_credit_since = row.out_of_credit_since or now
    rest = _rest(row, failure, reply.retry_after)
    row.open_until = now + rest if rest else None
    tells = not row.told and (failure in AT_ONCE or row.failures >= IN_A_ROW)
    row.told = row.told or tells
    row.save()
    if tells:
        tell_down(row.name, failure, until=row.open_until, now=now)


def _rest(row: AIProvider, failure: Failure, retry_after: float | None) -> timedelta:
    """How long nobody asks again; zero below five failures in a row, unless it named a time."""
    asked = timedelta(seconds=min(max(retry_after or 0.0, 0.0), LONGEST.total_seconds()))
    if failure in AT_ONCE:
        return max(asked, AT_ONCE[failure])
    return max(asked, REST) if row.failures >= IN_A_ROW else asked
