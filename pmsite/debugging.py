"""The page that Django shows of a defect while DEBUG is on, and the report of one, without secrets.

Django hides settings by their names and shows variables, forms and addresses as they are; a webhook
or a password would stand there. Hidden here is what is named like a secret, and from the finished
text whatever is one or has the shape of one.
"""

from __future__ import annotations

import re
from collections.abc import ItemsView
from html import escape
from types import FrameType
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from pmsite.logs import redacted


class NamesHidden(SafeExceptionReporterFilter):
    """By name, with DEBUG too: settings, POST fields, headers and variables."""

    hidden_settings = re.compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|WEBHOOK|HEARTBEAT|URL|DSN|DATABASE|ENV",
        flags=re.IGNORECASE,
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        given = super().get_post_parameters(request)
        return {name: self.cleanse_setting(name, value) for name, value in given.items()}

    def get_traceback_frame_variables(
        self, request: HttpRequest, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        found = super().get_traceback_frame_variables(request, tb_frame)
        return {name: self.cleanse_setting(name, value) for name, value in found}.items()


class QuietReporter(ExceptionReporter):
    """The finished page and text once more through the log's mask."""

    def get_traceback_html(self) -> SafeString:
        return _masked(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return _masked(super().get_traceback_text())


def _masked(text: str) -> SafeString:
    secrets = settings.ENV.secret_values()
    # As text, as Python writes it and as HTML writes it.
    forms = {form for one in secrets for form in (one, repr(one)[1:-1], escape(one))}
    masked = redacted(text, sorted(forms, key=len, reverse=True))
    return SafeString(masked)  # as safe as it came: the mask brings no markup
