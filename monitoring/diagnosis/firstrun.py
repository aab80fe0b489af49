"""What a new installation still needs from a person, so that it can be relied on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from monitoring.diagnosis import inside
from monitoring.diagnosis.base import Check, ok, warn
from monitoring.firstlogin import still_printed
from monitoring.heartbeat import OUTSIDE, last_beat
from monitoring.keeping.backup import BACKUP
from monitoring.models import Channel, Notification
from monitoring.service.places import installed, lingers, owner_of
from positions.models import Position
from positions.presenting.text import span

PINGED_WITHIN = 600.0  # seconds
BACKUP_EVERY = timedelta(days=7)
CONTAINER = (Path("/.dockerenv"), Path("/run/.containerenv"))


def first_steps(now: datetime) -> list[Check]:
    """Every step, done (ok) or open (warn), in the order in which they are best done.

    Raises DatabaseError.
    """
    return [
        *password(),
        *told(),
        *outside_heartbeat(now),
        *inside.links(),
        *service(),
        *backup(now),
        *own_position(),
    ]


def open_steps(now: datetime) -> list[Check]:
    """Those that are not done."""
    return [check for check in first_steps(now) if check.status != "ok"]


def password() -> Iterator[Check]:
    """Whether the printed password still opens the door: it stands in a terminal or a journal."""
    name = _("password")
    user = still_printed()
    if user:
        yield warn(
            name,
            _("“%(user)s” still has the one that was printed at the first start") % {"user": user},
            _(
                "Change it by “Password” at the foot of each page, or: manage.py changepassword %(user)s"
            )
            % {"user": user},
        )
        return
    yield ok(name, _("the first one is not in use"))


def told() -> Iterator[Check]:
    """Whether an alert has ever reached somebody."""
    name = _("alerts")
    if not Channel.objects.filter(enabled=True).exists():
        yield warn(
            name,
            _("no channel: nobody is told of a stop"),
            _(
                "Add a channel in Admin (a Discord webhook, say), then send it a test on the alerts page."
            ),
        )
    elif not Notification.objects.filter(state=Notification.State.SENT).exists():
        yield warn(
            name,
            _("none has been delivered yet"),
            _("Press “Test” at the channel on the alerts page, or: manage.py send_test_alert"),
        )
    else:
        yield ok(name, _("at least one has been delivered"))


def outside_heartbeat(now: datetime) -> Iterator[Check]:
    """Whether somebody outside would notice that this machine is gone."""
    name = _("outside heartbeat")
    if not settings.HEARTBEAT_URL:
        yield warn(
            name,
            _("none set: when this machine is off, nobody tells you"),
            _(
                "Make a check at a dead-man's switch outside (healthchecks.io or your own), with a"
                " period above the interval, and set HEARTBEAT_URL to its address."
            ),
        )
        return
    at = last_beat(OUTSIDE)
    age = None if at is None else (now - at).total_seconds()
    if age is not None and age <= max(PINGED_WITHIN, 5 * settings.MONITOR_INTERVAL):
        yield ok(name, _("last reached %(age)s ago") % {"age": span(age)})
        return
    yield warn(
        name,
        _("set, but never reached")
        if age is None
        else _("last reached %(age)s ago") % {"age": span(age)},
        _(
            "It is called after a complete check. See the worker's log and HEARTBEAT_URL; a private"
            " address has to stand in WEBHOOK_ALLOWED_HOSTS."
        ),
    )


def service(containers: Sequence[Path] = CONTAINER) -> Iterator[Check]:
    """Whether the product is back after a power cut, without anybody.

    `containers`: files that are there in a container only.
    """
    name = _("service")
    if any(mark.exists() for mark in containers):
        yield ok(name, _("in a container: its restart policy counts (restart: always)"))
        return
    found = installed()
    if found is None:
        yield warn(
            name,
            _("none: after a crash or a power cut nothing starts it again"),
            _("Run manage.py install_service, or have your own supervisor start it at boot."),
        )
        return
    user = owner_of(settings.DATA_DIR)
    if not found.system and not lingers(user):
        yield warn(
            name,
            _("starts only when %(user)s logs in") % {"user": user},
            _("Run loginctl enable-linger once, so that it starts at boot."),
        )
        return
    yield ok(name, _("started at boot by systemd"))


def backup(now: datetime) -> Iterator[Check]:
    """Whether there is a recent copy."""
    name, at = _("backup"), last_beat(BACKUP)
    if connection.vendor != "sqlite":
        yield ok(name, _("PostgreSQL: pg_dump's, which is not seen from here"))
    elif at is None or now - at > BACKUP_EVERY:
        text = _("none yet") if at is None else _("the last is %(age)s old")
        values = {} if at is None else {"age": span((now - at).total_seconds())}
        yield warn(
            name,
            text % values,
            _("Run manage.py backup FILE once a week, and keep the file on another machine."),
        )
    else:
        yield ok(name, _("made %(age)s ago") % {"age": span((now - at).total_seconds())})


def own_position() -> Iterator[Check]:
    """Whether there is anything to watch besides the demo."""
    name = _("positions")
    if Position.objects.filter(is_demo=False).exists():
        yield ok(name, _("there are some of your own"))
        return
    yield warn(
        name,
        _("none of your own yet"),
        _("Add one in Admin, import a file, or sync a wallet."),
    )
