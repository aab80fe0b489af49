"""The one truth about decisions and money: append-only, growing ids, never pruned, no ticks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from positions.models.position import Position


class JournalEntry(models.Model):
    """What happened, in the transaction in which it happened. Written by `positions.journal` only.

    `text` is one sentence for a person; `data` the same for programs (decimals as strings).
    Alerts and browsers read the entries by id, each with a cursor of its own.
    """

    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=30)
    urgency = models.CharField(_("urgency"), max_length=8, default="low")
    position = models.ForeignKey(
        Position, models.CASCADE, null=True, blank=True, related_name="journal"
    )
    rule = models.CharField(_("rule"), max_length=20, blank=True)
    # A bot is "user (token's name)": 150 + 100 and three more.
    actor = models.CharField(_("who"), max_length=300, default="watch")
    text = models.TextField(_("what"))
    data = models.JSONField(_("data"), default=dict, blank=True)

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        indexes = (
            models.Index(fields=["position", "id"], name="journal_position_id"),
            models.Index(fields=["kind", "id"], name="journal_kind_id"),
        )

    def __str__(self) -> str:
        return self.text
