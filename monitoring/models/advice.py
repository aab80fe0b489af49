"""Questions that the asking rules raise, what was decided, and whether it turned out right."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from monitoring.models.news import Headline
from monitoring.models.spending import AICall
from monitoring.models.watch import Trigger
from positions.fields import ExactDecimalField
from positions.models import Exit, Position


class Question(models.Model):
    """An asking rule has fired: first the AI stage is asked (`waiting`, `asking`), then perhaps a
    person (`open`, until `answer_until`). Written by the pass, by the screen, or by hand; answered
    beside the pass, which never waits for it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for the AI")
        ASKING = "asking", _("The AI is asked")
        OPEN = "open", _("You decide")
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")
        ACTED = "acted", _("Sold by itself")
        HELD = "held", _("Held")
        EXPIRED = "expired", _("Not answered")
        OVERTAKEN = "overtaken", _("Overtaken")

    class Rule(models.TextChoices):
        SOFT_STOP = "soft_stop", _("Soft stop")
        ADVERSE_MOVE = "adverse_move", _("Adverse move")
        AI_ALERT = "ai_alert", _("News")
        REVIEW = "review", _("Review of the thesis")
        ASKED = "asked", _("Asked by hand")

    LIVE = ("waiting", "asking", "open")

    position = models.ForeignKey(Position, models.CASCADE, related_name="questions")
    trigger = models.ForeignKey(Trigger, models.SET_NULL, null=True, blank=True, related_name="+")
    rule = models.CharField(_("rule"), max_length=20, choices=Rule.choices)
    urgency = models.CharField(_("urgency"), max_length=8)
    reason = models.CharField(_("why it asks"), max_length=500)
    bid = ExactDecimalField(_("bid when asked"), null=True, blank=True)
    level = ExactDecimalField(_("level"), null=True, blank=True)
    headlines = models.ManyToManyField(Headline, blank=True, related_name="questions")
    evidence_key = models.CharField(max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField(_("asked"))
    asked_by = models.CharField(_("asked by"), max_length=150, blank=True)
    ai_until = models.DateTimeField(_("the AI answers until"))
    answer_until = models.DateTimeField(_("you answer until"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("times the AI was asked"), default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    limits = models.JSONField(_("limits applied"), default=list)  # sentences for a person
    exit = models.ForeignKey(Exit, models.SET_NULL, null=True, blank=True, related_name="questions")
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=150, blank=True)
    outcome = models.CharField(_("what came of it"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        indexes = (
            models.Index(fields=["state", "asked_at"], name="question_state_asked"),
            models.Index(fields=["position", "-id"], name="question_position_id"),
        )
        constraints = (
            # The same rule does not ask again while its question is not closed.
            models.UniqueConstraint(
                fields=["position", "rule"],
                condition=Q(state__in=("waiting", "asking", "open")),
                name="one_live_question_per_rule",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule} {self.state}"


class Screening(models.Model):
    """What a screener said of one headline for one position. `screener`: its model and prompt
    version, or the rules' own; each looks at a headline once for a version of the thesis.
    """

    class Direction(models.TextChoices):
        AGAINST = "against", _("against us")
        FOR = "for", _("for us")
        UNCLEAR = "unclear", _("unclear")
        NONE = "none", _("nothing of note")

    position = models.ForeignKey(Position, models.CASCADE, related_name="screenings")
    headline = models.ForeignKey(Headline, models.CASCADE, related_name="screenings")
    thesis_version = models.PositiveIntegerField(_("version of the thesis"))
    screener = models.CharField(_("screened by"), max_length=130)
    call = models.ForeignKey(AICall, models.SET_NULL, null=True, blank=True, related_name="+")
    question = models.ForeignKey(
        Question, models.SET_NULL, null=True, blank=True, related_name="screenings"
    )
    direction = models.CharField(_("direction"), max_length=7, choices=Direction.choices)
    urgency = models.CharField(_("urgency"), max_length=8, blank=True)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    suspected = models.BooleanField(_("suspected instruction"), default=False)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("screening")
        verbose_name_plural = _("screenings")
        constraints = (
            models.UniqueConstraint(
                fields=["position", "headline", "thesis_version", "screener"],
                name="screened_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.direction} {self.urgency}"


class Decision(models.Model):
    """One answer to a question, whoever gave it. Never changed; a second answer is a second row.

    `evidence`: what was cited, copied: [{"id": "h1", "kind": "headline"|"price"|"trigger",
    "text": …, "publisher": …, "domain": …, "url": …, "at": …, "headline": pk}].
    """

    class Verdict(models.TextChoices):
        SELL = "sell", _("Sell")
        REDUCE = "reduce", _("Reduce")
        HOLD = "hold", _("Hold")
        ASK = "ask", _("You decide")

    question = models.ForeignKey(Question, models.CASCADE, related_name="decisions")
    position = models.ForeignKey(Position, models.CASCADE, related_name="decisions")
    call = models.ForeignKey(AICall, models.SET_NULL, null=True, blank=True, related_name="+")
    cached_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    provider = models.CharField(_("provider"), max_length=40)
    model = models.CharField(_("model"), max_length=100, blank=True)
    prompt_version = models.CharField(_("prompt version"), max_length=20, blank=True)
    thesis_version = models.PositiveIntegerField(_("version of the thesis"), default=0)
    evidence_key = models.CharField(max_length=64, blank=True, db_index=True)
    verdict = models.CharField(_("verdict"), max_length=6, choices=Verdict.choices)
    confidence = ExactDecimalField(_("confidence"), null=True, blank=True)
    thesis_status = models.CharField(_("thesis"), max_length=10, blank=True)
    reasoning = models.TextField(_("reasoning"), blank=True)
    against = models.TextField(_("against it"), blank=True)
    evidence = models.JSONField(_("evidence"), default=list)
    bid = ExactDecimalField(_("bid when decided"), null=True, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = (models.Index(fields=["position", "-id"], name="decision_position_id"),)

    def __str__(self) -> str:
        return f"{self.verdict} {self.confidence or ''}".strip()


class Score(models.Model):
    """A look back at a decision: was it right? `right` stays empty where nobody can tell (no bid).
    `net`: what a share brought, or would have brought then, after fees.
    """

    class Horizon(models.TextChoices):
        HOUR = "1h", _("1 hour")
        DAY = "24h", _("24 hours")
        WEEK = "7d", _("7 days")
        END = "end", _("resolution")

    decision = models.ForeignKey(Decision, models.CASCADE, related_name="scores")
    horizon = models.CharField(_("after"), max_length=3, choices=Horizon.choices)
    due_at = models.DateTimeField(_("due"), null=True)  # of `end`: when the market resolved
    at = models.DateTimeField(_("looked at"), null=True)
    bid = ExactDecimalField(_("bid then"), null=True)
    net = ExactDecimalField(_("sale a share, net"), null=True)
    right = models.BooleanField(_("right"), null=True)
    regret = ExactDecimalField(_("regret a share"), null=True)

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        indexes = (models.Index(fields=["at", "due_at"], name="score_at_due"),)
        constraints = (models.UniqueConstraint(fields=["decision", "horizon"], name="score_once"),)

    def __str__(self) -> str:
        return f"{self.horizon} {self.right}"
