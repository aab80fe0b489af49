"""`/metrics` for Prometheus."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring import metrics as house
from monitoring.live.feed import feed
from positions.tokens import TooManyGuessesError, token_of

PLAIN = "text/plain; charset=utf-8"


@login_not_required  # a scraper has a token and no login; who has neither is refused here
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The house's figures for a signed-in person or `Authorization: Bearer <API token>`.

    401 for others, 429 after too many wrong tokens, 503 while the database does not answer.
    """
    now = timezone.now()
    try:
        asks = "Authorization" in request.headers
        known = token_of(request, now=now) if asks else request.user.is_authenticated
        if not known:
            return _refused()
        text = house.exposition(now, clients=len(feed.outlets))
    except TooManyGuessesError:
        return HttpResponse(_("Too many wrong tokens.\n"), status=429, content_type=PLAIN)
    except DatabaseError:
        return HttpResponse(_("The database does not answer.\n"), status=503, content_type=PLAIN)
    return HttpResponse(text, content_type=house.CONTENT_TYPE)


def _refused() -> HttpResponse:
    text = _(
        "Sign in, or send “Authorization: Bearer <token>” with an enabled API token (Admin → API"
        " tokens).\n"
    )
    return HttpResponse(
        text, status=401, content_type=PLAIN, headers={"WWW-Authenticate": "Bearer"}
    )
