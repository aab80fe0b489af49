"""What the AI stage cost and whom it asked. Money in whole micro-dollars, rounded up per call."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from positions.models import Position


class AISpend(models.Model):
    """One UTC day: `spent` for good, `reserved` for calls that are out. Together never above the
    cap: one conditional UPDATE adds a reservation. `refused`: the smallest one there was no room
    for, 0 while there was always room; `refusals` how many.
    """

    day = models.DateField(_("day (UTC)"), unique=True)
    reserved = models.BigIntegerField(_("reserved (µ$)"), default=0)
    spent = models.BigIntegerField(_("spent (µ$)"), default=0)
    refused = models.BigIntegerField(_("no room for (µ$)"), default=0)
    refusals = models.PositiveIntegerField(_("calls without room"), default=0)
    told = models.BooleanField(default=False)  # that it is used up stands in the journal

    class Meta:
        verbose_name = _("AI spending of a day")
        verbose_name_plural = _("AI spending by day")
        constraints = (
            models.CheckConstraint(
                condition=Q(reserved__gte=0, spent__gte=0), name="ai_spend_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.day}"


class AIProvider(models.Model):
    """What is known of a provider. `open_until`: the circuit breaker keeps calls away until then;
    `out_of_credit_since`: it said that its own account is empty, which is not our cap.
    """

    name = models.CharField(_("provider"), max_length=40, primary_key=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    open_until = models.DateTimeField(_("not asked until"), null=True)
    out_of_credit_since = models.DateTimeField(_("out of credit since"), null=True)
    answered_at = models.DateTimeField(_("last answer"), null=True)
    failed_at = models.DateTimeField(_("last failure"), null=True)
    failure = models.CharField(_("last failure was"), max_length=20, blank=True)
    problem = models.CharField(_("last problem"), max_length=300, blank=True)
    told = models.BooleanField(default=False)  # its trouble stands in the journal

    class Meta:
        verbose_name = _("AI provider")
        verbose_name_plural = _("AI providers")

    def __str__(self) -> str:
        return self.name


class AICall(models.Model):
    """One call of a provider, and the reservation it began with. Never changed once settled."""

    class State(models.TextChoices):
        RESERVED = "reserved", _("Out")
        SETTLED = "settled", _("Settled")
        EXPIRED = "expired", _("No answer came back")

    class Purpose(models.TextChoices):
        SCREEN = "screen", _("screen")
        DECIDE = "decide", _("decide")
        NOTE = "note", _("note")
        EVAL = "eval", _("evaluation")

    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.RESERVED
    )
    purpose = models.CharField(_("purpose"), max_length=6, choices=Purpose.choices)
    position = models.ForeignKey(
        Position, models.SET_NULL, null=True, blank=True, related_name="ai_calls"
    )
    question = models.ForeignKey(
        "monitoring.Question", models.SET_NULL, null=True, blank=True, related_name="calls"
    )
    day = models.DateField(_("day (UTC)"))
    provider = models.CharField(_("provider"), max_length=40)
    model = models.CharField(_("model asked"), max_length=100)
    answered_by = models.CharField(_("model that answered"), max_length=100, blank=True)
    sdk = models.CharField(_("client"), max_length=40, blank=True)
    prompt_version = models.CharField(_("prompt version"), max_length=20)
    prompt_sha256 = models.CharField(_("prompt hash"), max_length=64)  # nonce removed
    schema_sha256 = models.CharField(_("schema hash"), max_length=64, blank=True)
    system_text = models.TextField(_("instructions sent"), blank=True)
    user_text = models.TextField(_("text sent"), blank=True)
    evidence = models.JSONField(_("evidence sent"), default=list)
    parameters = models.JSONField(_("parameters"), default=dict)
    max_tokens = models.PositiveIntegerField(_("at most tokens"), default=0)
    started_at = models.DateTimeField(_("started"), db_index=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    latency_ms = models.PositiveIntegerField(_("took ms"), null=True)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    request_id = models.CharField(_("request id"), max_length=100, blank=True)
    stop_reason = models.CharField(_("stop reason"), max_length=40, blank=True)
    refusal = models.CharField(_("refusal category"), max_length=40, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cache_read_tokens = models.PositiveIntegerField(default=0)
    cache_write_5m_tokens = models.PositiveIntegerField(default=0)
    cache_write_1h_tokens = models.PositiveIntegerField(default=0)
    thinking_tokens = models.PositiveIntegerField(default=0)
    reserved = models.BigIntegerField(_("reserved (µ$)"))
    cost = models.BigIntegerField(_("cost (µ$)"), null=True)
    prices_of = models.DateField(_("price table of"), null=True)
    failure = models.CharField(_("failure"), max_length=20, blank=True)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    raw_text = models.TextField(_("answer"), blank=True)  # 4 kB at most
    parsed = models.JSONField(_("answer, checked"), null=True)
    outcome = models.CharField(_("what came of it"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("AI call")
        verbose_name_plural = _("AI calls")
        indexes = (models.Index(fields=["state", "started_at"], name="aicall_state_started"),)
        constraints = (
            models.CheckConstraint(condition=Q(reserved__gte=0), name="ai_reserved"),
            models.CheckConstraint(
                condition=~Q(state="settled") | Q(cost__isnull=False), name="ai_settled_costs"
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk} {self.purpose} {self.model}"
