"""POST /api/positions: a token, one position for one reference, and errors a program can read."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from positions.api import LARGEST
from positions.models import ApiToken, JournalEntry, Position
from positions.services import effective_policy, policy_set
from positions.tokens import MOST_GUESSES, digest_of, new_token
from tests.fakes.polymarket import FakeMarket, PolymarketServer

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("shipped"),
    pytest.mark.both_dbs,
]
Post = Callable[..., HttpResponse]
PATH = "/api/positions"
BODY: dict[str, Any] = {
    "reference": "trade-1",
    "market": "sim:rain",
    "outcome": "No",
    "strategy": "theta_sniper",
    "entry_price": "0.45",
    "shares": 100,
    "opened_at": "2026-11-20T10:00",
    "thesis": "It stays dry",
    "fair_value": "0.7",
    "policy": {"stop_loss_pct": "12"},
}


@pytest.fixture
def token(db: None) -> str:
    user = User.objects.create_user("bot")
    user.user_permissions.add(Permission.objects.get(codename="add_position"))
    text = new_token()
    ApiToken.objects.create(name="buyer", user=user, digest=digest_of(text))
    return text


@pytest.fixture
def post(token: str) -> Post:
    """Posts the usual body with these fields changed; None leaves one out."""

    def post(**changes: Any) -> HttpResponse:
        body = {key: value for key, value in (BODY | changes).items() if value is not None}
        return send(json.dumps(body), token)

    return post


def send(content: str | bytes, token: str | None, **extra: Any) -> HttpResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client = Client(enforce_csrf_checks=True)
    answer = client.post(PATH, content, content_type="application/json", headers=headers, **extra)
    assert isinstance(answer, HttpResponse)
    return answer


def errors(answer: HttpResponse) -> set[str]:
    return set(json.loads(answer.content)["errors"])


def test_a_position_is_added_with_everything_said_about_it(post: Post) -> None:
    answer = post()
    document = json.loads(answer.content)
    position = Position.objects.select_related("market", "thesis").get()
    assert answer.status_code == 201
    assert document == {
        "id": position.pk,
        "reference": "trade-1",
        "url": f"http://127.0.0.1:8000/positions/{position.pk}/",
    }
    assert answer["Location"] == f"/positions/{position.pk}/"
    assert (position.market.outcome, position.entry_price, position.shares) == (
        "No",
        Decimal("0.45"),
        Decimal(100),
    )
    assert (position.source, position.reference) == ("api", "trade-1")
    assert (position.thesis.text, position.thesis.probability) == ("It stays dry", Decimal("0.7"))
    policy = effective_policy(position)
    assert (policy.stop_loss_pct, policy.take_profit[0].pct) == (Decimal(12), Decimal(20))
    assert JournalEntry.objects.get(position=position).actor == "bot (buyer)"


def test_guessed_tokens_end_in_a_pause_for_their_address(token: str) -> None:
    body, guesser = json.dumps(BODY), {"REMOTE_ADDR": "203.0.113.5"}
    told = {send(body, f"pm_{n}", **guesser).status_code for n in range(MOST_GUESSES)}
    answer = send(body, token, **guesser)
    assert (told, answer.status_code, answer["Retry-After"]) == ({401}, 429, "600")
    assert Position.objects.count() == 0
    assert send(body, token, REMOTE_ADDR="198.51.100.7").status_code == 201


def test_no_token_at_all_is_no_guess(token: str) -> None:
    for _ in range(MOST_GUESSES):
        assert send("{}", None).status_code == 401
    assert send(json.dumps(BODY), token).status_code == 201


def test_the_longest_names_fit_into_the_journal(post: Post) -> None:
    User.objects.update(username="u" * 150)
    ApiToken.objects.update(name="t" * 100)
    assert post().status_code == 201
    assert JournalEntry.objects.get().actor == f"{'u' * 150} ({'t' * 100})"


def test_a_reference_with_a_zero_byte_is_told_so(post: Post) -> None:
    answer = json.loads(post(reference="a\x00").content)
    assert answer["errors"]["reference"].startswith("holds a zero byte")


def test_the_same_request_again_gives_the_same_position(post: Post) -> None:
    first, second = post(), post(entry_price="0.450", shares="100.0")
    assert (first.status_code, second.status_code) == (201, 200)
    assert json.loads(first.content)["id"] == json.loads(second.content)["id"]
    assert Position.objects.count() == 1


def test_a_rule_changed_since_does_not_make_a_retry_a_conflict(post: Post) -> None:
    post()
    [pk] = Position.objects.values_list("pk", flat=True)
    document = {"stop_loss_pct": "5"}
    policy_set(position_id=pk, document=document, actor="me", now=timezone.now())
    assert post().status_code == 200
    assert effective_policy(Position.objects.get()).stop_loss_pct == Decimal(5)


@pytest.mark.parametrize(
    "change",
    [
        {"shares": 101},
        {"outcome": "Yes"},
        {"policy": {"stop_loss_pct": "13"}},
        {"thesis": "Rain"},
        {"opened_at": "2026-11-20T10:01"},
    ],
)
def test_the_same_reference_for_another_trade_is_a_conflict(
    post: Post, change: dict[str, Any]
) -> None:
    post()
    answer = post(**change)
    assert (answer.status_code, errors(answer)) == (409, {"reference"})
    assert Position.objects.count() == 1


def test_a_reference_somebody_else_gave_is_a_conflict(post: Post) -> None:
    post(reference="other")
    JournalEntry.objects.all().delete()
    assert post(reference="other").status_code == 409


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"reference": None}, {"reference"}),
        ({"reference": 5}, {"reference"}),
        ({"reference": "x" * 201}, {"reference"}),
        ({"reference": "import:1"}, {"reference"}),
        ({"reference": "a\x00"}, {"reference"}),
        ({"reference": "\ud800"}, {"reference"}),
        ({"thesis": "\ud800", "strategy": "\ud800"}, {"thesis", "strategy"}),
        ({"policy": {"\ud800": 1}}, {"policy"}),
        ({"\ud800": 1}, {"?"}),
        ({"market": None, "shares": "0"}, {"market", "shares"}),
        ({"reference": None, "colour": "red"}, {"reference", "colour"}),
        ({"strategy": "gamma"}, {"strategy"}),
        ({"entry_price": "1.5"}, {"entry_price"}),
        ({"policy": {"stop_loss_pct": "100"}}, {"policy.stop_loss_pct"}),
        ({"policy": {"take_profit_price": "2"}}, {"policy.take_profit_price"}),
        ({"outcome": "Perhaps"}, {"market"}),
        ({"market": "sim:"}, {"market"}),
    ],
)
def test_what_is_wrong_is_named_by_field(
    post: Post, change: dict[str, Any], fields: set[str]
) -> None:
    answer = post(**change)
    assert (answer.status_code, errors(answer)) == (400, fields)
    assert Position.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("", 400),
        ("[]", 400),
        ("{", 400),
        (b"\xff", 400),
        ('{"market": 1, "market": 2}', 400),
        ("[" * 100_000, 400),
        ("x" * (LARGEST + 1), 413),
    ],
)
def test_a_body_that_is_none_is_refused(token: str, content: str | bytes, status: int) -> None:
    assert send(content, token).status_code == status


def test_a_token_is_required(post: Post) -> None:
    for wrong in (None, "pm_wrong", ""):
        answer = send(json.dumps(BODY), wrong)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert Position.objects.count() == 0


def test_a_login_is_no_token(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    assert client.post(PATH, BODY, content_type="application/json").status_code == 401


@pytest.mark.parametrize("change", ["token", "user"])
def test_a_disabled_token_opens_nothing(post: Post, change: str) -> None:
    if change == "token":
        ApiToken.objects.update(enabled=False)
    else:
        User.objects.update(is_active=False)
    assert post().status_code == 401


def test_a_user_who_may_not_add_is_refused(post: Post) -> None:
    User.objects.get().user_permissions.clear()
    assert (post().status_code, Position.objects.count()) == (403, 0)


def test_only_post_is_allowed(token: str) -> None:
    answer = Client().get(PATH)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_the_use_of_a_token_is_noted_and_the_token_not_kept(post: Post, token: str) -> None:
    post()
    row = ApiToken.objects.get()
    assert (row.used_at is not None, len(row.digest), token in row.digest) == (True, 64, False)


def test_polymarket_is_resolved(post: Post, fed: FakeMarket) -> None:
    assert post(market="fed-dec").status_code == 201
    assert Position.objects.get().market.token == fed.tokens[1]


def test_an_unknown_market_is_named(post: Post, polymarket: PolymarketServer) -> None:
    answer = post(market="no-such-market")
    assert (answer.status_code, errors(answer)) == (400, {"market"})


def test_a_silent_venue_asks_for_another_try(
    post: Post, polymarket: PolymarketServer, fed: FakeMarket
) -> None:
    polymarket.knob("503")
    answer = post(market="fed-dec")
    assert (answer.status_code, answer["Retry-After"], errors(answer)) == (503, "30", {"market"})
    polymarket.clear()
    assert post(market="fed-dec").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_same_request_at_once_adds_one_position(post: Post) -> None:
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(post().status_code)
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 201]
    assert Position.objects.count() == 1
