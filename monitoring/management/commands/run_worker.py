from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.deputy import Deputy, look_and_deliver
from monitoring.heartbeat import WORKER, last_beat
from monitoring.keeping.versions import NewerDatabaseError, refuse_newer
from monitoring.schedules import ensure_schedules, resume, unacknowledged
from monitoring.supervisor import Child, Pulse, Supervisor, die_with_parent
from monitoring.watchman import begin

if TYPE_CHECKING:
    from argparse import ArgumentParser

# Pulled and not reported: at most queue_limit and one task a worker, while results are saved.
UNACKNOWLEDGED_AT_MOST = 25


class Command(BaseCommand):
    help = _("Runs the worker: django-q2's cluster, restarted when it dies or stops working.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--grace",
            type=float,
            default=10.0,
            metavar="SECONDS",
            help=_("how long a running task may go on after SIGTERM (default 10)"),
        )
        parser.add_argument(
            "--wedged-after",
            type=float,
            # A beat is due every two seconds: this leaves room for a write lock on a busy disk.
            default=15.0,
            metavar="SECONDS",
            help=_("how long no task may end before the cluster is restarted (default 15)"),
        )
        parser.add_argument(
            "--cluster",
            action="store_true",
            help=_("run the bare cluster: what the supervisor starts, not for people"),
        )

        parser.add_argument(
            "--look",
            action="store_true",
            help=_("look once at the watch: what the supervisor starts, not for people"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cluster"]:
            run_cluster()
        elif options["look"]:
            look_and_deliver()
        else:
            self.supervise(options["grace"], options["wedged_after"])

    def supervise(self, grace: float, wedged_after: float) -> None:
        """The cluster, and somebody who looks at the watch while it shows no life."""
        cluster = supervised(grace, wedged_after)
        deputy = Deputy(cluster)
        supervisor = Supervisor(
            [cluster],
            say=lambda text: self.stderr.write(f"[worker] {text}"),
            each_tick=deputy.tick,
        )
        try:
            supervisor.run()
        finally:
            deputy.close()


def supervised(grace: float, wedged_after: float) -> Child:
    """The supervised cluster. It dies with its supervisor: crash-only, and no orphan keeps at it."""
    return Child(
        name="cluster",
        argv=[sys.executable, "manage.py", "run_worker", "--cluster"],
        cwd=str(settings.BASE_DIR),
        environ={"PM_WORKER": "1"},
        grace=grace,
        on_parent_death=signal.SIGKILL,
        prepare=make_ready,
        pulse=Pulse(read=read_pulse, limit=wedged_after),
    )


def run_cluster() -> None:
    """django-q2's own command. Its processes die with the one that forked them (Linux)."""
    os.register_at_fork(after_in_child=lambda: die_with_parent(signal.SIGKILL))
    share_memory()
    call_command("qcluster")


def share_memory() -> None:
    """Loads what every worker would load by itself, and keeps the garbage collector's hands off it:
    its marks are written into each object, and a page that is written to is no longer shared.
    """
    if settings.ANTHROPIC_API_KEY.strip():
        from monitoring.advisor.providers.anthropic import preload

        preload()
    gc.collect()
    gc.freeze()


def make_ready() -> None:
    """Schedules in place and due now. Raises OSError while the database cannot be reached, and
    when a later version has changed it.
    """
    now = timezone.now()
    try:
        refuse_newer()
        ensure_schedules(now=now)
        resume(now=now)
        begin(now)
    except DatabaseError as error:
        raise OSError(_("the database does not answer (%s)") % type(error).__name__) from error
    except NewerDatabaseError as error:
        raise OSError(str(error)) from error
    finally:
        connections.close_all()


def read_pulse() -> object:
    """What changes while tasks are run and their results saved. Raises OSError when unknown."""
    try:
        stuck = unacknowledged(now=timezone.now()) > UNACKNOWLEDGED_AT_MOST
        return None if stuck else last_beat(WORKER)
    except DatabaseError as error:
        raise OSError(type(error).__name__) from error
    finally:
        connections.close_all()
