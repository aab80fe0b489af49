"""Small shapes that many templates draw: icons, times, badges."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the page's sprite, hidden from screen readers: the words beside it speak."""
    return format_html('<svg class="ic" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def age(at: str | None) -> SafeString | str:
    """`12 s ago`, ticking in the browser; the bare time without JavaScript."""
    return stamp(at, "ago") if at else "–"


@register.simple_tag
def stamp(at: str | datetime | None, form: str = "when") -> SafeString | str:
    """A <time> that the browser writes in its own zone; UTC without JavaScript.

    `form`: ago, age, time, date, when (`static/js/clock.js`).
    """
    moment = parse_datetime(at) if isinstance(at, str) else at
    if moment is None:
        return ""
    shown = {"time": "%H:%M UTC", "date": "%d %b %Y"}.get(form, "%d %b %H:%M UTC")
    return format_html(
        '<time datetime="{}" data-form="{}">{}</time>',
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        form,
        moment.strftime(shown),
    )


@register.filter
def shown_when(value: object) -> str:
    """`display="none"` for a shape that is not there: attributes pass the content policy."""
    return "" if value else "none"


@register.simple_tag
def aria_row(title: str, outcome: str) -> str:
    """Name of a row's menu."""
    return _("Actions for %(title)s · %(outcome)s") % {"title": title, "outcome": outcome}
