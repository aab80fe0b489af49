"""Whether the database fits this code: older is brought up, newer is refused."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from pmsite.version import VERSION


class NewerDatabaseError(Exception):
    """A later version has changed this database; one line that names the cure."""


def refuse_newer() -> None:
    """Raises NewerDatabaseError when migrations are applied that this code does not know."""
    loader = MigrationLoader(connection)
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():  # a squashed one stands for those
        known |= set(migration.replaces)
    unknown = sorted(key for key in loader.applied_migrations if key not in known)
    if unknown:
        names = ", ".join(f"{app}.{name}" for app, name in unknown[:3])
        text = _(
            "The database was changed by a later version (%(names)s); this is %(version)s, and"
            " nothing was changed now. Start the later version again, or `restore` a backup from"
            " before it."
        )
        raise NewerDatabaseError(text % {"names": names, "version": VERSION})


def pending() -> list[str]:
    """The migrations still to be applied, in order: `monitoring.0003_name`."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _back in plan]


def is_new() -> bool:
    """Whether nothing was ever applied: there is nothing to lose."""
    return not MigrationLoader(connection).applied_migrations
