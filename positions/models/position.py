"""A holding, the wallet it may come from, and what the watch remembers of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from positions.fields import ExactDecimalField, RowOfField, above, at_least, at_most
from positions.models.market import Market
from positions.models.rules import Strategy


class Wallet(models.Model):
    """A public wallet address whose open positions are mirrored every five minutes."""

    address = models.CharField(_("address"), max_length=42, unique=True)
    label = models.CharField(_("label"), max_length=100, blank=True)
    strategy = models.ForeignKey(
        Strategy,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("strategy of new holdings"),
        help_text=_("Its rules guard what the wallet buys; without one nothing watches it."),
    )
    synced_at = models.DateTimeField(_("last complete answer"), null=True, blank=True)
    error = models.CharField(_("last error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")

    def __str__(self) -> str:
        return self.label or self.address


class Position(models.Model):
    """A holding of one outcome, bought at `entry_price` a share.

    `shares` is what is held now, `bought` all shares ever bought (rungs and parts are parts of
    it). Shares and state are written by services only; `version` moves with every write by a user
    so that two writers never meet.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    market = models.ForeignKey(Market, models.PROTECT, verbose_name=_("market"))
    strategy = models.ForeignKey(
        Strategy, models.SET_NULL, null=True, blank=True, verbose_name=_("strategy")
    )
    entry_price = ExactDecimalField(
        _("entry price"), help_text=_("Per share, in the market's currency.")
    )
    shares = ExactDecimalField(_("shares held"))
    bought = ExactDecimalField(_("shares ever bought"))
    entry_fees = ExactDecimalField(
        _("entry fees"), default=0, help_text=_("In all, in the market's currency.")
    )
    opened_at = models.DateTimeField(_("opened"), help_text=_("UTC."))
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.OPEN)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    close_reason = models.CharField(_("closed by"), max_length=20, blank=True)
    realised_pnl = ExactDecimalField(
        _("realised P&L"), default=0, help_text=_("Net of fees, not rounded.")
    )
    source = models.CharField(_("came from"), max_length=10, default="admin")
    reference = models.CharField(
        _("reference"),
        max_length=200,
        null=True,
        blank=True,
        unique=True,
        help_text=_("The adder's own key; the same key never makes a second position."),
    )
    wallet = models.ForeignKey(
        Wallet, models.PROTECT, null=True, blank=True, verbose_name=_("wallet")
    )
    wallet_shares = ExactDecimalField(_("shares the wallet shows"), null=True, blank=True)
    wallet_seen_at = models.DateTimeField(_("last seen in the wallet"), null=True, blank=True)
    absent_since = models.DateTimeField(_("missing from the wallet since"), null=True, blank=True)
    is_demo = models.BooleanField(_("demo"), default=False)
    is_dust = models.BooleanField(_("dust"), default=False)
    muted_until = models.DateTimeField(
        _("muted until"), null=True, blank=True, help_text=_("Alerts only; exits go on.")
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        indexes = (models.Index(fields=["state", "market"], name="position_state_market"),)
        constraints = (
            models.CheckConstraint(condition=Q(above("entry_price", 0.0)), name="entry_positive"),
            models.CheckConstraint(
                condition=Q(at_least("shares", 0.0)), name="shares_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(at_most("shares", "bought")), name="shares_at_most_bought"
            ),
            models.CheckConstraint(
                condition=Q(at_least("entry_fees", 0.0)), name="entry_fees_not_negative"
            ),
        )

    def __str__(self) -> str:
        return str(self.market)


class Mark(models.Model):
    """What the watch remembers of a position; one narrow row, written only by a pass.

    It is `domain.state.WatchState` as columns, plus the quiet band: while the market's bid stays
    strictly between `quiet_low` and `quiet_high`, less than `quiet_drop` below the best bid, and the
    time before `quiet_until`, judging this position again could change nothing but its best bid and
    the trailing level that follows from it (floats, one tick on the safe side).
    """

    position = RowOfField(Position, models.CASCADE, primary_key=True, verbose_name=_("position"))
    state = models.TextField(_("watch state"), default="{}")
    best = ExactDecimalField(
        _("best usable bid"), null=True, help_text=_("Since we began to watch.")
    )
    best_f = models.FloatField(_("best usable bid, for coarse filters only"), null=True)
    unpriced_since = models.DateTimeField(_("unpriced since"), null=True)
    problem = models.CharField(_("problem"), max_length=200, blank=True, default="")
    unarmed = models.CharField(_("unarmed rules"), max_length=200, blank=True, default="")
    quiet_low = models.FloatField(null=True)
    quiet_high = models.FloatField(null=True)
    quiet_drop = models.FloatField(null=True)
    quiet_until = models.DateTimeField(null=True)
    judged_at = models.DateTimeField(_("last judged in full"), null=True)

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")

    def __str__(self) -> str:
        return f"{_('best')} {self.best}"
