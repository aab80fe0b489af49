"""What was sold, by which rule, and what came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from positions.fields import ExactDecimalField, above, at_least, at_most
from positions.models.position import Position

LIVE_EXIT_STATES = ("pending", "working", "partial")


class Exit(models.Model):
    """One decision to sell all or a part of a position, and its way to the end.

    `attempt` counts orders sent; the order's key is `exit-<id>-<attempt>` and is never executed
    twice. While `state` is working an order may be out; only `executor.lookup` tells.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        WORKING = "working", _("Working")
        PARTIAL = "partial", _("Partly sold")
        FILLED = "filled", _("Sold")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        DUST = "dust", _("Dust")

    position = models.ForeignKey(Position, models.CASCADE, related_name="exits")
    rule = models.CharField(_("rule"), max_length=20)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    level = ExactDecimalField(_("level"), null=True, blank=True)
    trigger_price = ExactDecimalField(_("bid when triggered"), null=True, blank=True)
    shares = ExactDecimalField(_("shares to sell"))
    filled = ExactDecimalField(_("shares sold"), default=0)
    pnl = ExactDecimalField(_("realised P&L"), default=0, help_text=_("Not rounded."))
    floor = ExactDecimalField(_("never below"), null=True, blank=True)
    rungs = models.TextField(_("ladder rungs"), blank=True)
    momentum_high = ExactDecimalField(null=True, blank=True)
    latched = models.BooleanField(_("sells on until done"), default=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PENDING
    )
    problem = models.CharField(_("problem"), max_length=300, blank=True, default="")
    attempt = models.PositiveIntegerField(_("orders sent"), default=0)
    attempt_shares = ExactDecimalField(null=True, blank=True)
    attempt_floor = ExactDecimalField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    requested_by = models.CharField(_("requested by"), max_length=150, blank=True)
    # What is told of its end besides the sale: who judged, how sure, on what grounds.
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    created_at = models.DateTimeField(_("decided"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("exit")
        verbose_name_plural = _("exits")
        constraints = (
            models.UniqueConstraint(
                fields=["position"],
                condition=Q(state__in=LIVE_EXIT_STATES),
                name="one_live_exit_per_position",
            ),
            models.CheckConstraint(condition=Q(above("shares", 0.0)), name="exit_shares_positive"),
            models.CheckConstraint(
                condition=Q(at_least("filled", 0.0)), name="exit_filled_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(at_most("filled", "shares")), name="exit_filled_at_most_shares"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule} {self.state}"

    @property
    def order_key(self) -> str:
        """Idempotency key of the order now out (`attempt`)."""
        return f"exit-{self.pk}-{self.attempt}"


class Fill(models.Model):
    """Shares sold at one price by one order of an exit."""

    exit = models.ForeignKey(Exit, models.CASCADE, related_name="fills")
    attempt = models.PositiveIntegerField(_("order"))
    number = models.PositiveIntegerField(_("part"))
    price = ExactDecimalField(_("price"), help_text=_("Per share."))
    shares = ExactDecimalField(_("shares"))
    fee = ExactDecimalField(_("fee"), default=0)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("fill")
        verbose_name_plural = _("fills")
        constraints = (
            models.UniqueConstraint(fields=["exit", "attempt", "number"], name="fill_unique"),
            models.CheckConstraint(condition=Q(above("shares", 0.0)), name="fill_shares_positive"),
            models.CheckConstraint(condition=Q(at_least("price", 0.0)), name="fill_price"),
            models.CheckConstraint(condition=Q(at_least("fee", 0.0)), name="fill_fee"),
        )

    def __str__(self) -> str:
        return f"{self.shares} @ {self.price}"
