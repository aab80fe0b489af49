from __future__ import annotations

import pytest

from tests.monitoring.questions.desk import Desk


@pytest.fixture
def desk(db: None) -> Desk:
    """A hundred shares bought at 50 cents, the bid at 50 cents, at noon."""
    return Desk()
