"""The pass: look, decide, write down, sell. See `monitoring.engine.run`."""

from __future__ import annotations

from monitoring.engine.ports import Ports, default_ports
from monitoring.engine.result import PassResult
from monitoring.engine.run import run_pass

__all__ = ["PassResult", "Ports", "default_ports", "run_pass"]
