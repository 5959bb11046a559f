"""People pages, roles, the close-out of who leaves, and typing the password again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from campaigns.models import Approval, Campaign
from cyberadmin.accounts.models import Account, AccountAccess, AuditEvent, Credential
from cyberadmin.people import links, staff
from cyberadmin.people.pages.base import DoorPage, PersonalPage
from cyberadmin.sync import clock, push
from cyberadmin.sync.models import Change
from tests.accounts.test_isolation import doors
from tests.people.desk import PASSWORD, Visitor, give_factor, session_of
from tests.world import World, give, make_account, make_user

pytestmark = pytest.mark.django_db


def test_the_list_tells_roles_second_factor_and_last_log_in(admin: User, editor: User, account: Account) -> None:
    give_factor(editor)
    text = Visitor().enter(admin).get("/people/").content.decode()
    row = text.split(f'href="/people/{editor.pk}/"')[1].split("</li>")[0]
    assert f"{account.name} · edit" in row
    assert "second factor on" in row
    assert "never logged in" in row
    mine = text.split(f'href="/people/{admin.pk}/"')[1].split("</li>")[0]
    assert "every client" in mine
    assert "last log-in" in mine


def test_the_list_takes_no_more_queries_for_more_people(
    admin: User, django_assert_num_queries: Any, account: Account
) -> None:
    visitor = Visitor().enter(admin)
    counts = []
    for _ in range(2):
        with django_assert_num_queries(1_000, exact=False) as counted:
            visitor.get("/people/")
        counts.append(len(counted))
        for _ in range(5):
            give(make_user(), account, "read")
    assert counts[0] == counts[1]


@pytest.mark.parametrize("who", ["editor", "manager"])
def test_people_pages_are_for_administrators(request: Any, who: str, admin: User) -> None:
    visitor = Visitor().enter(request.getfixturevalue(who))
    for door in doors():
        if door.route.startswith("people/"):
            path = "/" + door.route.replace("<int:object_id>", str(admin.pk))
            assert visitor.get(path).status_code == 403, path
            assert visitor.send(path, why="x", who="nobody", email="x@example.com").status_code == 403, path
    assert not AuditEvent.objects.exclude(action__in=("login", "logout", "page.refused", "page.refused_often")).exists()


def test_roles_per_client_agree_with_each_clients_own_page(admin: User, editor: User, account: Account) -> None:
    other = make_account()
    visitor = Visitor().enter(admin)
    data = {f"role-{account.pk}": "send", f"role-{other.pk}": "read"}
    assert visitor.send(f"/people/{editor.pk}/roles/", **data).status_code == 302
    assert dict(AccountAccess.objects.filter(user=editor).values_list("account", "role")) == {
        account.pk: "send",
        other.pk: "read",
    }
    assert "etienne" in visitor.get(f"/c/{other.slug}/access/").content.decode()
    visitor.send(f"/c/{other.slug}/access/", user=editor.pk, role="")
    page = visitor.get(f"/people/{editor.pk}/").content.decode()
    assert account.name in page.split("<main")[1]
    assert other.name not in page.split("<main")[1]
    assert AuditEvent.objects.filter(action="access.set").count() == 3


def test_an_unchanged_role_writes_nothing(admin: User, editor: User, account: Account) -> None:
    Visitor().enter(admin).send(f"/people/{editor.pk}/roles/", **{f"role-{account.pk}": "edit"})
    assert not AuditEvent.objects.filter(action="access.set").exists()


def test_an_administrator_is_made_and_unmade_by_another(admin: User, editor: User) -> None:
    visitor = Visitor().enter(admin)
    visitor.send(f"/people/{editor.pk}/edit/", first_name="Étienne", is_superuser="on")
    editor.refresh_from_db()
    assert (editor.is_superuser, editor.first_name) == (True, "Étienne")
    assert AuditEvent.objects.get(action="person.edited").detail["after"]["is_superuser"] is True
    assert visitor.send(f"/people/{admin.pk}/edit/").status_code == 200
    admin.refresh_from_db()
    assert admin.is_superuser


def test_nobody_closes_their_own_log_in(admin: User) -> None:
    visitor = Visitor().enter(admin)
    for path in ("disable", "leave"):
        assert visitor.send(f"/people/{admin.pk}/{path}/", why="x").status_code == 200
    admin.refresh_from_db()
    assert admin.is_active
    assert visitor.is_inside()


def test_two_log_ins_never_share_an_address(admin: User, editor: User, manager: User) -> None:
    User.objects.filter(pk=manager.pk).update(email="marie@example.com")
    visitor = Visitor().enter(admin)
    assert visitor.send(f"/people/{editor.pk}/edit/", email="MARIE@example.com").status_code == 200
    editor.refresh_from_db()
    assert editor.email == ""


def test_services_refuse_who_is_no_administrator(manager: User, editor: User, account: Account) -> None:
    for call in (
        lambda: staff.set_roles(manager, editor, {account.pk: "manage"}),
        lambda: staff.edit(manager, editor, {"is_superuser": True}),
        lambda: staff.disable(manager, editor, "x"),
        lambda: staff.enable(manager, editor),
        lambda: staff.end_sessions(manager, editor),
        lambda: staff.close_out(manager, editor, "x"),
    ):
        with pytest.raises(PermissionDenied):
            call()


def leaver(world: World) -> User:
    """Somebody who brought the client's token, and has everything else hanging on them too."""
    user = give(make_user("leaver"), world.account, "manage")
    AccountAccess.objects.filter(user=world.editor).delete()
    Credential.objects.filter(account=world.account).update(created_by=user)
    mine = Campaign.objects.create(account=world.account, name="Asked by the leaver")
    Approval.objects.create(campaign=mine, state="asked", asked_by=user, asked_at=clock.now())
    theirs = Campaign.objects.create(account=world.account, name="Waiting for the leaver")
    Approval.objects.create(campaign=theirs, state="asked", asked_by=None, asked_at=clock.now())
    links.invite(user, "guest@example.com", account=world.account, role="read")
    return user


def waiting_change(world: World, user: User) -> Change:
    """An edit of this person that was not sent yet."""
    contact = world.mirrored("someone@example.com")
    visitor = Visitor().enter(user)
    path = f"/c/{world.account.slug}/contacts/contact/{contact.pk}/"
    form = visitor.get(path).context["form"]
    shown = {name: form[name].value() for name in form.fields} | {"first_name": "Changed"}
    values = {name: "" if value is None else value for name, value in shown.items()}
    assert visitor.post(path, values).status_code == 302
    change: Change = Change.objects.get(account=world.account, actor=user)
    return change


def test_the_close_out_page_shows_everything_and_one_button_closes_it(world: World, admin: User) -> None:
    user = leaver(world)
    change = waiting_change(world, user)
    there = Visitor().enter(user)
    visitor = Visitor().enter(admin)
    page = visitor.get(f"/people/{user.pk}/leave/").content.decode()
    main = page.split("<main")[1]
    token = Credential.objects.get(account=world.account)
    for shown in (f"…{token.last_four}", "Asked by the leaver", "only this person may approve", "guest@example.com"):
        assert shown in main, shown
    assert f"/c/{world.account.slug}/sync/change/{change.pk}/" in main
    for heading in (
        "Tokens to rotate (1)",
        "Approvals (2)",
        "Changes that wait (1)",
        "Clients (1)",
        "Invitations they made (1)",
    ):
        assert heading in main, heading
    assert f"/c/{world.account.slug}/token/" in main
    assert visitor.send(f"/people/{user.pk}/leave/", why="").status_code == 200
    assert there.is_inside()
    assert visitor.send(f"/people/{user.pk}/leave/", why="new job").status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    assert not there.is_inside()
    assert Visitor().log_in("leaver").status_code == 200
    assert not AccountAccess.objects.filter(user=user).exists()
    assert not links.open_links().exists()
    event = AuditEvent.objects.get(action="person.left")
    assert (event.actor, event.why) == (admin, "new job")
    assert event.detail["clients"] == [world.account.name]
    assert event.detail["tokens"] == [f"…{token.last_four}"]
    # The token works on, and the page goes on saying so.
    after = visitor.get(f"/people/{user.pk}/leave/").content.decode().split("<main")[1]
    assert f"/c/{world.account.slug}/token/" in after
    assert "Close everything" not in after


def test_what_a_leaver_still_had_waiting_is_held_not_sent(world: World, admin: User) -> None:
    user = leaver(world)
    change = waiting_change(world, user)
    staff.close_out(admin, user, "gone")
    push.pump(world.account.pk)
    change.refresh_from_db()
    assert change.state == Change.State.PARKED
    assert world.effects() == []


def test_a_leaver_who_comes_back_has_a_log_in_and_no_role(world: World, admin: User) -> None:
    user = leaver(world)
    staff.close_out(admin, user, "gone")
    assert Visitor().enter(admin).send(f"/people/{user.pk}/enable/").status_code == 302
    visitor = Visitor().enter(user)
    assert visitor.get(f"/c/{world.account.slug}/").status_code == 404


def test_a_leaving_administrator_loses_that_right(admin: User) -> None:
    other = make_user("second", superuser=True)
    staff.close_out(admin, other, "gone")
    other.refresh_from_db()
    assert (other.is_superuser, other.is_active) == (False, False)
    with pytest.raises(ValidationError):
        staff.close_out(admin, admin, "me too")


# --- typing the password again ---
RISKY = ("/people/invite/", "/people/second-factor/", "/me/password/", "/me/codes/", "/second-factor/set-up/")


def risky(account: Account, user: User) -> list[str]:
    """Pages that want the password typed lately."""
    person = [
        f"/people/{user.pk}/{page}/" for page in ("edit", "roles", "password", "second-factor", "leave", "disable")
    ]
    return [*RISKY, *person, f"/c/{account.slug}/access/", f"/c/{account.slug}/access/invite/"]


def test_risky_pages_want_the_password_typed_lately(admin: User, editor: User, account: Account) -> None:
    visitor = Visitor().enter(admin)
    for path in risky(account, editor):
        assert visitor.get(path).status_code == 200, path
    clock.advance(10 * 60)
    before = AuditEvent.objects.count()
    for path in risky(account, editor):
        for response in (visitor.get(path), visitor.send(path, why="x", who="nobody", role="read")):
            assert response.status_code == 302, path
            assert response.headers["Location"].startswith("/me/confirm-password/?next=%2F"), path
    assert AuditEvent.objects.count() == before
    path = f"/c/{account.slug}/access/"
    asked = visitor.get(path).headers["Location"]
    assert visitor.post(asked, {"password": "wrong", "next": path}).status_code == 200
    assert visitor.post(asked, {"password": PASSWORD, "next": path}).headers["Location"] == path
    for path in risky(account, editor):
        assert visitor.get(path).status_code == 200, path
    assert AuditEvent.objects.filter(action="password.refused").count() == 1


def test_the_password_typed_again_cannot_be_guessed_either(admin: User) -> None:
    visitor = Visitor().enter(admin)
    clock.advance(11 * 60)
    answers = [
        visitor.post("/me/confirm-password/", {"password": f"guess {number}"}).status_code for number in range(7)
    ]
    assert answers == [200] * 5 + [429] * 2
    assert visitor.post("/me/confirm-password/", {"password": PASSWORD}).status_code == 429
    assert visitor.get("/people/invite/").status_code == 302


def test_a_password_in_one_session_opens_no_other(admin: User) -> None:
    first, second = Visitor().enter(admin), Visitor().enter(admin)
    clock.advance(11 * 60)
    first.post("/me/confirm-password/", {"password": PASSWORD})
    assert first.get("/people/invite/").status_code == 200
    assert second.get("/people/invite/").status_code == 302


def test_nobody_is_led_away_from_the_password_page(admin: User) -> None:
    visitor = Visitor().enter(admin)
    answer = visitor.post("/me/confirm-password/", {"password": PASSWORD, "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


# --- every page of this app ---
def own_paths(user: User) -> list[str]:
    """Every page about people that lies outside the clients."""
    paths = []
    for door in doors():
        people = door.route.startswith("people/") or (door.page and issubclass(door.page, DoorPage | PersonalPage))
        if people and "<str" not in door.route:
            paths.append("/" + door.route.replace("<int:object_id>", str(user.pk)))
    return paths


def test_a_post_without_its_token_changes_nothing(admin: User, editor: User, account: Account) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = Visitor().enter(admin).cookies
    events = AuditEvent.objects.count()
    posts = [*own_paths(editor), f"/c/{account.slug}/access/", f"/c/{account.slug}/access/invite/"]
    for path in posts:
        assert strict.post(path, {"why": "x", "username": "etienne", "password": PASSWORD}).status_code == 403, path
    assert AuditEvent.objects.count() == events
    assert session_of(admin).ended_at is None
    anonymous = Client(enforce_csrf_checks=True)
    assert anonymous.post("/login/", {"username": "ariane", "password": PASSWORD}).status_code == 403


def test_looking_at_a_page_changes_nothing(admin: User, editor: User, account: Account) -> None:
    links.invite(admin, "guest@example.com", account=account, role="read")
    visitor = Visitor().enter(admin)

    def state() -> list[Any]:
        people = list(User.objects.order_by("pk").values_list("pk", "password", "is_active", "is_superuser"))
        kept = list(links.OneTimeLink.objects.values_list("pk", "used_at", "revoked_at"))
        return [people, kept, AuditEvent.objects.count(), session_of(admin).ended_at]

    before = state()
    for path in own_paths(editor):
        visitor.get(path)
        assert state() == before, path


def test_every_page_carries_its_headers_and_no_script(admin: User, editor: User, language_code: str) -> None:
    visitor = Visitor(language=language_code).enter(admin)
    stranger = Visitor(language=language_code)
    seen = 0
    for path in own_paths(editor):
        for client in (visitor, stranger):
            response = client.get(path)
            for name, value in {
                "X-Frame-Options": "DENY",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "same-origin",
            }.items():
                assert response.headers[name] == value, path
            assert "no-store" in response.headers["Cache-Control"], path
            assert "script-src 'self'" in response.headers["Content-Security-Policy"], path
            if response.status_code == 200:
                seen += 1
                text = response.content.decode()
                assert f'lang="{language_code}"' in text, path
                assert "<script>" not in text, path
                assert PASSWORD not in text, path
    assert seen > 20


@pytest.fixture(params=["fr", "en"])
def language_code(request: pytest.FixtureRequest) -> str:
    """Each language."""
    return str(request.param)


def test_a_person_returns_to_their_language_in_a_new_browser(admin: User, account: Account) -> None:
    made = links.invite(admin, "guest@example.com", account=account, role="read")
    typed = {"first_name": "A", "last_name": "B", "username": "guest", "language": "fr", "password": "a brand new one!"}
    links.accept(made.token, typed)
    visitor = Visitor(language="en")
    visitor.log_in("guest", "a brand new one!")
    assert 'lang="fr"' in visitor.get("/").content.decode()
    visitor.post("/language/", {"language": "en"})
    assert 'lang="en"' in visitor.get("/").content.decode()


def test_old_links_are_forgotten(admin: User, account: Account) -> None:
    links.invite(admin, "guest@example.com", account=account, role="read")
    clock.advance((links.KEPT + timedelta(days=6)).total_seconds())
    links.prune()
    assert links.OneTimeLink.objects.count() == 1
    clock.advance(2 * 86_400)
    links.prune()
    assert links.OneTimeLink.objects.count() == 0
