"""The watch's own rows: its runs, its lease, its triggers, and the messages that leave the house."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from positions.fields import ExactDecimalField
from positions.models import Exit, JournalEntry, Position


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


class Channel(models.Model):
    """A way to a person. `url` holds the secret token and is never shown, logged or sent out."""

    class Kind(models.TextChoices):
        DISCORD = "discord", _("Discord webhook")

    name = models.SlugField(_("name"), unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.DISCORD)
    url = models.CharField(_("webhook address"), max_length=500)
    enabled = models.BooleanField(_("enabled"), default=True)
    disabled_reason = models.CharField(_("why disabled"), max_length=300, blank=True)
    role_id = models.CharField(
        _("role to ping"),
        max_length=30,
        blank=True,
        help_text=_("Discord role id, pinged on critical alerts only. Empty: nobody is."),
    )
    from_environment = models.BooleanField(default=False, editable=False)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease_holder = models.CharField(max_length=100, blank=True, editable=False)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")

    def __str__(self) -> str:
        return self.name


class Cursor(models.Model):
    """How far a reader of the journal has come."""

    name = models.CharField(max_length=40, primary_key=True)
    entry_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.entry_id}"


class Notification(models.Model):
    """One journal entry on its way to one channel; delivered or visibly failed, never lost."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Delivered")
        FAILED = "failed", _("Failed")
        SUPPRESSED = "suppressed", _("Suppressed")

    entry = models.ForeignKey(JournalEntry, models.CASCADE, related_name="notifications")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="notifications")
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PENDING
    )
    reason = models.CharField(_("why suppressed"), max_length=40, blank=True)
    urgency = models.CharField(_("urgency"), max_length=8, default="low")
    title = models.CharField(_("first line"), max_length=500)
    body = models.TextField(_("body"), blank=True)
    link = models.CharField(_("link"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("made"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"))
    sent_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    error = models.CharField(_("last answer"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = (
            models.UniqueConstraint(fields=["entry", "channel"], name="notification_unique"),
        )
        indexes = (
            models.Index(
                fields=["channel", "id"], condition=Q(state="pending"), name="notification_pending"
            ),
        )

    def __str__(self) -> str:
        return self.title
