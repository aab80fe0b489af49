from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def loaded() -> None:
    """The SDK in this process, as in the worker's: its import takes seconds on a busy machine, which
    would count against the first call's deadline.
    """
    from monitoring.advisor.providers.anthropic import preload

    preload()
