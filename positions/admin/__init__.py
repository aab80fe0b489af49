"""Django's admin for the book. Everything that writes goes through `positions.services`."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from positions.admin import access, markets, people, position, records, strategy

__all__ = ["access", "markets", "people", "position", "records", "strategy"]

admin.site.site_header = _("Position Manager")
admin.site.site_title = _("Position Manager")
admin.site.index_title = _("Everything that can be set up")
# A row of the book needs the width; breadcrumbs and the dashboard's link find everything.
admin.site.enable_nav_sidebar = False
