"""Why we hold and when we leave: strategies, exit policies, theses, what the AI stage may do."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from positions.fields import ExactDecimalField, above, at_least


class Strategy(models.Model):
    """A named way of trading; its exit policy guards every position that carries it."""

    name = models.SlugField(_("name"), unique=True)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        verbose_name = _("strategy")
        verbose_name_plural = _("strategies")

    def __str__(self) -> str:
        return self.name


class Thesis(models.Model):
    """Why the position is held; the AI stage judges news against it. History is in the journal."""

    position = models.OneToOneField(
        "positions.Position", models.CASCADE, related_name="thesis", verbose_name=_("position")
    )
    text = models.TextField(_("thesis"), blank=True)
    probability = ExactDecimalField(
        _("own probability"),
        null=True,
        blank=True,
        help_text=_("Of the outcome you hold, 0 to 1."),
    )
    keywords = models.CharField(
        _("keywords"), max_length=500, blank=True, help_text=_("Comma list, for the news search.")
    )
    feeds = models.TextField(_("feeds"), blank=True, help_text=_("RSS addresses, one a line."))
    review_at = models.DateField(_("review on"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("thesis")
        verbose_name_plural = _("theses")
        constraints = (
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | Q(at_least("probability", 0.0)),
                name="thesis_probability_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | ~Q(above("probability", 1.0)),
                name="thesis_probability_at_most_one",
            ),
        )

    def __str__(self) -> str:
        return self.text[:60]


class ExitPolicy(models.Model):
    """Exit rules of a strategy, or what one position states differently from its strategy.

    `document` is the contract's JSON, numbers as strings; a key that is absent inherits, an
    explicit null turns the inherited rule off.
    """

    strategy = models.OneToOneField(
        Strategy, models.CASCADE, null=True, blank=True, related_name="policy"
    )
    position = models.OneToOneField(
        "positions.Position", models.CASCADE, null=True, blank=True, related_name="policy"
    )
    document = models.TextField(_("rules"), default="{}")

    class Meta:
        verbose_name = _("exit policy")
        verbose_name_plural = _("exit policies")
        constraints = (
            models.CheckConstraint(
                condition=Q(strategy__isnull=True, position__isnull=False)
                | Q(strategy__isnull=False, position__isnull=True),
                name="policy_has_one_owner",
            ),
        )

    def __str__(self) -> str:
        return str(self.strategy or self.position)


class AdvicePolicy(models.Model):
    """What the AI stage may do with one position; without a row these defaults hold.

    `auto_from` and `auto_to` are times of `time_zone`, over midnight where the first is the later.
    """

    class Mode(models.TextChoices):
        ADVISORY = "advisory", _("asks you")
        AUTO = "auto", _("sells by itself")
        AUTO_HOURS = "auto_hours", _("sells by itself in these hours, else asks you")

    class Unanswered(models.TextChoices):
        HOLD = "hold", _("hold")
        SELL = "sell", _("sell")

    position = models.OneToOneField(
        "positions.Position",
        models.CASCADE,
        related_name="advice_policy",
        verbose_name=_("position"),
    )
    mode = models.CharField(
        _("AI stage"), max_length=10, choices=Mode.choices, default=Mode.ADVISORY
    )
    auto_from = models.TimeField(_("by itself from"), null=True, blank=True)
    auto_to = models.TimeField(_("by itself until"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    answer_minutes = models.PositiveIntegerField(_("minutes to answer"), default=15)
    if_unanswered = models.CharField(
        _("if nobody answers"),
        max_length=4,
        choices=Unanswered.choices,
        default=Unanswered.HOLD,
    )
    min_confidence = ExactDecimalField(
        _("least confidence"), default=Decimal("0.70"), help_text=_("To sell by itself, 0 to 1.")
    )
    cooldown_minutes = models.PositiveIntegerField(_("minutes between two AI sales"), default=60)
    daily_sells = models.PositiveIntegerField(_("AI sales a day"), default=2)
    reduce_pct = ExactDecimalField(
        _("part sold on REDUCE (%)"), default=Decimal(50), help_text=_("Of the shares held.")
    )

    class Meta:
        verbose_name = _("AI policy")
        verbose_name_plural = _("AI policies")
        constraints = (
            models.CheckConstraint(
                condition=Q(above("reduce_pct", 0.0)) & ~Q(above("reduce_pct", 100.0)),
                name="advice_reduces_a_part",
            ),
            models.CheckConstraint(
                condition=Q(at_least("min_confidence", 0.0)) & ~Q(above("min_confidence", 1.0)),
                name="advice_confidence",
            ),
            models.CheckConstraint(
                condition=Q(answer_minutes__gte=1), name="advice_answer_minutes"
            ),
            models.CheckConstraint(
                condition=~Q(mode="auto_hours") | Q(auto_from__isnull=False, auto_to__isnull=False),
                name="advice_hours_named",
            ),
        )

    def __str__(self) -> str:
        return self.get_mode_display()
