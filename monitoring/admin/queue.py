"""django-q2's tables, for reading. What a schedule names is called as code: a page that writes one
would give the machine to whoever has an admin's browser, and one deleted by hand ends the watch.
"""

from __future__ import annotations

import django_q.admin  # noqa: F401  registers its own pages first
from django.contrib import admin
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success

from positions.admin.base import ReadOnlyAdmin

for model in (Schedule, Failure, Success, OrmQ):
    admin.site.unregister(model)


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "next_run")
    ordering = ("name",)


@admin.register(Failure)
class FailureAdmin(ReadOnlyAdmin):
    """Runs that raised; there is no button that runs one again, the next is due by itself."""

    list_display = ("func", "started", "stopped", "said")
    list_filter = ("func",)
    ordering = ("-stopped",)

    @admin.display(description=_("error"))
    def said(self, row: Failure) -> str:
        return Truncator(row.result).chars(100)
