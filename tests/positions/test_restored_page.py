"""The pages of a restored book: a banner, a list to compare, and no way around the comparison."""

from __future__ import annotations

import pytest
from django.utils import timezone

from monitoring.live.signs import read_pulse
from positions.models import JournalEntry, Switch
from positions.services import exits_are_paused, exits_pause
from positions.services.switches import exits_hold_restored
from tests.positions.holdings import NOON, holding
from tests.website import member

pytestmark = pytest.mark.django_db
SAID = (
    "Restored from the backup of 2026-11-22 12:00 UTC. Compare 2 open positions with your wallet."
)


@pytest.fixture
def restored() -> None:
    holding("A")
    holding("B", shares="12.5")
    exits_hold_restored(made_at=NOON, now=timezone.now())


@pytest.mark.usefixtures("restored")
def test_banner_stands_on_every_page_and_leads_to_the_comparison() -> None:
    page = member().get("/").content.decode()
    banner = page[page.index('id="b-restored"') :]
    assert banner.startswith('id="b-restored">')
    assert SAID in banner
    assert 'href="/exits/"' in banner[: banner.index("</div>\n")]
    assert '<div class="banner crit loud" id="b-paused" hidden>' in page


@pytest.mark.usefixtures("restored")
def test_frames_carry_it_until_it_is_confirmed() -> None:
    assert read_pulse(NOON)["restored"] == SAID
    member().post("/exits/resume/", {"compared": "on"})
    pulse = read_pulse(NOON)
    assert (pulse["restored"], pulse["paused"]) == ("", False)


@pytest.mark.usefixtures("restored")
def test_page_lists_what_has_to_be_compared() -> None:
    page = member().get("/exits/").content.decode()
    assert "Will A? · Yes</a> · 100 shares" in page
    assert "Will B? · Yes</a> · 12.5 shares" in page
    assert 'name="compared" required' in page


@pytest.mark.usefixtures("restored")
def test_resuming_without_the_comparison_leads_back_to_it() -> None:
    client = member()
    answer = client.post("/exits/resume/")
    assert (answer.status_code, answer["location"]) == (302, "/exits/")
    refused = client.post("/exits/resume/", headers={"accept": "application/json"})
    assert refused.status_code == 409
    assert refused.json()["error"].startswith("Restored from a backup")
    assert exits_are_paused()


@pytest.mark.usefixtures("restored")
def test_confirmation_is_in_the_journal_and_exits_go_on() -> None:
    member().post("/exits/resume/", {"compared": "on"})
    entry = JournalEntry.objects.latest("pk")
    assert (entry.kind, entry.actor, entry.text) == (
        "exits_resumed",
        "alice",
        "the restored positions are confirmed; exits are on again",
    )
    assert not exits_are_paused()
    assert not Switch.objects.filter(on=True).exists()


@pytest.mark.usefixtures("restored")
def test_pausing_again_meanwhile_is_no_confirmation() -> None:
    exits_pause(actor="ann", now=NOON)
    member().post("/exits/resume/")
    assert exits_are_paused()


def test_without_a_restore_nothing_is_asked() -> None:
    exits_pause(actor="ann", now=NOON)
    client = member()
    page = client.get("/exits/").content.decode()
    assert ("compared" in page, 'id="b-restored" hidden' in page) == (False, True)
    client.post("/exits/resume/")
    assert not exits_are_paused()
