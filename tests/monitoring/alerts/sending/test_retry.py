from __future__ import annotations

from random import Random

import pytest

from monitoring.alerts.sending.retry import LONGEST, MARGIN, Act, back_off, judge
from monitoring.alerts.transports.base import Answer


def verdict(answer: Answer, attempts: int = 1) -> tuple[Act, float, float, bool]:
    found = judge(answer, attempts, Random(1))
    return found.act, found.wait, found.pause, found.everywhere


@pytest.mark.parametrize("status", [200, 204])
def test_success_is_sent(status: int) -> None:
    assert verdict(Answer(status)) == (Act.SENT, 0, 0, False)


def test_page_of_something_on_the_way_is_no_success() -> None:
    assert verdict(Answer(200, in_between=True))[0] is Act.RETRY


def test_last_place_in_the_bucket_pauses_the_channel_until_it_fills() -> None:
    answer = Answer(204, remaining=0, reset_after=1.25)
    assert verdict(answer) == (Act.SENT, 0, 1.25 + MARGIN, False)


def test_places_left_in_the_bucket_pause_nothing() -> None:
    assert verdict(Answer(204, remaining=1, reset_after=1.25))[2] == 0


def test_429_waits_as_asked_and_holds_the_whole_channel() -> None:
    wait = 64.57 + MARGIN
    assert verdict(Answer(429, retry_after=64.57)) == (Act.RETRY, wait, wait, False)


def test_429_for_everywhere_says_so() -> None:
    assert verdict(Answer(429, retry_after=1, everywhere=True))[3] is True


def test_429_that_names_no_time_backs_off() -> None:
    act, wait, pause, _ = verdict(Answer(429), attempts=3)
    assert (act, wait == pause, 4 <= wait <= 8) == (Act.RETRY, True, True)


def test_429_with_an_absurd_wish_ends_within_a_day() -> None:
    assert verdict(Answer(429, retry_after=1e12))[1] == 24 * 3600 + MARGIN


@pytest.mark.parametrize("status", [None, 500, 502, 503, 302, 408, 425])
def test_trouble_that_passes_is_tried_again(status: int | None) -> None:
    act, wait, pause, _ = verdict(Answer(status))
    assert (act, 1 <= wait <= 2, pause) == (Act.RETRY, True, 0)


def test_503_is_not_tried_before_its_retry_after_nor_is_anything_else() -> None:
    assert verdict(Answer(503, retry_after=40))[1:3] == (40 + MARGIN, 40 + MARGIN)


def test_503_that_took_the_last_place_pauses_the_channel_until_it_fills() -> None:
    assert verdict(Answer(503, remaining=0, reset_after=1.25))[2] == 1.25 + MARGIN


@pytest.mark.parametrize("status", [401, 403, 404])
def test_denied_disables_the_channel(status: int) -> None:
    assert verdict(Answer(status))[0] is Act.DISABLE


def test_refused_address_disables_the_channel() -> None:
    assert verdict(Answer(None, "host", refused=True))[0] is Act.DISABLE


def test_403_page_of_something_in_between_is_tried_again() -> None:
    assert verdict(Answer(403, in_between=True))[0] is Act.RETRY


@pytest.mark.parametrize("status", [400, 405, 413, 422])
def test_message_that_will_never_be_taken_is_dropped(status: int) -> None:
    assert verdict(Answer(status))[0] is Act.DROP


def test_back_off_doubles_with_chance_in_its_upper_half_up_to_a_quarter_hour() -> None:
    waits = [back_off(attempts, Random(attempts)) for attempts in (1, 2, 3, 9, 10, 500)]
    fulls = [2, 4, 8, 512, LONGEST, LONGEST]
    assert [full / 2 <= wait <= full for wait, full in zip(waits, fulls, strict=True)] == [True] * 6


def test_back_off_differs_by_chance() -> None:
    assert len({back_off(5, Random(seed)) for seed in range(20)}) == 20
