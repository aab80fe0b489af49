from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from monitoring.checklist import hide, steps_for
from positions.models import Switch
from tests.installation import NewInstallation
from tests.website import checked, hold

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


@pytest.fixture
def viewer(client: Client) -> Client:
    """Signed in, may only look."""
    client.force_login(User.objects.create_user("vera"))
    return client


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


class TestPage:
    def test_asks_for_a_login(self, client: Client) -> None:
        for path in ("/monitor/", "/parts/monitor/"):
            answer = client.get(path)
            assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")

    def test_viewer_sees_everything_and_is_offered_nothing(self, viewer: Client) -> None:
        checked()
        page = text(viewer, "/monitor/")
        for heading in ("Checks", "Prices", "Channels", "Queue", "Unguarded in the last 30 days"):
            assert f">{heading}</h2>" in page
        assert "Run check" not in page

    def test_part_is_the_page_s_own(self, viewer: Client) -> None:
        hold("fed")
        part = text(viewer, "/parts/monitor/")
        assert part.lstrip().startswith('<div class="stack" id="mo"')
        assert "1 open position" in part

    def test_worst_trouble_comes_first(self, viewer: Client) -> None:
        page = text(viewer, "/parts/monitor/")
        assert page.index("Critical:") < page.index("Before you rely on it")

    def test_only_reading_is_answered(self, viewer: Client) -> None:
        assert viewer.post("/monitor/").status_code == 405


class TestFirstSteps:
    def test_stand_on_the_first_page_until_this_user_hides_them(self, viewer: Client) -> None:
        assert 'id="steps"' in text(viewer, "/")
        assert viewer.get("/monitor/steps/hide/").status_code == 405
        assert viewer.post("/monitor/steps/hide/").status_code == 302
        assert 'id="steps"' not in text(viewer, "/")
        assert 'id="mo-steps"' in text(viewer, "/monitor/")
        other = Client()
        other.force_login(User.objects.create_user("otto"))
        assert 'id="steps"' in text(other, "/")

    def test_come_back_when_that_is_undone(self, viewer: Client) -> None:
        answer = viewer.post("/monitor/steps/hide/", headers={"accept": "application/json"})
        viewer.post(answer.json()["undo"]["url"])
        assert 'id="steps"' in text(viewer, "/")
        assert Switch.objects.filter(name__startswith="steps_hidden").count() == 0

    def test_hiding_twice_is_hiding(self) -> None:
        for _ in range(2):
            hide(7, now=NOON)
        assert steps_for(7, NOON) is None

    def test_stranger_has_none(self) -> None:
        assert steps_for(None, NOON) is None


def test_database_that_is_gone_is_told_on_the_page(
    new_installation: NewInstallation,
) -> None:
    place = new_installation()
    place.prepare()
    place.manage("collectstatic", "-v0", "--no-input")
    code = (
        "from django.test import Client; from django.contrib.auth.models import User;"
        "from django.db import connection as c;"
        "k = Client(SERVER_NAME='localhost', raise_request_exception=False);"
        "k.force_login(User.objects.create_user('a')); print(k.get('/monitor/').status_code);"
        "c.cursor().execute('ALTER TABLE django_session RENAME TO gone');"
        "a = k.get('/monitor/'); print(a.status_code, 'does not answer' in a.content.decode());"
        "print(*[k.get(p).status_code for p in ('/parts/monitor/', '/livez', '/metrics')]);"
        "c.cursor().execute('ALTER TABLE gone RENAME TO django_session');"
        "c.cursor().execute('DROP TABLE monitoring_monitorrun');"
        "print(k.get('/monitor/').status_code)"
    )
    printed = place.manage("shell", "-v0", "-c", code).stdout.split("\n")
    assert printed[:4] == ["200", "503 True", "503 200 503", "503"]
