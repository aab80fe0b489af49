"""The messages that leave the house: where to, about what, and what became of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from positions.models import JournalEntry, Position, Strategy


class Channel(models.Model):
    """A way to a person. `url` holds the secret token and is never shown, logged or sent out."""

    class Kind(models.TextChoices):
        DISCORD = "discord", _("Discord webhook")
        APPRISE = "apprise", _("Slack, Telegram, e-mail and others (Apprise)")

    class Listens(models.TextChoices):
        """The lowest urgency that is told here at once."""

        LOW = "low", _("everything")
        MEDIUM = "medium", _("medium and above")
        HIGH = "high", _("high and critical")
        CRITICAL = "critical", _("critical only")
        NEVER = "never", _("only as a fallback or an escalation")

    name = models.SlugField(_("name"), unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.DISCORD)
    url = models.CharField(_("webhook address"), max_length=1000)
    enabled = models.BooleanField(_("enabled"), default=True)
    disabled_reason = models.CharField(_("why disabled"), max_length=300, blank=True)
    role_id = models.CharField(
        _("role to ping"),
        max_length=30,
        blank=True,
        help_text=_("Discord role id, pinged on critical alerts only. Empty: nobody is."),
    )
    listens = models.CharField(
        _("tells"), max_length=8, choices=Listens.choices, default=Listens.LOW
    )
    fallback = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("fallback"),
        help_text=_("Told instead when this channel is off after an error or does not deliver."),
    )
    escalate_to = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("escalate to"),
        help_text=_("Told of a critical alert that nobody has acknowledged in time."),
    )
    escalate_minutes = models.PositiveIntegerField(_("escalate after minutes"), default=15)
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(_("quiet until"), null=True, blank=True)
    digest_at = models.TimeField(_("daily digest at"), null=True, blank=True)
    digested_on = models.DateField(null=True, editable=False)
    # Up to when its failures were told to the others.
    failures_told_at = models.DateTimeField(null=True, editable=False)
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


class Alarm(models.Model):
    """One thing that is wrong, or was, from its first entry to its end: what is told of it, how
    often, and who has taken note. The memory of `alerts.deciding.suppression`, one row for each key.
    """

    key = models.CharField(_("key"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=30)
    rule = models.CharField(_("rule"), max_length=20, blank=True)
    urgency = models.CharField(_("urgency"), max_length=8, default="low")
    position = models.ForeignKey(Position, models.CASCADE, null=True, related_name="alarms")
    entry = models.ForeignKey(JournalEntry, models.CASCADE, related_name="+")  # the newest
    raised_at = models.DateTimeField(_("raised"))
    last_at = models.DateTimeField(_("last seen"))
    resolved_at = models.DateTimeField(_("over"), null=True)
    told_at = models.DateTimeField(_("last told"), null=True)
    # What people believe since then: that it stands, or that it is over. Empty: they know nothing.
    told_as = models.CharField(max_length=6, blank=True)
    # When it must be looked at next, whatever happens; empty: it is over and everybody knows.
    due_at = models.DateTimeField(null=True)
    reminders = models.PositiveIntegerField(_("reminders"), default=0)
    escalated_at = models.DateTimeField(_("escalated"), null=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    acknowledged_by = models.CharField(_("by"), max_length=150, blank=True)
    flapping = models.BooleanField(_("flapping"), default=False)
    changes = models.JSONField(default=list)  # the latest times at which it came or went

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        indexes = (
            models.Index(
                fields=["raised_at"], condition=Q(resolved_at=None), name="alarm_unresolved"
            ),
            models.Index(fields=["due_at"], condition=~Q(due_at=None), name="alarm_due"),
        )

    def __str__(self) -> str:
        return self.key


class Silence(models.Model):
    """Until when whose alerts are not told. What is empty narrows nothing: all empty is all."""

    position = models.ForeignKey(
        Position, models.CASCADE, null=True, blank=True, verbose_name=_("position")
    )
    strategy = models.ForeignKey(
        Strategy, models.CASCADE, null=True, blank=True, verbose_name=_("strategy")
    )
    rule = models.CharField(_("rule"), max_length=20, blank=True)
    kind = models.CharField(_("kind"), max_length=30, blank=True)
    until = models.DateTimeField(_("until"))
    reason = models.CharField(_("why"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("made"))
    created_by = models.CharField(_("by"), max_length=150, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("silence")
        verbose_name_plural = _("silences")
        indexes = (models.Index(fields=["until"], name="silence_until"),)

    def __str__(self) -> str:
        return self.reason or f"#{self.pk}"


class Notification(models.Model):
    """One journal entry on its way to one channel; delivered or visibly failed, never lost."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Delivered")
        FAILED = "failed", _("Failed")
        SUPPRESSED = "suppressed", _("Suppressed")
        COLLAPSED = "collapsed", _("In a digest")

    class Origin(models.TextChoices):
        """Why this channel is told."""

        ROUTE = "route", _("listens")
        FALLBACK = "fallback", _("fallback")
        ESCALATION = "escalation", _("escalation")

    entry = models.ForeignKey(JournalEntry, models.CASCADE, related_name="notifications")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="notifications")
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PENDING
    )
    origin = models.CharField(_("why here"), max_length=10, choices=Origin.choices, default="route")
    alarm = models.ForeignKey(
        Alarm, models.SET_NULL, null=True, blank=True, related_name="notifications"
    )
    # The message that told of this one among others; what becomes of it becomes of this.
    digest = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="told")
    reason = models.CharField(_("why told, held or suppressed"), max_length=40, blank=True)
    urgency = models.CharField(_("urgency"), max_length=8, default="low")
    title = models.CharField(_("first line"), max_length=500)
    body = models.TextField(_("body"), blank=True)
    link = models.CharField(_("link"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("made"))
    # The 24 hours until it fails count from here: a retry by hand begins them anew.
    queued_at = models.DateTimeField(_("queued"), default=timezone.now)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"))
    tried_at = models.DateTimeField(_("last try"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)
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
            models.Index(fields=["id"], condition=Q(state="failed"), name="notification_failed"),
            models.Index(fields=["created_at"], name="notification_created"),
            # Counts and pages of /alerts/ by state, without a look at the rows.
            models.Index(fields=["state", "entry"], name="notification_state"),
        )

    def __str__(self) -> str:
        return self.title
