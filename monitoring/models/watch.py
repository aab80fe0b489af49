"""The watch's own rows: its runs, its lease, its triggers, its sources of prices."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from positions.fields import ExactDecimalField
from positions.models import Exit, Position


class Lease(models.Model):
    """Who may act. `fence` grows with every holder; a commit or claim under an old fence fails."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=100, blank=True)
    fence = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} #{self.fence}"


class Heartbeat(models.Model):
    """When a part of the house last showed life."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class MonitorRun(models.Model):
    """One pass over the book."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        COMPLETE = "complete", _("Complete")
        INCOMPLETE = "incomplete", _("Incomplete")
        FAILED = "failed", _("Failed")

    fence = models.BigIntegerField(default=0)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RUNNING
    )
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    prices_at = models.DateTimeField(_("newest price"), null=True)
    open = models.PositiveIntegerField(_("open"), default=0)
    closed = models.PositiveIntegerField(_("closed"), default=0)
    checked = models.PositiveIntegerField(_("checked"), default=0)
    unpriced = models.PositiveIntegerField(_("unpriced"), default=0)
    triggers = models.PositiveIntegerField(_("triggers"), default=0)
    exits = models.PositiveIntegerField(_("exits"), default=0)
    errors = models.JSONField(_("errors"), default=list)
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("monitor run")
        verbose_name_plural = _("monitor runs")
        indexes = (models.Index(fields=["state", "-id"], name="run_state_id"),)

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"


class Source(models.Model):
    """What a pass knows of a venue: when it last answered, and since when it answers nothing."""

    venue = models.CharField(max_length=40, primary_key=True)
    answered_at = models.DateTimeField(null=True)
    blind_since = models.DateTimeField(null=True)
    told = models.BooleanField(default=False)  # this blindness stands in the journal
    problem = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.venue


class Trigger(models.Model):
    """A rule that fired, and what came of it."""

    run = models.ForeignKey(MonitorRun, models.SET_NULL, null=True, verbose_name=_("run"))
    position = models.ForeignKey(Position, models.CASCADE, related_name="triggers")
    exit = models.ForeignKey(Exit, models.CASCADE, null=True, blank=True, related_name="triggers")
    at = models.DateTimeField(_("at"))
    rule = models.CharField(_("rule"), max_length=20)
    urgency = models.CharField(_("urgency"), max_length=8)
    level = ExactDecimalField(_("level"), null=True, blank=True)
    price = ExactDecimalField(_("bid"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    decision = models.CharField(
        _("decision"), max_length=20, help_text=_("exit, or ask: a person is asked")
    )

    class Meta:
        verbose_name = _("trigger")
        verbose_name_plural = _("triggers")
        indexes = (models.Index(fields=["position", "-id"], name="trigger_position_id"),)

    def __str__(self) -> str:
        return f"{self.rule} · {self.reason}"
