#!/usr/bin/env python
from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Run one of Django's or our own management commands."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    if sys.argv[1:] in (["--version"], ["version"]):  # Django's own would name Django alone
        sys.stdout.write(own_version())
        return
    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError) as error:
        # No tables yet, or no server: a newcomer needs the remedy, not the way through Django.
        if "--traceback" in sys.argv:
            raise
        said = database_trouble(error)
        if "--json" in sys.argv:
            sys.stdout.write(json.dumps({"error": said}) + "\n")
        sys.exit(said)


def own_version() -> str:
    """One line: the product's version, and Django's."""
    from django import get_version

    from pmsite.version import VERSION

    return f"Position Manager {VERSION} (Django {get_version()})\n"


def database_trouble(error: Exception) -> str:
    """One line: what the database said, and what to do about it."""
    from django.utils.translation import gettext as _

    said = str(error).strip().partition("\n")[0] or type(error).__name__
    text = _(
        "The database cannot be used: %(said)s. Run `make up` or `manage.py setup` first and check"
        " DATABASE_URL; --traceback shows where."
    )
    return text % {"said": said}


if __name__ == "__main__":
    main()
