"""The pages and actions over HTTP: what they show, and what they refuse."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from positions import services
from positions.domain.state import EMPTY, dump
from positions.models import Exit, JournalEntry, Mark, Position
from tests.website import checked, hold, member, tell

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]

JSON = {"accept": "application/json"}


@pytest.fixture
def alice() -> Client:
    return member()


def text(client: Client, path: str) -> str:
    """The page without its markup."""
    body = client.get(path).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def post(client: Client, path: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON of an action as the page's modules ask for it."""
    answer = client.post(path, fields, headers=JSON)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    "path",
    ["/", "/activity/", "/positions/1/", "/positions/1/proceeds/", "/parts/rows/", "/exits/"],
)
def test_every_page_asks_for_a_login(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["location"]) == (302, f"/login/?next={path}")


def test_login_leads_back_to_the_page(client: Client) -> None:
    member()
    form = {"username": "alice", "password": "correct horse battery staple", "next": "/activity/"}
    assert client.post("/login/", form)["location"] == "/activity/"


def test_wrong_password_is_told_on_the_login_page(client: Client) -> None:
    body = client.post("/login/", {"username": "alice", "password": "x"}).content.decode()
    assert 'role="alert"' in body
    assert 'aria-invalid="true"' in body


def test_empty_book_leads_to_the_first_position(alice: Client) -> None:
    shown = text(alice, "/")
    assert "No open positions" in shown
    assert "manage.py import_positions" in shown


def test_book_shows_the_row_as_the_socket_would(alice: Client) -> None:
    position = hold(bid="0.634")
    shown = alice.get("/").content.decode()
    row = shown[shown.index(f'id="p{position.pk}"') :].split("</tr>")[0]
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row))
    for part in ("Will fed happen?", "Yes", "63.4¢", "950 @ 58.0¢", "49.3¢", "69.6¢", "+$51.30"):
        assert part in words


@pytest.mark.parametrize("path", ["/", "/activity/", "/parts/summary/"])
def test_pages_with_money_are_kept_nowhere(alice: Client, path: str) -> None:
    assert "no-store" in alice.get(path)["cache-control"]


def test_titles_are_escaped(alice: Client) -> None:
    hold(question="<script>alert(1)</script>")
    assert "<script>alert" not in alice.get("/").content.decode()


def test_book_costs_the_same_queries_whatever_its_size(alice: Client) -> None:
    counts = []
    for size in (1, 12):
        for number in range(size):
            hold(f"m{size}-{number}")
        with CaptureQueriesContext(connection) as seen:
            alice.get("/")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_price_too_old_is_shown_as_stale(alice: Client) -> None:
    position = hold()
    quote = position.market.quote
    quote.refresh_from_db()
    quote.told_at = quote.bid_at = timezone.now() - timedelta(minutes=3)
    quote.save()
    shown = text(alice, "/")
    assert "Price stale" in shown
    assert "≈ +$51.30" in shown


def test_late_monitor_has_a_banner(alice: Client) -> None:
    hold()
    checked(ago=timedelta(minutes=6))
    body = alice.get("/").content.decode()
    assert "The monitor has not checked for 6 min." in body
    assert 'data-state="down"' in body


def test_monitor_on_time_has_no_banner(alice: Client) -> None:
    checked()
    body = alice.get("/").content.decode()
    assert re.search(r'id="b-beat" hidden', body)
    assert 'data-state="ok"' in body


def test_detail_shows_rules_figures_and_history(alice: Client) -> None:
    position = hold(thesis="Two dovish speakers.")
    tell(position, "0.62")
    shown = text(alice, f"/positions/{position.pk}/")
    for part in (
        "62.0¢",
        "Stop loss: 15.0 % below entry",
        "62.0¢ is 12.7¢ above the 49.3¢ stop",
        "Two dovish speakers.",
        "Break-even 58.0¢",
        "Opened: 950 shares at 58.0¢",
    ):
        assert part in shown


@pytest.mark.parametrize("wanted", ["6h", "1d", "1w", "all", "nonsense"])
def test_detail_draws_every_range(alice: Client, wanted: str) -> None:
    position = hold()
    tell(position, "0.62")
    body = alice.get(f"/positions/{position.pk}/?range={wanted}").content.decode()
    assert '<polyline class="price"' in body


def test_detail_of_a_closed_position_tells_how_it_ended(alice: Client) -> None:
    position = hold()
    leave = Exit.objects.create(
        position=position,
        rule="take_profit",
        shares=950,
        filled=950,
        pnl=Decimal("109.25"),
        state="filled",
        created_at=timezone.now(),
    )
    leave.fills.create(attempt=1, number=0, price=Decimal("0.695"), shares=950, at=timezone.now())
    Position.objects.filter(pk=position.pk).update(
        state="closed",
        shares=0,
        realised_pnl=Decimal("109.25"),
        closed_at=timezone.now(),
        close_reason="take_profit",
    )
    shown = text(alice, f"/positions/{position.pk}/")
    assert "Bought 950 at 58.0¢, sold at 69.5¢ on average. Ended by: take profit." in shown
    assert "+$109.25" in text(alice, "/")


def test_unknown_position_is_a_page_of_ours(alice: Client) -> None:
    answer = alice.get("/positions/999/")
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.content.decode()


def test_activity_goes_back_page_by_page(alice: Client) -> None:
    for number in range(60):
        hold(f"m{number}", bid=None)
    first = alice.get("/activity/").content.decode()
    (older,) = re.findall(r"\?before=\d+", first)
    second = alice.get(f"/activity/{older}").content.decode()
    assert (first.count('<span class="fi">'), second.count('<span class="fi">')) == (
        51,
        11,
    )  # one is the live list's shape


@pytest.mark.parametrize(
    ("show", "expected"), [("people", 3), ("exits", 1), ("critical", 0), ("", 4)]
)
def test_activity_shows_one_kind(alice: Client, show: str, expected: int) -> None:
    position = hold()
    services.position_close_request(position_id=position.pk, actor="alice", now=timezone.now())
    services.position_mute(
        position_id=hold("other").pk,
        until=timezone.now() + timedelta(hours=1),
        actor="alice",
        now=timezone.now(),
    )
    assert len(alice.get(f"/activity/?show={show}").context["entries"]) == expected


def test_proceeds_come_from_the_venues_book(alice: Client) -> None:
    position = hold("sim-market", bid=None)
    answer = alice.get(f"/positions/{position.pk}/proceeds/?shares=10").json()
    assert answer["button"] == "Sell 10 Yes"
    assert [line["name"] for line in answer["lines"]][-1] == "Realised P&L"


@pytest.mark.parametrize(
    ("shares", "error"),
    [
        ("ten", "“ten” is not a number of shares."),
        ("0", "“0” is not a number of shares."),
        ("2", "2 shares are below the market's minimum order of 5: it refuses them."),
        ("951", "You hold 950 shares; enter at most that."),
    ],
)
def test_impossible_sizes_are_named(alice: Client, shares: str, error: str) -> None:
    position = hold()
    answer = alice.get(f"/positions/{position.pk}/proceeds/?shares={shares}")
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    status, body = post(alice, f"/positions/{position.pk}/close/", shares=shares)
    assert (status, body["error"], Exit.objects.count()) == (409, error, 0)


def test_closing_asks_for_a_manual_exit(alice: Client) -> None:
    position = hold()
    status, body = post(alice, f"/positions/{position.pk}/close/", shares="950")
    assert (status, body["message"]) == (
        200,
        "Selling 950 Yes of “Will fed happen?” at the best bids now.",
    )
    leave = Exit.objects.get()
    assert (leave.rule, leave.shares, leave.requested_by) == ("manual", Decimal(950), "alice")


def test_closing_a_part(alice: Client) -> None:
    position = hold()
    post(alice, f"/positions/{position.pk}/close/", shares="100")
    assert Exit.objects.get().shares == Decimal(100)


def test_closing_twice_is_refused_with_its_reason(alice: Client) -> None:
    position = hold()
    post(alice, f"/positions/{position.pk}/close/")
    status, body = post(alice, f"/positions/{position.pk}/close/")
    assert (status, body["error"]) == (409, "An exit of this position is running already.")


def test_closing_works_without_javascript(alice: Client) -> None:
    position = hold()
    page = text(alice, f"/positions/{position.pk}/close/")
    assert "Close this position?" in page
    assert "Sell 950 Yes" in page
    answer = alice.post(f"/positions/{position.pk}/close/", {"shares": "950"}, follow=True)
    assert "Selling 950 Yes" in answer.content.decode()


def test_waiting_sale_can_be_cancelled(alice: Client) -> None:
    position = hold()
    status, body = post(alice, f"/positions/{position.pk}/cancel/")
    assert (status, body["error"]) == (409, "No sale of this position is running.")
    post(alice, f"/positions/{position.pk}/close/")
    assert "Cancel the sale" in text(alice, f"/positions/{position.pk}/")
    status, body = post(alice, f"/positions/{position.pk}/cancel/")
    assert (status, body["message"][:22]) == (200, "The sale is cancelled.")
    assert Exit.objects.get().state == "cancelled"
    assert "Close now" in text(alice, f"/positions/{position.pk}/")


def test_closing_everything_asks_for_the_number(alice: Client) -> None:
    hold("a")
    hold("b")
    assert "Type 2, the number of positions, to confirm" in text(alice, "/close-everything/")
    status, body = post(alice, "/close-everything/", count="1")
    assert (status, Exit.objects.count()) == (400, 0)
    assert body["error"].startswith("Nothing was sold: type 2")
    status, body = post(alice, "/close-everything/", count="2")
    assert (status, body["message"]) == (200, "Selling 2 positions at the best bids now.")
    assert Exit.objects.count() == 2


def test_muting_tells_until_when_and_can_be_undone(alice: Client) -> None:
    position = hold()
    status, body = post(alice, f"/positions/{position.pk}/mute/", minutes="60")
    position.refresh_from_db()
    assert position.muted_until is not None
    assert abs(position.muted_until - timezone.now() - timedelta(hours=1)) < timedelta(minutes=1)
    assert status == 200
    assert body["message"].startswith("Muted “Will fed happen? · Yes” until")
    post(alice, body["undo"]["url"], **body["undo"]["fields"])
    position.refresh_from_db()
    assert position.muted_until is None


@pytest.mark.parametrize("minutes", ["0", "-5", "43201", "soon"])
def test_impossible_mutes_are_refused(alice: Client, minutes: str) -> None:
    position = hold()
    status, _ = post(alice, f"/positions/{position.pk}/mute/", minutes=minutes)
    position.refresh_from_db()
    assert (status, position.muted_until) == (400, None)


def test_arming_a_rule(alice: Client) -> None:
    position = hold(bid="0.44", policy={"stop_loss_pct": "15"})
    state = dump(EMPTY.__class__(unarmed=frozenset({"stop_loss"})))
    Mark.objects.filter(position=position).update(state=state, unarmed="stop_loss")
    assert "Arm or change the stop" in text(alice, "/")
    assert "Arm it: sell if still breached" in text(alice, f"/positions/{position.pk}/")
    status, body = post(alice, f"/positions/{position.pk}/arm/stop_loss/")
    assert (status, body["message"].split(";")[0]) == (200, "Stop loss is armed now")
    assert Mark.objects.get(position=position).unarmed == ""
    assert JournalEntry.objects.filter(kind="armed", actor="alice").count() == 1


def test_pausing_is_loud_and_resuming_ends_it(alice: Client) -> None:
    assert post(alice, "/exits/pause/")[0] == 200
    assert re.search(r'id="b-paused">', alice.get("/").content.decode())
    assert post(alice, "/exits/resume/")[0] == 200
    assert re.search(r'id="b-paused" hidden', alice.get("/").content.decode())


def test_breached_stop_promises_no_sale_while_exits_are_paused(alice: Client) -> None:
    pages = ("/", f"/positions/{hold(bid='0.44').pk}/")
    post(alice, "/exits/pause/")
    assert all("exits are paused: it does not sell." in text(alice, page) for page in pages)
    post(alice, "/exits/resume/")
    assert all("it sells once that is confirmed" in text(alice, page) for page in pages)


def test_check_is_asked_for(alice: Client) -> None:
    status, body = post(alice, "/check/")
    assert (status, body["ok"]) == (200, True)


def test_demo_goes_with_one_click(alice: Client) -> None:
    mine = hold("mine")
    hold("sample", is_demo=True)
    assert "You are looking at the demo." in text(alice, "/")
    assert post(alice, "/demo/clear/")[0] == 200
    assert [one.pk for one in Position.objects.all()] == [mine.pk]
    assert "You are looking at the demo." not in text(alice, "/")


ACTIONS = [
    "/check/",
    "/exits/pause/",
    "/exits/resume/",
    "/close-everything/",
    "/demo/clear/",
    "/positions/{id}/close/",
    "/positions/{id}/cancel/",
    "/positions/{id}/mute/",
    "/positions/{id}/unmute/",
    "/positions/{id}/check/",
    "/positions/{id}/arm/stop_loss/",
]


@pytest.mark.parametrize("path", ACTIONS)
def test_actions_need_the_csrf_token(path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = member().cookies
    assert strict.post(path.format(id=hold().pk), headers=JSON).status_code == 403


@pytest.mark.parametrize("path", ACTIONS)
def test_who_may_only_look_may_not_act(path: str) -> None:
    guest = member("bob", acts=False)
    status, body = post(guest, path.format(id=hold().pk))
    assert (status, body["error"]) == (403, "Your account may look, not act.")
    assert JournalEntry.objects.exclude(kind="position_opened").count() == 0


def test_who_may_only_look_sees_no_actions() -> None:
    position = hold()
    guest = member("bob", acts=False)
    body = guest.get(f"/positions/{position.pk}/").content.decode()
    assert ("Close now</a>" in body, "Edit rules" in body) == (False, False)
    assert "data-menu" not in guest.get("/").content.decode().split("<dialog")[0]


@pytest.mark.parametrize("path", [path for path in ACTIONS if "close" not in path])
def test_actions_are_posts(alice: Client, path: str) -> None:
    assert alice.get(path.format(id=hold().pk)).status_code == 405


def test_parts_are_the_pages_own_pieces(alice: Client) -> None:
    position = hold()
    rows = alice.get(f"/parts/rows/?ids={position.pk},999,x").content.decode()
    assert re.findall(r'<tr [^>]*id="(p\d+)"', rows) == [f"p{position.pk}"]
    assert 'id="sums"' in alice.get("/parts/summary/").content.decode()
    assert 'id="att"' in alice.get("/parts/attention/").content.decode()
    for name in ("chart", "rules", "figures", "actions"):
        part = alice.get(f"/positions/{position.pk}/parts/{name}/").content.decode()
        assert f'id="{name}"' in part
