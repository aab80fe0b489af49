from __future__ import annotations

import pytest
from django import forms

from positions.forms.zones import ZoneField
from positions.zones import zone_names


class Hours(forms.Form):
    zone = ZoneField()


def test_every_zone_is_offered_once_and_the_stored_one_chosen() -> None:
    shown = str(Hours(initial={"zone": "Asia/Karachi"})["zone"])
    assert shown.count("<option") == len(zone_names())
    assert shown.count(" selected") == 1
    assert '<option value="Asia/Karachi" selected>Asia/Karachi</option>' in shown
    assert ' name="zone"' in shown.partition(">")[0]


def test_zone_that_has_vanished_stays_chosen_and_is_refused() -> None:
    form = Hours({"zone": "Mars/<b>"})
    assert '<option value="Mars/&lt;b&gt;" selected>Mars/&lt;b&gt;</option>' in str(form["zone"])
    assert list(form.errors) == ["zone"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_known_zone_is_taken(zone: str) -> None:
    form = Hours({"zone": zone})
    assert (form.is_valid(), form.cleaned_data) == (True, {"zone": zone})
