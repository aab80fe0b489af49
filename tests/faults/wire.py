"""A wire across a delivery: it feels every statement and every byte that leaves, and kills at one.

Statements are felt through Django's own execute wrapper, before and after each; what leaves is felt
through the interpreter's audit events. Nothing of the product is replaced.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any

START = "written, not dispatched"
DISPATCHING = "inside the dispatch"
DISPATCHED = "dispatched, not claimed"
CLAIMED = "claimed, attempt not counted"
COUNTED = "attempt counted, not sent"
ANSWERED = "answered, not written"
WRITING = "inside the writing of the answer"
WRITTEN = "answer written"
STAGES = (START, DISPATCHING, DISPATCHED, CLAIMED, COUNTED, ANSWERED, WRITING, WRITTEN)
# At these the message stands in the channel and we do not know it: it may come a second time.
REPEATS = frozenset({ANSWERED, WRITING})

# What a statement, once carried out, shows the delivery to have reached.
SIGNS = (
    (DISPATCHING, re.compile(r'INSERT .*INTO "monitoring_notification"')),
    (DISPATCHING, re.compile(r'UPDATE "monitoring_cursor"')),
    (CLAIMED, re.compile(r'UPDATE "monitoring_channel" SET .*"lease_until" = %s')),
    (COUNTED, re.compile(r'UPDATE "monitoring_notification" SET .*"attempts" = \(')),
    (WRITING, re.compile(r'UPDATE "monitoring_notification" SET ')),
)
ENDS = {DISPATCHING: DISPATCHED, WRITING: WRITTEN}  # with the transaction


class Wire:
    """`told` gets the stage at every call; at call `kill_at` this process is killed."""

    def __init__(self, told: Callable[[str], None], kill_at: int | None) -> None:
        self.told, self.kill_at = told, kill_at
        self.stage, self.calls, self.left = START, 0, False

    def lay(self) -> None:
        """Feel what leaves, too; for good, so only in a process that ends with its delivery."""
        sys.addaudithook(self._audit)

    def statement(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        """For `connection.execute_wrapper`."""
        if self.left:  # nothing is asked of the database between the attempt and its answer
            self.stage, self.left = ANSWERED, False
        if not context["connection"].in_atomic_block:
            self.stage = ENDS.get(self.stage, self.stage)
        self._reach()
        answer = execute(sql, params, many, context)
        sign = next((stage for stage, text in SIGNS if text.match(sql)), None)
        if sign == WRITING and self.stage not in REPEATS:
            sign = None  # expiring, collapsing: another's row
        self.stage = sign or self.stage
        self._reach()
        return answer

    def _audit(self, event: str, _: tuple[Any, ...]) -> None:
        if event == "http.client.send":
            self._reach()
            self.left = True

    def _reach(self) -> None:
        self.calls += 1
        self.told(self.stage)
        if self.calls == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
