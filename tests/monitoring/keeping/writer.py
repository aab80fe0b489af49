"""`python -m tests.monitoring.keeping.writer`: sells as fast as it can, each exit in one
transaction with its fill and its journal entry, and prints the entry's id once it is committed.
"""

from __future__ import annotations

import os
from decimal import Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from positions import journal  # noqa: E402
from positions.models import Exit, Fill, Position  # noqa: E402

ONE = Decimal(1)


def main() -> None:
    position = Position.objects.order_by("pk")[0]
    while True:
        now = timezone.now()
        with transaction.atomic():
            exit_ = Exit.objects.create(
                position=position,
                rule="manual",
                shares=ONE,
                filled=ONE,
                state="filled",
                created_at=now,
            )
            Fill.objects.create(exit=exit_, attempt=1, number=1, price=ONE, shares=ONE, at=now)
            entry = journal.entry("exit_done", "sold", at=now, data={"exit": exit_.pk})
            journal.append(entry)
        print(entry.pk, flush=True)


if __name__ == "__main__":
    main()
