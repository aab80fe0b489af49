"""What an installation needs once: tables, static files, schedules, a login, the sample book."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring import firstlogin
from monitoring.keeping.upgrade import UpgradeError, upgrade
from monitoring.keeping.versions import NewerDatabaseError
from monitoring.schedules import ensure_schedules
from positions.models import Switch
from positions.roles import ensure_roles

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_USER = "admin"
DEMO_LOADED = "demo_loaded"


def install(say: Callable[[str], None]) -> None:
    """Bring database and static files up to this version; idempotent, safe at every start.

    Raises CommandError when the database is a later version's, or could not be brought up.
    """
    from monitoring.advisor.breaker import forgive
    from monitoring.alerts.channels import ensure_env_channel

    say(_("Preparing the database …"))
    try:
        upgrade(say, now=timezone.now())
    except (NewerDatabaseError, UpgradeError) as error:
        raise CommandError(str(error)) from error
    say(_("Collecting static files …"))
    call_command("collectstatic", interactive=False, verbosity=0)
    ensure_roles()
    ensure_schedules(now=timezone.now())
    ensure_env_channel()
    forgive(timezone.now())


def first_login() -> str | None:
    """The password of the superuser just made, where there was no user at all; else None."""
    users = get_user_model().objects
    with transaction.atomic():
        if users.exists():
            return None
        password = secrets.token_urlsafe(12)
        firstlogin.remember(users.create_superuser(FIRST_USER, password=password))
    return password


def demo_wanted() -> bool:
    """Paper mode on the default SQLite file, and never loaded before (nor cleared since)."""
    if settings.EXECUTION_MODE != "paper" or not settings.ENV.default_database:
        return False
    return not Switch.objects.filter(name=DEMO_LOADED).exists()


def load_demo_once() -> bool:
    """Load the sample book the first time; whether it was."""
    if not demo_wanted():
        return False
    with transaction.atomic():  # a start that dies in between loads it at the next one, whole
        Switch.objects.create(name=DEMO_LOADED, on=True, by="up", at=timezone.now())
        call_command("demo", verbosity=0)
    return True
