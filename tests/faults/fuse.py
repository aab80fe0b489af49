"""A fuse in a run of `decide`: it feels every statement and the provider's turn, and kills at one.

Statements are felt through Django's own execute wrapper, before and after each; the provider is ours.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from typing import Any

START, SEEN = "before the claim", "claimed"
RESERVING, RESERVED = "inside the reservation", "reserved, provider not asked"
ASKED = "provider asked"
ANSWERED = "answered, call not settled"
SETTLING, SETTLED = "inside the settling of the call", "call settled, decision not written"
WRITING, WRITTEN = "inside the decision and its exit", "decision written"
STAGES = (START, SEEN, RESERVING, RESERVED, ASKED, ANSWERED, SETTLING, SETTLED, WRITING, WRITTEN)
# What a statement, once carried out, shows the run to have reached; and where its transaction ends.
SIGNS = (
    (SEEN, re.compile(r'UPDATE "monitoring_question" SET "state" = %s, .*"tries" = ')),
    (RESERVING, re.compile(r'UPDATE "monitoring_aispend" SET "reserved" = \(.* \+ ')),
    (SETTLING, re.compile(r'UPDATE "monitoring_aicall" SET "state"')),
    (WRITING, re.compile(r'INSERT INTO "monitoring_decision"')),
)
ENDS = {RESERVING: RESERVED, SETTLING: SETTLED, WRITING: WRITTEN}


class Fuse:
    """`told` gets the stage at every call; at call `kill_at` this process is killed."""

    def __init__(self, told: Callable[[str], None], kill_at: int | None) -> None:
        self.told, self.kill_at = told, kill_at
        self.stage, self.calls = START, 0

    def reach(self, stage: str = "") -> None:
        self.stage = stage or self.stage
        self.calls += 1
        self.told(self.stage)
        if self.calls == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        """For `connection.execute_wrapper`."""
        if not context["connection"].in_atomic_block:
            self.stage = ENDS.get(self.stage, self.stage)
        self.reach()
        answer = execute(sql, params, many, context)
        sign = next((stage for stage, text in SIGNS if text.match(sql)), self.stage)
        # Forward only: a later statement may look like an earlier one.
        self.stage = max(sign, self.stage, key=STAGES.index)
        self.reach()
        return answer
