"""Checks that need no network: database, worker, channels, links, disk, login."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from monitoring.alerts.transports import refusal
from monitoring.diagnosis.base import Check, fail, ok, warn
from monitoring.health import alerts_overdue, last_complete_pass, status_of
from monitoring.heartbeat import WORKER, beat, last_beat
from monitoring.models import Channel, Notification

WORKER_SILENT = timedelta(seconds=30)  # it shows life every two seconds
# Measured: anything else loses writes under four writers, or committed exits to a power cut.
PRAGMAS = {"journal_mode": "wal", "synchronous": 2}
DISK_FAIL, DISK_WARN = 100 * 2**20, 2**30  # bytes


def database(now: datetime) -> Iterator[Check]:
    """Whether it can be written, is of this version, and has the settings that were measured."""
    name = _("database")
    try:
        with transaction.atomic():
            beat("doctor", at=now)
            transaction.set_rollback(True)
        plan = _migrations_to_run()
    except DatabaseError as error:
        yield fail(
            name,
            _("cannot be written (%(error)s)") % {"error": type(error).__name__},
            _("Run make up (or manage.py migrate) and check DATABASE_URL and the disk."),
        )
        return
    if plan:
        text = _("%(count)d migrations are not applied") % {"count": plan}
        yield fail(name, text, _("Run manage.py migrate."))
    else:
        yield ok(name, _("%(kind)s, writable, up to date") % {"kind": connection.vendor})
    if connection.vendor == "sqlite":
        yield _sqlite_settings()


def _migrations_to_run() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _sqlite_settings() -> Check:
    name = _("SQLite settings")
    with connection.cursor() as cursor:
        found = {key: cursor.execute(f"PRAGMA {key}").fetchone()[0] for key in PRAGMAS}
    found["transaction_mode"] = connection.settings_dict["OPTIONS"].get("transaction_mode")
    wanted = PRAGMAS | {"transaction_mode": "IMMEDIATE"}
    wrong = [f"{key}={found[key]}" for key in wanted if found[key] != wanted[key]]
    if not wrong:
        return ok(name, ", ".join(f"{key}={value}" for key, value in found.items()))
    return fail(
        name,
        _("not as they must be: %(wrong)s") % {"wrong": ", ".join(wrong)},
        _("Keep the database on a local disk: network drives cannot do WAL."),
    )


def worker(now: datetime) -> Iterator[Check]:
    """Whether tasks are run, and whether passes complete."""
    name, seen = _("worker"), last_beat(WORKER)
    start = _("Start it: make up, or manage.py run_worker.")
    if seen is None:
        yield fail(name, _("has never run here: nothing watches the positions"), start)
    elif now - seen > WORKER_SILENT:
        age = {"age": _span(now - seen)}
        yield fail(name, _("silent for %(age)s: nothing watches the positions") % age, start)
    else:
        yield ok(name, _("alive %(age)s ago") % {"age": _span(now - seen)})
    yield _passes(now)


def _passes(now: datetime) -> Check:
    name, last = _("monitor"), last_complete_pass()
    interval = settings.MONITOR_INTERVAL
    look = _("Look at Monitor runs in admin, and at the worker's log, for what is missing.")
    if last is None:
        return warn(name, _("no complete pass yet"), look)
    text = _("last complete pass %(age)s ago, one every %(interval)d s") % {
        "age": _span(now - last),
        "interval": interval,
    }
    status = status_of(now, last, interval)
    if status == "ok":
        return ok(name, text)
    return warn(name, text, look) if status == "late" else fail(name, text, look)


def channels(now: datetime) -> Iterator[Check]:
    """Whether somebody would be told."""
    rows = list(Channel.objects.order_by("name"))
    if not rows:
        yield warn(
            _("channels"),
            _("none: nobody is told of a stop"),
            _(
                "Set DISCORD_WEBHOOK_URL, or add a channel in admin; then manage.py send_test_alert."
            ),
        )
    yield from (_channel(row) for row in rows)
    overdue = alerts_overdue(now=now)
    if overdue:
        yield fail(
            _("alerts"),
            _("%(count)d have waited for more than a minute") % {"count": overdue},
            _(
                "Is the worker running? Its log and Notifications in admin say what Discord answered."
            ),
        )


def _channel(row: Channel) -> Check:
    name = _("channel %(name)s") % {"name": row.name}
    if row.disabled_reason:
        text = _("off after an error: %(why)s") % {"why": row.disabled_reason}
        return fail(name, text, _("Put in a working address in admin and switch it on."))
    if not row.enabled:
        return warn(name, _("switched off"), _("Switch it on in admin if it should tell you."))
    problem = refusal(row.kind, row.url)
    if problem:
        return fail(name, problem, _("Correct the address in admin or DISCORD_WEBHOOK_URL."))
    last = row.notifications.exclude(state=Notification.State.SUPPRESSED).order_by("-pk").first()
    if last is None:
        return warn(name, _("never used"), _("Run manage.py send_test_alert."))
    if last.state == Notification.State.SENT:
        return ok(name, _("last alert delivered at %(at)s") % {"at": f"{last.sent_at:%F %T} UTC"})
    text = _("last alert is not delivered: %(error)s") % {"error": last.error or last.state}
    return warn(name, text, _("Run manage.py send_test_alert to see what is wrong."))


def superuser() -> Iterator[Check]:
    """Whether anybody can log in and change something."""
    if get_user_model().objects.filter(is_superuser=True, is_active=True).exists():
        yield ok(_("login"), _("there is a superuser"))
        return
    yield fail(_("login"), _("there is no superuser"), _("Run manage.py createsuperuser."))


def links() -> Iterator[Check]:
    """Whether a link in an alert opens on the phone that shows it."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    if host in {"localhost", "::1", "0.0.0.0"} or host.startswith("127."):  # noqa: S104  compared
        yield warn(
            _("links"),
            _("alerts link to %(url)s, which opens on this machine only")
            % {"url": settings.SITE_URL},
            _("Set SITE_URL to the address at which your phone reaches the dashboard."),
        )
        return
    yield ok(_("links"), settings.SITE_URL)


def disk() -> Iterator[Check]:
    """Whether the journal can go on growing."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    text = _("%(gb).1f GB free under %(path)s") % {"gb": free / 1e9, "path": settings.DATA_DIR}
    remedy = _("Make room: a full disk stops the journal, and with it every exit.")
    if free < DISK_FAIL:
        yield fail(_("disk"), text, remedy)
    elif free < DISK_WARN:
        yield warn(_("disk"), text, remedy)
    else:
        yield ok(_("disk"), text)


def _span(age: timedelta) -> str:
    return _("%(seconds).0f s") % {"seconds": max(0.0, age.total_seconds())}
