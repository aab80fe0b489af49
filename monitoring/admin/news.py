"""News: what was read, from where, and which position it may concern. Written by the screen alone;
a person may have an address read at the next turn instead of waiting out its back-off.
"""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from monitoring.advisor.news.sources import label
from monitoring.models import Feed, Headline, Mention
from positions.admin.base import ReadOnlyAdmin


@admin.register(Feed)
class FeedAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "problem",
        "failures",
        "items",
        "answered_at",
        "tried_at",
        "not_before",
    )
    list_filter = (("problem", admin.EmptyFieldListFilter),)
    search_fields = ("url", "problem")
    fields = ("url", *list_display[1:])
    ordering = ("-failures", "url")
    actions = ("read_again",)

    @admin.display(description=_("address"), ordering="url")
    def name(self, row: Feed) -> str:
        """Without what may be somebody's key."""
        return label(row.url)

    def has_read_again_permission(self, request: HttpRequest) -> bool:
        """Whoever may act."""
        return request.user.has_perm("monitoring.change_feed")

    @admin.action(description=_("Read at the next turn"), permissions=["read_again"])
    def read_again(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """Ends the waiting time; what was wrong stays until an answer proves otherwise."""
        count = queryset.update(not_before=None)
        text = ngettext(
            "%(n)d address is read at the next turn.",
            "%(n)d addresses are read at the next turn.",
            count,
        )
        self.message_user(request, text % {"n": count}, messages.SUCCESS)


@admin.register(Headline)
class HeadlineAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "publisher",
        "domain",
        "trust",
        "published_at",
        "first_seen",
        "copies",
        "is_demo",
    )
    list_filter = ("trust", "is_demo")
    search_fields = ("title", "publisher", "domain")
    fields = ("title", "publisher", "domain", "url", *list_display[3:])
    ordering = ("-id",)


@admin.register(Mention)
class MentionAdmin(ReadOnlyAdmin):
    list_display = ("at", "position", "headline")
    list_select_related = ("position__market", "headline")
    search_fields = ("headline__title", "position__market__question")
    ordering = ("-id",)
