"""What of an answer is believed: ids, suspicion, the loudest word on a headline."""

from __future__ import annotations

import pytest

from monitoring.advisor.screening.checks import Checked, Finding, asks, check, loudest
from tests.monitoring.advisor.screening.kit import alert, result

IDS = ("h1", "h2")
NOTHING, SUSPECTED = Finding(), Finding(suspected=True)
AGAINST = Finding("against", "high", "It happened.")


def test_headline_without_an_alert_has_nothing_of_note() -> None:
    assert check(result(alert("h2")), IDS, ()) == Checked({"h1": NOTHING, "h2": AGAINST})


def test_answer_without_alerts_is_an_answer() -> None:
    assert check(result(), IDS, ()) == Checked({"h1": NOTHING, "h2": NOTHING})


def test_alert_without_a_true_id_is_dropped() -> None:
    checked = check(result(alert("h9"), alert("h1")), IDS, ())
    assert checked == Checked({"h1": AGAINST, "h2": NOTHING}, unknown=("h9",))


def test_only_made_up_ids_are_no_answer() -> None:
    assert check(result(alert("h8", "h9")), IDS, ()) == Checked(unknown=("h8", "h9"), valid=False)


@pytest.mark.parametrize(("by_model", "by_us"), [(("h1",), ()), ((), ("h1",))])
def test_alert_on_a_suspected_headline_is_dropped(
    by_model: tuple[str, ...], by_us: tuple[str, ...]
) -> None:
    checked = check(result(alert("h1"), suspected=by_model), IDS, by_us)
    assert checked.findings == {"h1": SUSPECTED, "h2": NOTHING}


def test_suspected_headline_cannot_silence_another_but_lends_it_no_urgency() -> None:
    checked = check(result(alert("h1", "h2", urgency="critical")), IDS, ["h1"])
    assert checked.findings == {
        "h1": SUSPECTED,
        "h2": Finding("against", "medium", "It happened."),
    }


def test_low_alert_beside_a_suspected_headline_stays_low() -> None:
    checked = check(result(alert("h1", "h2", urgency="low")), IDS, ["h1"])
    assert checked.findings["h2"].urgency == "low"


def test_suspecting_what_was_not_sent_changes_nothing() -> None:
    assert check(result(suspected=("h9",)), IDS, ()).findings == {"h1": NOTHING, "h2": NOTHING}


def test_against_wins_over_for_and_loud_over_low() -> None:
    checked = check(
        result(
            alert("h1", direction="for", urgency="critical"),
            alert("h1", urgency="low"),
            alert("h1", urgency="high"),
            alert("h1", urgency="medium"),
        ),
        IDS,
        (),
    )
    assert checked.findings["h1"] == AGAINST


def test_asking_begins_at_medium_and_when_unclear_at_high() -> None:
    urgencies = ("low", "medium", "high", "critical")
    asked = {
        direction: [urgency for urgency in urgencies if asks(Finding(direction, urgency))]
        for direction in ("against", "unclear", "for")
    }
    assert asked == {
        "against": ["medium", "high", "critical"],
        "unclear": ["high", "critical"],
        "for": [],
    }


def test_loudest_of_several() -> None:
    assert [loudest([AGAINST, NOTHING]), loudest([])] == ["high", ""]
