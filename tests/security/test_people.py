"""Who an admin lets in, and as what."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from positions.roles import ADMIN, OPERATOR, VIEWER, ensure_roles, give_role, role_of
from tests.website import member

pytestmark = pytest.mark.django_db
NEW = {"username": "bob", "password1": "quite a long pass phrase"}
NEW |= {"password2": NEW["password1"], "usable_password": "true"}


@pytest.fixture
def owner() -> Client:
    ensure_roles()
    return member("alice")


def person(name: str = "bob") -> User:
    return User.objects.get(username=name)


@pytest.mark.parametrize("role", [VIEWER, OPERATOR, ADMIN])
def test_new_person_has_the_role_that_was_chosen(owner: Client, role: str) -> None:
    assert owner.post("/admin/auth/user/add/", {**NEW, "role": role}).status_code == 302
    assert (role_of(person()), person().is_staff, person().is_superuser) == (role, True, False)


def test_role_is_changed_and_other_permissions_are_no_choice(owner: Client) -> None:
    owner.post("/admin/auth/user/add/", {**NEW, "role": OPERATOR})
    form = {"username": "bob", "role": VIEWER, "is_active": "on", "is_superuser": "on"}
    owner.post(f"/admin/auth/user/{person().pk}/change/", form)
    assert (role_of(person()), person().is_superuser) == (VIEWER, False)


@pytest.mark.parametrize("change", [{"role": VIEWER, "is_active": "on"}, {"role": ADMIN}])
def test_last_admin_stays(owner: Client, change: dict[str, str]) -> None:
    alice = person("alice")
    answer = owner.post(f"/admin/auth/user/{alice.pk}/change/", {"username": "alice", **change})
    assert "This is the only admin" in answer.content.decode()
    assert (role_of(person("alice")), person("alice").is_active) == (ADMIN, True)


def test_nobody_deletes_the_own_account(owner: Client) -> None:
    assert (
        owner.post(f"/admin/auth/user/{person('alice').pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
    owner.post("/admin/auth/user/add/", {**NEW, "role": OPERATOR})
    owner.post(f"/admin/auth/user/{person().pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(username="bob").exists()


def test_groups_are_not_edited_by_hand(owner: Client) -> None:
    assert owner.get("/admin/auth/group/").status_code == 404


def test_operator_neither_sees_people_nor_makes_himself_an_admin(owner: Client) -> None:
    bob = User.objects.create_user("bob")
    give_role(bob, OPERATOR)
    client = Client()
    client.force_login(person())
    path = f"/admin/auth/user/{bob.pk}/change/"
    assert client.get(path).status_code == 403
    assert (
        client.post(path, {"username": "bob", "role": ADMIN, "is_active": "on"}).status_code == 403
    )
    assert role_of(person()) == OPERATOR
