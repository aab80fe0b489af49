from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    name = "monitoring"
    label = "monitoring"
    verbose_name = _("Monitoring")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Every process of ours says that it uses the database, so that `restore` can wait for none."""
        from monitoring.keeping.presence import announce
        from positions.signals import demo_removed

        announce()
        demo_removed.connect(_forget_demo)


def _forget_demo(**_: Any) -> None:
    """What hangs on no position of the demo goes with it: recorded headlines and calls."""
    from monitoring.advisor.demo_news import forget

    forget()
