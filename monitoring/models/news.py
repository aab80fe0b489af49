"""News: where it is read, what was read, and whose position it may concern."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from positions.models import Position


class Feed(models.Model):
    """One address of news and what it last answered. `problem` "" means that it answered well;
    a page that is no feed is a problem, never "no news".
    """

    key = models.CharField(max_length=64, unique=True)  # sha256 of the address
    url = models.TextField(_("address"))
    etag = models.CharField(max_length=300, blank=True)
    modified = models.CharField(max_length=100, blank=True)
    tried_at = models.DateTimeField(_("last try"), null=True)
    answered_at = models.DateTimeField(_("last good answer"), null=True)
    not_before = models.DateTimeField(_("not before"), null=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    items = models.PositiveIntegerField(_("headlines in it"), default=0)
    # A hash of who last read it, and for what.
    readers = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("news feed")
        verbose_name_plural = _("news feeds")

    def __str__(self) -> str:
        return self.url.partition("?")[0].rpartition("@")[2][:100]  # the rest may be a key


class Headline(models.Model):
    """One headline, known by its exact words: `key` is the sha256 of its normalised title without
    the publisher's suffix. What differs in one word is another headline.
    """

    class Trust(models.TextChoices):
        WIRE = "wire", _("news agency")
        PRESS = "press", _("press")
        SOCIAL = "social", _("social media")
        ADVERSARIAL = "adversarial", _("people with a position")

    key = models.CharField(max_length=64, unique=True)
    title = models.CharField(_("headline"), max_length=300)
    publisher = models.CharField(_("publisher"), max_length=100, blank=True)
    domain = models.CharField(_("domain"), max_length=253, blank=True)
    url = models.TextField(_("address"), blank=True)
    published_at = models.DateTimeField(_("published"), null=True)
    first_seen = models.DateTimeField(_("first seen"), db_index=True)
    trust = models.CharField(_("trust"), max_length=11, choices=Trust.choices, default=Trust.PRESS)
    copies = models.PositiveIntegerField(_("times seen"), default=1)
    is_demo = models.BooleanField(_("demo"), default=False)

    class Meta:
        verbose_name = _("headline")
        verbose_name_plural = _("headlines")

    def __str__(self) -> str:
        return self.title


class Mention(models.Model):
    """A headline that may concern a position: it came by its feeds and carries its keywords."""

    position = models.ForeignKey(Position, models.CASCADE, related_name="mentions")
    headline = models.ForeignKey(Headline, models.CASCADE, related_name="mentions")
    at = models.DateTimeField(_("found"))

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = (
            models.UniqueConstraint(fields=["position", "headline"], name="mention_once"),
        )

    def __str__(self) -> str:
        return str(self.headline)
