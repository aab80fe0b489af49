"""Questions and what was said of them in the admin: to be read, with the way to their own page."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from monitoring.models import Headline, Score, Screening
from positions.roles import OPERATOR, VIEWER, ensure_roles
from tests.monitoring.questions.desk import Desk

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
MODELS = ("question", "decision", "screening", "score")


@pytest.fixture
def number(client: Client) -> int:
    """A question's id; there is one row of each kind."""
    client.force_login(User.objects.create_superuser("ann"))
    desk = Desk()
    question = desk.open()
    row = Headline.objects.create(key="k", title="<b>CPI</b>", first_seen=desk.now)
    question.headlines.add(row)
    Screening.objects.create(
        position=desk.position,
        headline=row,
        thesis_version=1,
        screener="rules 1",
        question=question,
        direction="against",
        urgency="medium",
        at=desk.now,
    )
    Score.objects.create(decision=question.decisions.get(), horizon="1h", due_at=desk.now)
    return int(question.pk)


@pytest.mark.parametrize("model", MODELS)
def test_list_leads_to_the_question(client: Client, number: int, model: str) -> None:
    page = client.get(f"/admin/monitoring/{model}/").content.decode()
    assert f'<a href="/decisions/{number}/">#{number}</a>' in page


@pytest.mark.parametrize("model", MODELS)
def test_row_is_read_and_never_written(client: Client, number: int, model: str) -> None:
    path = f"/admin/monitoring/{model}/1/change/"
    page = client.get(path).content.decode()
    assert ('name="_save"' in page, "<b>CPI</b>" in page) == (False, False)
    assert client.post(path, {}).status_code == 403
    assert client.get(f"/admin/monitoring/{model}/add/").status_code == 403


def test_question_has_the_way_to_its_page(client: Client, number: int) -> None:
    page = client.get(f"/admin/monitoring/question/{number}/change/").content.decode()
    assert f'href="/decisions/{number}/"' in page


@pytest.mark.parametrize(("role", "answers"), [(VIEWER, False), (OPERATOR, True)])
def test_operator_may_answer_and_set_the_ai_policy(role: str, answers: bool) -> None:
    ensure_roles()
    user = User.objects.create_user("bob")
    user.groups.add(Group.objects.get(name=role))
    wanted = ("monitoring.change_question", "positions.change_advicepolicy")
    assert [user.has_perm(name) for name in wanted] == [answers, answers]
    assert user.has_perm("monitoring.view_decision")
