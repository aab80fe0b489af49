"""Three roles: a viewer sees, an operator acts, an admin sets up."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from positions.models import Position
from positions.roles import ACT, ADMIN, MANAGE, OPERATOR, VIEWER, ensure_roles, give_role, role_of
from tests.website import hold

pytestmark = pytest.mark.django_db
MAKES_TOKENS = "positions.add_apitoken"
SEES = "positions.view_position"


@pytest.fixture(autouse=True)
def roles(db: None) -> None:
    ensure_roles()


def person(role: str) -> User:
    user = User.objects.create_user(role, password="a long pass phrase")
    give_role(user, role)
    return User.objects.get(pk=user.pk)


def browser(role: str) -> Client:
    client = Client()
    client.force_login(person(role))
    return client


@pytest.mark.parametrize(
    ("role", "held"),
    [
        (VIEWER, {SEES}),
        (OPERATOR, {SEES, ACT}),
        (ADMIN, {SEES, ACT, MANAGE, MAKES_TOKENS, "auth.change_user"}),
    ],
)
def test_role_holds_its_permissions_and_no_more(role: str, held: set[str]) -> None:
    user = person(role)
    asked = {SEES, ACT, MANAGE, MAKES_TOKENS, "auth.change_user"}
    assert ({one for one in asked if user.has_perm(one)}, role_of(user)) == (held, role)


def test_roles_are_made_once_and_follow_new_models() -> None:
    gone = Permission.objects.get(codename="view_market")
    Group.objects.get(name=VIEWER).permissions.remove(gone)
    added = Permission.objects.create(
        codename="view_thing",
        name="thing",
        content_type=ContentType.objects.create(app_label="positions", model="thing"),
    )
    ensure_roles()
    ensure_roles()
    assert sorted(Group.objects.values_list("name", flat=True)) == [ADMIN, OPERATOR, VIEWER]
    assert {gone, added} <= set(Group.objects.get(name=VIEWER).permissions.all())


def test_new_role_takes_the_old_ones_place() -> None:
    user = User.objects.create_superuser("root", password="a long pass phrase")
    give_role(user, VIEWER)
    user = User.objects.get(pk=user.pk)
    assert (role_of(user), user.is_superuser, user.has_perm(ACT)) == (VIEWER, False, False)
    with pytest.raises(ValueError, match="'root' is no role"):
        give_role(user, "root")


def test_viewer_sees_no_button_and_his_post_is_refused_with_a_page() -> None:
    position, client = hold(), browser(VIEWER)
    page = client.get(f"/positions/{position.pk}/").content.decode()
    answer = client.post(f"/positions/{position.pk}/mute/", {"minutes": "60"})
    assert ("data-close" in page, "data-act" in page, "data-sell" in page) == (False, False, False)
    assert (answer.status_code, "Not allowed" in answer.content.decode()) == (403, True)
    assert Position.objects.get().muted_until is None


def test_operator_acts() -> None:
    position, client = hold(), browser(OPERATOR)
    page = client.get(f"/positions/{position.pk}/").content.decode()
    answer = client.post(f"/positions/{position.pk}/mute/", {"minutes": "60"})
    assert ("data-close" in page, answer.status_code) == (True, 302)
    assert Position.objects.get().muted_until is not None


ADD_PAGES = (
    ("/admin/positions/position/add/", {OPERATOR, ADMIN}),
    ("/admin/positions/strategy/add/", {OPERATOR, ADMIN}),
    ("/admin/positions/jsonsource/add/", {ADMIN}),
    ("/admin/positions/wallet/add/", {ADMIN}),
    ("/admin/positions/apitoken/add/", {ADMIN}),
    ("/admin/monitoring/channel/add/", {ADMIN}),
    ("/admin/auth/user/add/", {ADMIN}),
)


@pytest.mark.parametrize("role", [VIEWER, OPERATOR, ADMIN])
def test_admin_opens_its_forms_to_those_who_may_write(role: str) -> None:
    client = browser(role)
    opened = {path for path, _ in ADD_PAGES if client.get(path).status_code == 200}
    assert opened == {path for path, roles in ADD_PAGES if role in roles}


def test_viewer_may_read_the_admin_but_neither_tokens_nor_channels() -> None:
    client = browser(VIEWER)
    paths = (
        "/admin/",
        "/admin/positions/position/",
        "/admin/positions/apitoken/",
        "/admin/monitoring/channel/",
        "/admin/auth/user/",
    )
    assert [client.get(path).status_code for path in paths] == [200, 200, 403, 403, 403]
