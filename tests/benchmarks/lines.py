"""How the lanes of a benchmark are driven: one process each, a line in for every repetition.

So they take turns on the same machine, and each one's memory is its own. Standard library only.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from tests.benchmarks.walk import SCENES, Scene

T = TypeVar("T")


def serve(
    prepare: Callable[[Scene], None], step: Callable[[], T], note: Callable[[T], object]
) -> None:
    """Answers each line on stdin, a scene's name, with one repetition's time on stdout, as JSON.

    Only `step` is timed. The answer: `ms`, `peak_mb` of this process so far, and `note`, which is
    made of what `step` returned.
    """
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        prepare(SCENES[line.strip()])
        began = time.perf_counter()
        done = step()
        ms = (time.perf_counter() - began) * 1000
        # Kilobytes on Linux.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"ms": ms, "peak_mb": peak, "note": note(done)}), flush=True)
