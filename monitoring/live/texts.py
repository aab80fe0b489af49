"""What the page's modules say, translated here: JavaScript only fills the gaps `{0}`."""

from __future__ import annotations

from django.utils.translation import gettext as _


def texts() -> dict[str, str]:
    """Texts by the names that `static/js` uses."""
    return {
        "s": _("{0} s"),
        "min": _("{0} min"),
        "h": _("{0} h"),
        "d": _("{0} d"),
        "ago": _("{0} ago"),
        "old": _("{0} old"),
        "in": _("in {0}"),
        "due": _("due"),
        "zone": _("Times in {0}"),
        "beat_none": _("No check yet"),
        "beat_ok": _("Checked {0} ago"),
        "beat_late": _("Late: {0} since check"),
        "beat_down": _("Silent {0}"),
        "silent": _("The monitor has not checked for {0}."),
        "silent_none": _("The monitor has not checked yet."),
        "silent_late": _("Expected every {0} s. Prices on this page may be old."),
        "silent_down": _(
            "Stops are not being watched. Expected every {0} s: is the worker running?"
        ),
        "became_ok": _("The monitor is checking again"),
        "became_late": _("The monitor is late"),
        "became_down": _("The monitor is silent: stops are not being watched"),
        "began_blind": _("A venue tells no prices: its stops are not sold"),
        "ended_blind": _("Prices are told again"),
        "began_leaves": _("Exits do not leave"),
        "ended_leaves": _("Exits leave again"),
        "link_ok": _("last word {0} ago"),
        "link_lost": _("Live link lost"),
        "link_back": _("Live link is back"),
        "link_stale": _("This page shows what was known at {0}. The monitor itself may be fine."),
        "undo": _("Undo"),
        "dismiss": _("Dismiss"),
        "sell": _("Sell"),
        "asking": _("Asking the venue"),
        "no_answer": _(
            "The server did not answer, so it is not known whether that was done. Look again before"
            " you repeat it."
        ),
        "refused": _("The server refused with code {0}; nothing is known to have changed."),
        "shown": _("{0} of {1} shown"),
        "moved": _("{0} changed their group"),
        "trouble": _("Stop hit"),
    }
