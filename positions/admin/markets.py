"""Markets as their venues tell them, and the prices a user takes from any JSON address."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions.admin.base import AnyAdmin, ReadOnlyAdmin
from positions.domain.book import Book
from positions.domain.wording import price_text
from positions.forms.source import JsonSourceForm
from positions.models import JsonSource, Market, Position
from positions.venues.base import Instrument, VenueError
from positions.venues.registry import source_for

if TYPE_CHECKING:
    Sources = QuerySet[JsonSource]

TRY_SECONDS = 15.0


@admin.register(Market)
class MarketAdmin(ReadOnlyAdmin):
    """Added with their first position and kept fresh by the watch."""

    list_display = ("question", "outcome", "venue", "bid", "state", "ends_at", "tick", "min_size")
    list_filter = ("venue", "state", "currency")
    search_fields = ("question", "slug", "key", "token")
    list_select_related = ("quote",)
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("bid"), ordering="quote__bid_f")
    def bid(self, obj: Market) -> str:
        quote = getattr(obj, "quote", None)
        if quote is None or quote.bid is None:
            return "–"
        price = price_text(quote.bid, obj.payout, obj.currency)
        return f"{price} ({quote.problem})" if quote.problem else price


@admin.register(JsonSource)
class JsonSourceAdmin(AnyAdmin):
    """Prices of one's own. The currency of one that positions hold is fixed."""

    form = JsonSourceForm
    list_display = ("name", "title", "address", "currency", "held")
    search_fields = ("name", "title", "url")
    actions = ("try_now",)
    fieldsets = (
        (None, {"fields": ("name", "title", "url", ("currency", "payout", "tick"))}),
        (
            gettext_lazy("Where the numbers stand"),
            {
                "fields": (
                    "price_path",
                    ("bid_path", "ask_path"),
                    ("time_path", "time_unit"),
                    "scale",
                ),
                "description": gettext_lazy(
                    "Paths are dotted, numbers are places in a list: data.0.1 is the second value"
                    " of the first row of “data”."
                ),
            },
        ),
    )

    @admin.display(description=gettext_lazy("address"), ordering="url")
    def address(self, obj: JsonSource) -> str:
        """Without what stands behind the question mark: keys do."""
        return obj.url.partition("?")[0] + ("?…" if "?" in obj.url else "")

    @admin.display(description=gettext_lazy("used as"), ordering="name")
    def held(self, obj: JsonSource) -> str:
        return str(obj)

    def get_readonly_fields(
        self, request: HttpRequest, obj: JsonSource | None = None
    ) -> tuple[str, ...]:
        """A name is how positions find their price; what it pays is what they were bought in."""
        if obj is None:
            return ()
        return ("name", "currency", "payout") if _is_held(obj) else ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """One that guards a position stays; none at once from the list."""
        if not isinstance(obj, JsonSource) or _is_held(obj):
            return False
        return super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: JsonSource, form: object, change: bool) -> None:
        super().save_model(request, obj, form, change)
        markets = Market.objects.filter(venue=Market.Venue.JSON, key=obj.name)
        markets.update(tick=obj.tick, question=obj.title or obj.name)

    @admin.action(description=gettext_lazy("Try it now"), permissions=["change"])
    def try_now(self, request: HttpRequest, queryset: Sources) -> None:
        """Reads each price once and shows what came, or why nothing did."""
        for source in queryset:
            try:
                book = read_once(source)
            except VenueError as error:
                messages.error(request, f"{source}: {error}")
            else:
                messages.success(request, f"{source}: {told(source, book)}")


def _is_held(source: JsonSource) -> bool:
    rows = Position.objects.filter(market__venue=Market.Venue.JSON, market__key=source.name)
    return rows.exists()


def read_once(source: JsonSource) -> Book:
    """One reading by the very adapter of the watch. Raises VenueError."""
    instrument = Instrument(0, Market.Venue.JSON.value, source.name, "", "", source.payout)
    found = source_for(instrument.venue).read([instrument], deadline=time.monotonic() + TRY_SECONDS)
    if 0 in found.books:
        return found.books[0]
    raise VenueError(found.errors.get(0) or _("the source told no price"))


def told(source: JsonSource, book: Book) -> str:
    """A reading in words."""

    def shown(value: Decimal | None) -> str:
        return "–" if value is None else price_text(value, source.payout, source.currency)

    return _("bid %(bid)s, ask %(ask)s, told at %(at)s") % {
        "bid": shown(book.top),
        "ask": shown(book.ask),
        "at": f"{book.told_at:%Y-%m-%d %H:%M:%S} UTC",
    }
