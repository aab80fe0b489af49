from __future__ import annotations

import subprocess
import sys

from tests.installation import ROOT

LOOK = """
import gc, sys, django
django.setup()
from django.conf import settings
from monitoring.management.commands.run_worker import share_memory
share_memory()
print("anthropic" in sys.modules, gc.get_freeze_count() > 10_000)
settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = "sk-ant-x", "http://127.0.0.1:1"
share_memory()
print("anthropic.resources.messages" in sys.modules, "monitoring.advisor.schemas" in sys.modules)
"""


def test_what_workers_need_is_loaded_before_they_are_forked_where_there_is_a_key() -> None:
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", LOOK]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines() == ["False True", "True True"]
    assert ended.stderr == ""
