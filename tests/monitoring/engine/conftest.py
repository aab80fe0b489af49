from __future__ import annotations

import pytest

from tests.monitoring.engine.house import House


@pytest.fixture
def house() -> House:
    """An empty house at noon."""
    return House()
