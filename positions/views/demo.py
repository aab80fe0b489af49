"""The demo, removed with one click."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from positions import demo
from positions.views.respond import action, actor, done


@action
def clear(request: HttpRequest) -> HttpResponse:
    """Removes the demo rows for good; nothing of the user's own is touched."""
    demo.clear(timezone.now(), actor=actor(request))
    return done(request, _("The demo is gone. What is left is yours."), reverse("index"))
