"""Keys for bots that add positions over HTTP, and the house-wide switches."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models
from django.utils.translation import gettext_lazy as _


class ApiToken(models.Model):
    """A bot's key for `POST /api/positions`; only its SHA-256 is kept, it is shown once."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    user = models.ForeignKey(User, models.CASCADE, verbose_name=_("acts as"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name


class Switch(models.Model):
    """A house-wide switch. `exits_paused`: no exit is sent while it is on."""

    name = models.CharField(max_length=40, primary_key=True)
    on = models.BooleanField(default=False)
    by = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
