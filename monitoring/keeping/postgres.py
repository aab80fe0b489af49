"""PostgreSQL's own tools do the copying; here is what to call, and what comes after a return."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from django.core.management import call_command
from django.db import connection
from django.utils.translation import gettext as _

from monitoring.keeping.aftermath import settle
from monitoring.keeping.restore import Restored, RestoreError
from monitoring.keeping.versions import NewerDatabaseError, refuse_newer
from pmsite.version import VERSION
from positions.presenting.badges import iso


def dump_command(target: Path) -> str:
    """The shell line that makes a copy; it asks for the password, or takes it from ~/.pgpass."""
    dump = ["pg_dump", "--format=custom", f"--file={target}", f"--dbname={_address()}"]
    return shlex.join(dump)


def restore_command(file: Path) -> str:
    """The shell lines that put a copy back, and what must follow."""
    command = ["pg_restore", "--clean", "--if-exists", "--single-transaction", "--no-owner"]
    command += [f"--dbname={_address()}", str(file)]
    after = f"python manage.py restore --after-pg-restore {shlex.quote(str(file))}"
    return f"  {shlex.join(command)}\n  {after}"


def _address() -> str:
    """The database as a URL without its password."""
    config = connection.settings_dict
    user = quote(config["USER"], safe="")
    port = f":{config['PORT']}" if config["PORT"] else ""
    at = f"{user}@" if user else ""
    return (
        f"postgresql://{at}{quote(config['HOST'], safe='')}{port}/{quote(config['NAME'], safe='')}"
    )


def adopt(file: Path, *, now: datetime) -> Restored:
    """Prepares a database that pg_restore has put back. `file`: the dump; its time is its age.

    Raises RestoreError when others are connected, or the database is of a later version.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        others = cursor.fetchone()[0]
    if others:
        text = _("%(n)d other connections use this database: stop web and worker first.")
        raise RestoreError(text % {"n": others})
    try:
        made_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        refuse_newer()
    except OSError as error:
        raise RestoreError(f"{file}: {error.strerror}") from error
    except NewerDatabaseError as error:
        raise RestoreError(str(error)) from error
    call_command("migrate", interactive=False, verbosity=0)
    settled = settle(made_at=made_at, past={}, now=now)
    return Restored(
        str(file), iso(made_at), VERSION, settled.positions, settled.expired, "", other_key=False
    )
