"""The page that asks before one position is closed, for browsers without the dialog."""

from __future__ import annotations

import pytest

from tests.website import hold, member

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def test_holding_below_the_minimum_order_is_refused_before_it_is_asked_about() -> None:
    position = hold(shares="3")
    answer = member().get(f"/positions/{position.pk}/close/", follow=True)
    assert answer.redirect_chain == [(f"/positions/{position.pk}/", 302)]
    assert "3 shares are below the market&#x27;s minimum order of 5" in answer.content.decode()
