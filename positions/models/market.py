"""What has a price: the market, its latest quote, its past prices, and self-made price sources."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from positions.fields import ExactDecimalField, RowOfField, above, at_least, at_most


class Market(models.Model):
    """One outcome of one question at one venue: the thing that has a price."""

    class Venue(models.TextChoices):
        POLYMARKET = "polymarket", _("Polymarket")
        SIMULATED = "sim", _("Simulated")
        JSON = "url", _("JSON price")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        PAUSED = "paused", _("Not accepting orders")
        CLOSED = "closed", _("Closed, awaiting resolution")
        RESOLVED = "resolved", _("Resolved")

    venue = models.CharField(_("venue"), max_length=20, choices=Venue.choices)
    key = models.CharField(
        _("venue's id"),
        max_length=200,
        help_text=_("Condition id on Polymarket, else the name of the market or price."),
    )
    outcome = models.CharField(_("outcome"), max_length=100, blank=True, help_text=_("Yes, No, …"))
    token = models.CharField(
        _("token id"),
        max_length=80,
        blank=True,
        help_text=_("The outcome's token id, up to 78 digits; kept as text."),
    )
    outcome_index = models.PositiveSmallIntegerField(_("outcome index"), null=True, blank=True)
    question = models.CharField(_("question"), max_length=500)
    slug = models.CharField(_("slug"), max_length=300, blank=True)
    url = models.URLField(_("link"), max_length=500, blank=True)
    currency = models.CharField(_("currency"), max_length=10, default="USDC")
    payout = ExactDecimalField(
        _("payout"),
        null=True,
        blank=True,
        help_text=_(
            "What one winning share pays, in the currency; empty for an instrument such as an index."
        ),
    )
    tick = ExactDecimalField(
        _("tick"), null=True, blank=True, help_text=_("Smallest price step, in the currency.")
    )
    min_size = ExactDecimalField(
        _("minimum order"), null=True, blank=True, help_text=_("In shares.")
    )
    fee_rate = ExactDecimalField(
        _("fee rate"),
        default=0,
        help_text=_("Taker fee = shares × rate × (p(1 − p))^exponent, p as a part of the payout."),
    )
    fee_exponent = models.PositiveSmallIntegerField(_("fee exponent"), default=1)
    ends_at = models.DateTimeField(_("end"), null=True, blank=True, help_text=_("UTC."))
    game_at = models.DateTimeField(_("game start"), null=True, blank=True, help_text=_("UTC."))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    settle_price = ExactDecimalField(
        _("settlement price"), null=True, blank=True, help_text=_("Per share, once resolved.")
    )
    criteria = models.TextField(
        _("how it resolves"), blank=True, default="", help_text=_("In the venue's own words.")
    )
    status_at = models.DateTimeField(_("state last checked"), null=True, blank=True)
    data = models.JSONField(_("venue's own data"), default=dict, blank=True)

    class Meta:
        verbose_name = _("market")
        verbose_name_plural = _("markets")
        constraints = (
            models.UniqueConstraint(fields=["venue", "key", "outcome"], name="market_unique"),
            models.CheckConstraint(
                condition=Q(payout__isnull=True) | Q(above("payout", 0.0)), name="market_payout"
            ),
            models.CheckConstraint(
                condition=Q(settle_price__isnull=True) | Q(at_least("settle_price", 0.0)),
                name="market_settle_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(settle_price__isnull=True)
                | Q(payout__isnull=True)
                | Q(at_most("settle_price", "payout")),
                name="market_settle_within_payout",
            ),
            models.CheckConstraint(
                condition=Q(min_size__isnull=True) | Q(at_least("min_size", 0.0)),
                name="market_min_size",
            ),
        )

    def __str__(self) -> str:
        return f"{self.question} · {self.outcome}" if self.outcome else self.question


class Quote(models.Model):
    """The latest price of a market; one narrow row, written only by a pass.

    `bid` is the last usable bid for the market's minimum order and stays when a reading is unusable
    (`problem` says why). `told_at`: when the source last told us anything; `bid_at`: when it last
    told a usable bid; `bid_since`: since when every usable reading had this bid.
    """

    market = RowOfField(Market, models.CASCADE, primary_key=True, verbose_name=_("market"))
    bid = ExactDecimalField(_("usable bid"), null=True)
    bid_f = models.FloatField(_("usable bid, for coarse filters only"), null=True)
    ask = ExactDecimalField(_("best ask"), null=True)
    top = ExactDecimalField(_("best bid of any size"), null=True)
    payout = ExactDecimalField(_("payout, for the range check"), null=True)
    kind = models.CharField(_("kind"), max_length=4, default="book")
    problem = models.CharField(_("problem"), max_length=200, blank=True, default="")
    told_at = models.DateTimeField(_("told at"), null=True)
    bid_at = models.DateTimeField(_("bid at"), null=True)
    bid_since = models.DateTimeField(_("bid since"), null=True)

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        constraints = (
            models.CheckConstraint(
                condition=Q(bid__isnull=True) | Q(above("bid", 0.0)), name="quote_bid_positive"
            ),
            models.CheckConstraint(
                condition=Q(bid__isnull=True)
                | Q(payout__isnull=True)
                | Q(at_most("bid", "payout")),
                name="quote_bid_within_payout",
            ),
        )

    def __str__(self) -> str:
        return f"{self.bid} / {self.ask}"


class PricePoint(models.Model):
    """One run of equal usable bids of a market: every reading from `since` to `until` had it.

    The run that still goes on is in Quote (`bid`, `bid_since`, `bid_at`).
    """

    # The index below begins with the market: one of its own would double each pass's writes.
    market = models.ForeignKey(Market, models.CASCADE, db_index=False, verbose_name=_("market"))
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"))
    bid = ExactDecimalField(_("usable bid"))

    class Meta:
        verbose_name = _("price point")
        verbose_name_plural = _("price points")
        indexes = (models.Index(fields=["market", "until"], name="point_market_until"),)
        constraints = (
            models.CheckConstraint(condition=Q(above("bid", 0.0)), name="point_bid_positive"),
            models.CheckConstraint(
                condition=Q(until__gte=models.F("since")), name="point_until_after_since"
            ),
        )

    def __str__(self) -> str:
        return f"{self.bid} @ {self.since:%Y-%m-%d %H:%M:%S}"


class JsonSource(models.Model):
    """A price read from any JSON address: `url:NAME` in imports and market fields."""

    class Unit(models.TextChoices):
        SECONDS = "s", _("Unix seconds")
        MILLISECONDS = "ms", _("Unix milliseconds")
        ISO = "iso", _("ISO 8601")

    name = models.SlugField(_("name"), unique=True, help_text=_("Used as url:NAME."))
    title = models.CharField(_("title"), max_length=300, blank=True)
    url = models.URLField(
        _("address"),
        max_length=500,
        help_text=_("https unless its host is in WEBHOOK_ALLOWED_HOSTS."),
    )
    price_path = models.CharField(
        _("price"), max_length=200, help_text=_("Path to the price, such as data.0.1.")
    )
    bid_path = models.CharField(_("bid"), max_length=200, blank=True, help_text=_("If it has one."))
    ask_path = models.CharField(_("ask"), max_length=200, blank=True, help_text=_("If it has one."))
    time_path = models.CharField(
        _("time"),
        max_length=200,
        blank=True,
        help_text=_(
            "Path to the price's own time; its age counts from it. Empty: from the answer."
        ),
    )
    time_unit = models.CharField(
        _("time unit"), max_length=3, choices=Unit.choices, default=Unit.SECONDS
    )
    scale = ExactDecimalField(
        _("scale"), default=1, help_text=_("The number found is divided by this; 100 for cents.")
    )
    currency = models.CharField(_("currency"), max_length=10, default="USD")
    payout = ExactDecimalField(
        _("payout"), null=True, blank=True, help_text=_("Empty for an instrument such as an index.")
    )
    tick = ExactDecimalField(_("tick"), null=True, blank=True)

    class Meta:
        verbose_name = _("JSON price")
        verbose_name_plural = _("JSON prices")
        constraints = (
            models.CheckConstraint(condition=Q(above("scale", 0.0)), name="json_scale_positive"),
        )

    def __str__(self) -> str:
        return f"url:{self.name}"
