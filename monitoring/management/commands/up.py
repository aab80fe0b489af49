from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.diagnosis.firstrun import open_steps
from monitoring.service.notify import Notifier
from monitoring.setup import FIRST_USER, first_login, install, load_demo_once
from monitoring.supervisor import Child, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

# Ctrl-C stops everything within five seconds: the worker's own cluster gets the shorter time, and
# the ends of three interpreters need the rest (two seconds on a machine that is busy otherwise).
CLUSTER_GRACE, GRACE = 2.0, 3.0


class Command(BaseCommand):
    help = _(
        "Runs the whole product in one terminal: the dashboard and the worker. Ctrl-C stops it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if port_taken(settings.HOST, settings.PORT):
            problem = _("%(host)s:%(port)s cannot be listened on (in use?); set PORT or HOST")
            raise CommandError(problem % {"host": settings.HOST, "port": settings.PORT})
        install(self.say)
        password = first_login()
        if password is not None:
            self.say(_("First login, shown this once: %s / %s") % (FIRST_USER, password))
        if load_demo_once():
            self.say(_("Loaded the demo; `manage.py demo --clear` removes it for good."))
        if password is not None:
            self.tell_open_steps()
        connections.close_all()
        systemd = Notifier()
        supervisor = Supervisor([web(), worker()], say=self.say)
        supervisor.each_tick = Greeting(supervisor.say, systemd).look
        supervisor.run()
        supervisor.say(_("Stopped."))

    def tell_open_steps(self) -> None:
        """What is left to do, once; /monitor/ keeps the list."""
        steps = open_steps(timezone.now())
        self.say(_("Before you rely on it (the list stays on %s/monitor/):") % settings.SITE_URL)
        for step in steps:
            self.say(f"  - {step.name}: {step.text}. {step.remedy}")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


class Greeting:
    """Tells the address once the dashboard answers, and systemd that this process lives."""

    def __init__(self, say: Callable[[str], None], systemd: Notifier) -> None:
        self.say, self.systemd = say, systemd
        self.done = False

    def look(self) -> None:
        """To be called with every look at the children."""
        self.systemd.alive()
        if self.done or not port_answers(settings.HOST, settings.PORT):
            return
        self.done = True
        self.systemd.ready()
        self.say(_("Position Manager: %s   (Ctrl-C stops everything)") % settings.SITE_URL)


def web() -> Child:
    """One uvicorn process for HTTP and WebSocket; deflate off, it costs more than it saves."""
    uvicorn = "-m uvicorn pmsite.asgi:application --lifespan on --no-access-log --no-server-header"
    tuned = (
        "--log-level warning --ws-per-message-deflate false --timeout-graceful-shutdown 1"
        " --no-proxy-headers --ws-max-size 4096"  # pmsite.proxies decides; pages say nothing there
    )
    address = ["--host", settings.HOST, "--port", str(settings.PORT)]
    return Child(
        name="web",
        argv=[sys.executable, *uvicorn.split(), *tuned.split(), *address],
        cwd=str(settings.BASE_DIR),
        grace=GRACE,
    )


def worker() -> Child:
    """The supervised worker; what it supervises has to stop before this does."""
    return Child(
        name="worker",
        argv=[sys.executable, "manage.py", "run_worker", "--grace", str(CLUSTER_GRACE)],
        cwd=str(settings.BASE_DIR),
        grace=GRACE,
    )


def port_taken(host: str, port: int) -> bool:
    """Whether nobody could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def port_answers(host: str, port: int) -> bool:
    """Whether somebody listens there; the wildcard addresses are asked over loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    try:
        socket.create_connection((host, port), timeout=0.2).close()
    except OSError:
        return False
    return True
