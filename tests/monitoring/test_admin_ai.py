"""The AI's rows in the admin: to be looked at, and nothing else."""

from __future__ import annotations

import pytest
from django.test import Client

from monitoring.advisor.gate import ask
from monitoring.advisor.port import Failure
from monitoring.models import AICall, AIProvider, AISpend
from tests.monitoring.advisor.gating import Clock, Told, about, failed, ports, request

pytestmark = pytest.mark.django_db
PAGES = ("aicall", "aiprovider", "aispend")


@pytest.fixture(autouse=True)
def one_call() -> None:
    told = Told([failed(Failure.SPEND_LIMIT, status=402)])
    ask(request(), providers=[told], about=about(), ports=ports(Clock()))


def pk(page: str) -> object:
    rows = {"aicall": AICall, "aiprovider": AIProvider, "aispend": AISpend}
    return rows[page]._default_manager.get().pk


@pytest.mark.parametrize("page", PAGES)
def test_rows_are_listed_and_read(admin_client: Client, page: str) -> None:
    answer = admin_client.get(f"/admin/monitoring/{page}/")
    assert answer.status_code == 200
    assert admin_client.get(f"/admin/monitoring/{page}/{pk(page)}/change/").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_rows_are_never_written_by_hand(admin_client: Client, page: str) -> None:
    change = f"/admin/monitoring/{page}/{pk(page)}/change/"
    codes = [
        admin_client.get(f"/admin/monitoring/{page}/add/").status_code,
        admin_client.post(change, {"cost": "0"}).status_code,
        admin_client.post(f"/admin/monitoring/{page}/{pk(page)}/delete/").status_code,
    ]
    assert codes == [403, 403, 403]


def test_call_shows_its_cost_and_text(admin_client: Client) -> None:
    assert "$0.00" in admin_client.get("/admin/monitoring/aicall/").content.decode()
    page = admin_client.get(f"/admin/monitoring/aicall/{pk('aicall')}/change/").content.decode()
    assert "Is it over?" in page
