"""The two pages for machines: monitors ask /healthz, restarters /livez."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring.health import read_health, unreadable


@login_not_required
@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 while the watch is on time, else 503; no login, no secrets."""
    try:
        state = read_health(now=timezone.now())
    except DatabaseError:
        state = unreadable()
    return JsonResponse(state.document(), status=200 if state.status == "ok" else 503)


@login_not_required
@never_cache
@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """200 while this process answers; asks neither database nor worker."""
    return JsonResponse({"status": "alive"})
