"""When the AI may sell by itself, by the clock on the owner's wall. Pure."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from monitoring.alerts.sending.quiet import Hours
from positions.models import AdvicePolicy
from positions.zones import zone_of

Mode = AdvicePolicy.Mode


def by_itself(policy: AdvicePolicy, now: datetime) -> bool:
    """Whether the position's mode lets it sell without a person at `now`.

    Hours that begin and end at the same time are none. Days on which clocks change: see `quiet`.
    """
    if policy.mode == Mode.AUTO:
        return True
    if policy.mode != Mode.AUTO_HOURS or policy.auto_from is None or policy.auto_to is None:
        return False
    hours = Hours(zone_of(policy.time_zone), policy.auto_from, policy.auto_to)
    return hours.until(now) is not None


def outside(policy: AdvicePolicy) -> list[str]:
    """Why a person is asked although it sells by itself at other times, as limits are told."""
    if policy.mode != Mode.AUTO_HOURS or policy.auto_from is None or policy.auto_to is None:
        return []
    return [
        _("It sells by itself from %(begin)s to %(end)s (%(zone)s) only.")
        % {
            "begin": policy.auto_from.strftime("%H:%M"),
            "end": policy.auto_to.strftime("%H:%M"),
            "zone": policy.time_zone,
        }
    ]
