"""Why an alert was told or kept back: names that the history stores, and their words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Reason(StrEnum):
    """The name is stored with the notification (40 characters at most) and must stay readable."""

    FIRST = "first"
    CHANGED = "changed"
    REPEAT = "repeat"
    STILL = "still"
    RESOLVED = "resolved"
    FLAPS = "flaps"
    CALM = "calm"
    DESPITE_SILENCE = "despite_silence"
    DESPITE_MUTE = "despite_mute"
    DESPITE_ACKNOWLEDGEMENT = "despite_acknowledgement"
    DUPLICATE = "duplicate"
    COOLDOWN = "cooldown"
    BRIEF = "brief"
    FLAPPING = "flapping"
    NEVER_TOLD = "never_told"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    MUTED = "muted"
    BLIND_SOURCE = "blind_source"
    RESTORED = "restored"

    @property
    def tells(self) -> bool:
        """Whether an alert with this reason goes out."""
        return self in TELLING


TELLING = frozenset(
    {
        Reason.FIRST,
        Reason.CHANGED,
        Reason.REPEAT,
        Reason.STILL,
        Reason.RESOLVED,
        Reason.FLAPS,
        Reason.CALM,
        Reason.DESPITE_SILENCE,
        Reason.DESPITE_MUTE,
        Reason.DESPITE_ACKNOWLEDGEMENT,
    }
)
WORDS: Mapping[str, Promise] = {
    Reason.FIRST: _("told at once"),
    Reason.CHANGED: _("something about it changed"),
    Reason.REPEAT: _("still so, and nobody has acknowledged it"),
    Reason.STILL: _("still so, and not told before"),
    Reason.RESOLVED: _("it is over"),
    Reason.FLAPS: _("it comes and goes"),
    Reason.CALM: _("it no longer comes and goes"),
    Reason.DESPITE_SILENCE: _("critical stop: told in spite of a silence"),
    Reason.DESPITE_MUTE: _("critical stop: told in spite of the mute"),
    Reason.DESPITE_ACKNOWLEDGEMENT: _("critical stop: told although acknowledged"),
    Reason.DUPLICATE: _("told already"),
    Reason.COOLDOWN: _("told a moment ago"),
    Reason.BRIEF: _("lasted a moment only"),
    Reason.FLAPPING: _("comes and goes, which was told"),
    Reason.NEVER_TOLD: _("its beginning was not told either"),
    Reason.ACKNOWLEDGED: _("somebody has acknowledged it"),
    Reason.SILENCED: _("silenced"),
    Reason.MUTED: _("the position is muted"),
    Reason.BLIND_SOURCE: _("its source gives no prices, which was told"),
    Reason.RESTORED: _("it was waiting in a backup that has been restored since"),
}


def words(reason: str) -> str:
    """The stored name in words; one that this version does not know as it is."""
    return str(WORDS.get(reason, reason))
