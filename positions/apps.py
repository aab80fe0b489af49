from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PositionsConfig(AppConfig):
    name = "positions"
    label = "positions"
    verbose_name = _("Positions")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from positions.views.sudo import watch_logins  # models are there only now

        watch_logins()
