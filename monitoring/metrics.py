"""What /metrics says, in Prometheus' text format: read from the database at each request.

Nothing is counted in this process: there may be several, and each may have begun a minute ago. So
what has no counter in the database is a gauge over a time that its name tells.
Format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Min, Q, Sum
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitoring import heartbeat
from monitoring.advisor.budget import MICRO, spend_today
from monitoring.facts import Facts
from monitoring.health import newest_price
from monitoring.keeping.backup import BACKUP
from monitoring.models import Channel, MonitorRun, Notification, Source, Trigger
from monitoring.schedules import unacknowledged
from monitoring.selectors import spending
from monitoring.watching import judge, read_facts
from pmsite.version import VERSION
from positions.models import LIVE_EXIT_STATES, Exit, JournalEntry, Position
from positions.services import exits_are_paused

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PASSES = 100  # the latest, by state
WINDOW = timedelta(hours=1)
BEATS = {
    heartbeat.WORKER: "worker",
    heartbeat.WATCHMAN: "watchman",
    heartbeat.OUTSIDE: "outside",
    BACKUP: "backup",
}


def exposition(now: datetime, *, clients: int) -> bytes:
    """The whole text. `clients`: open live pages of this process. Raises DatabaseError."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(House(now, clients))
    return generate_latest(registry)


class House(Collector):
    """Reads everything once, at `collect`: about two dozen small queries."""

    def __init__(self, now: datetime, clients: int) -> None:
        self.now, self.clients = now, clients

    def collect(self) -> Iterator[Metric]:
        facts = read_facts(self.now)
        yield one("pm_build_info", "Version of Position Manager.", 1, _build())
        yield from self._passes(facts)
        yield from self._prices()
        yield from self._exits(facts)
        yield from self._alerts(facts)
        yield from self._ai()
        yield from self._house(facts)

    def _passes(self, facts: Facts) -> Iterator[Metric]:
        yield one("pm_interval_seconds", "Seconds between two passes.", facts.interval)
        help_ = "Seconds since the last complete pass ended."
        yield one("pm_last_pass_age_seconds", help_, self._age(facts.last_pass))
        took = facts.finished[0].seconds if facts.finished else None
        yield one("pm_pass_duration_seconds", "How long the last pass took.", took)
        rows = MonitorRun.objects.order_by("-pk").values("state", "open", "unpriced")[:PASSES]
        passes = list(rows)
        states = Counter(row["state"] for row in passes)
        found = [((state,), states[state]) for state in MonitorRun.State.values]
        yield many("pm_passes", f"The latest {PASSES} passes by state.", ("state",), found)
        ended = [row for row in passes if row["state"] != MonitorRun.State.RUNNING]
        for name in ("open", "unpriced"):
            help_ = f"Positions {name} at the last pass."
            yield one(f"pm_positions_{name}", help_, ended[0][name] if ended else None)

    def _prices(self) -> Iterator[Metric]:
        help_ = "Seconds since any venue told a price, as of the last pass that read one."
        yield one("pm_price_age_seconds", help_, self._age(newest_price()))
        held = Position.objects.filter(state=Position.State.OPEN).order_by()
        oldest = held.values_list("market__venue").annotate(at=Min("market__quote__told_at"))
        ages = [((venue,), self._age(at)) for venue, at in oldest]
        help_ = "Age of the oldest price of an open position."
        yield many("pm_quote_age_max_seconds", help_, ("venue",), ages)
        sources = list(Source.objects.order_by("venue"))
        blind = [((row.venue,), int(row.blind_since is not None)) for row in sources]
        yield many("pm_source_blind", "1 while a venue answers nothing.", ("venue",), blind)
        answers = [((row.venue,), self._age(row.answered_at)) for row in sources]
        help_ = "Seconds since a venue last answered."
        yield many("pm_source_answer_age_seconds", help_, ("venue",), answers)

    def _exits(self, facts: Facts) -> Iterator[Metric]:
        shown = (*LIVE_EXIT_STATES, Exit.State.FAILED.value)
        rows = Exit.objects.filter(state__in=shown).order_by().values_list("state")
        states = dict(rows.annotate(n=Count("pk")))
        found = [((state,), states.get(state, 0)) for state in shown]
        yield many("pm_exits", "Exits that are not done, by state.", ("state",), found)
        help_ = "Exits decided that nobody has tried to send for two intervals."
        yield one("pm_exits_stuck", help_, facts.stuck)
        yield one("pm_exits_paused", "1 while exits are paused.", int(exits_are_paused()))
        fired = Trigger.objects.aggregate(n=Max("pk"))["n"] or 0
        yield CounterMetricFamily("pm_triggers", "Rules that fired, ever.", value=fired)

    def _alerts(self, facts: Facts) -> Iterator[Metric]:
        help_ = "Alerts that have waited for more than a minute."
        yield one("pm_alerts_overdue", help_, facts.overdue)
        channels = Channel.objects.order_by("name").values_list("name", "enabled")
        found = [((name,), int(enabled)) for name, enabled in channels]
        yield many("pm_channel_enabled", "1 while a channel is on.", ("channel",), found)
        state = Notification.State
        since = self.now - WINDOW
        rows = Notification.objects.filter(
            Q(state__in=(state.PENDING, state.FAILED)) | Q(created_at__gte=since)
        )
        counts = rows.order_by().values_list("channel__name", "state").annotate(n=Count("pk"))
        help_ = "Alerts that wait or have failed; delivered and suppressed ones of the last hour."
        numbers = [((name, kind), n) for name, kind, n in counts]
        yield many("pm_notifications", help_, ("channel", "state"), numbers)
        yield from self._deliveries(since)

    def _deliveries(self, since: datetime) -> Iterator[Metric]:
        """Their mean is sum / count: both are of the same hour, so neither needs rate()."""
        sent = Notification.objects.filter(state="sent", created_at__gte=since)
        found = sent.aggregate(n=Count("pk"), took=Sum(F("sent_at") - F("created_at")))
        help_ = "Alerts made and delivered within the last hour."
        yield one("pm_delivery_last_hour_count", help_, found["n"])
        took = found["took"].total_seconds() if found["took"] else 0.0
        help_ = "Seconds from their making to their delivery, added up."
        yield one("pm_delivery_last_hour_seconds_sum", help_, took)

    def _ai(self) -> Iterator[Metric]:
        spend = spend_today(self.now)
        help_ = "Dollars a UTC day that the AI stage may cost."
        yield one("pm_ai_cap_dollars", help_, spend.cap / MICRO)
        kinds = (("spent", spend.spent), ("reserved", spend.reserved))
        help_ = "Dollars of this UTC day: spent for good, and reserved by calls that are out."
        yield many("pm_ai_today_dollars", help_, ("kind",), [((k,), n / MICRO) for k, n in kinds])
        help_ = "Calls of this UTC day: answered, out, expired, or how they failed."
        calls = spending.outcomes(self.now)
        calls_today = [(key, calls[key]) for key in sorted(calls)]
        yield many("pm_ai_calls_today", help_, ("purpose", "outcome"), calls_today)
        help_ = "Calls of this UTC day for which the cap left no room; none of them went out."
        yield one("pm_ai_refusals_today", help_, spend.refusals)
        states = [((row.name, row.state), 1) for row in spending.standings(self.now)]
        help_ = (
            "1 for what is known of each provider: new, ok, failing, resting, no_credit, bad_key."
        )
        yield many("pm_ai_provider", help_, ("provider", "state"), states)

    def _house(self, facts: Facts) -> Iterator[Metric]:
        running = unacknowledged(now=self.now)
        found = [(("waiting",), facts.queued), (("running",), running)]
        yield many("pm_queue_tasks", "The worker's tasks.", ("state",), found)
        beats = heartbeat.beats()
        ages = [((BEATS[name],), self._age(at)) for name, at in beats.items() if name in BEATS]
        help_ = "Seconds since a part last showed life: worker, watchman, outside ping, backup."
        yield many("pm_beat_age_seconds", help_, ("part",), ages)
        newest = JournalEntry.objects.aggregate(n=Max("pk"))["n"] or 0
        yield one("pm_journal_entry_id", "Id of the newest journal entry.", newest)
        help_ = "Open live pages of the web process that answers."
        yield one("pm_feed_clients", help_, self.clients)
        troubles = {(row.name, row.urgency) for row in judge(facts, self.now)}
        help_ = "1 for each present trouble of the watch; none: no line."
        yield many(
            "pm_trouble", help_, ("trouble", "urgency"), [(key, 1) for key in sorted(troubles)]
        )

    def _age(self, then: datetime | None) -> float | None:
        """A clock that was set back gives 0."""
        return None if then is None else max(0.0, (self.now - then).total_seconds())


def one(
    name: str, help_: str, value: float | None, labels: Mapping[str, str] | None = None
) -> Metric:
    """A gauge with one line; without a value it has none: absent() finds it, no 0 lies."""
    family = GaugeMetricFamily(name, help_, labels=tuple(labels or ()))
    if value is not None:
        family.add_metric(list((labels or {}).values()), value)
    return family


def many(
    name: str,
    help_: str,
    labels: tuple[str, ...],
    values: Iterable[tuple[tuple[str, ...], float | None]],
) -> Metric:
    """A gauge with a line for each combination of labels that has a value."""
    family = GaugeMetricFamily(name, help_, labels=labels)
    for key, value in values:
        if value is not None:
            family.add_metric(list(key), value)
    return family


def _build() -> dict[str, str]:
    return {"version": VERSION, "python": platform.python_version()}
