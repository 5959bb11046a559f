"""Invitations and new passwords by link: once, for a while, until taken back, and only what the maker may give."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError

from cyberadmin.accounts.models import Account, AccountAccess, AuditEvent
from cyberadmin.people import demand, links
from cyberadmin.people.models import OneTimeLink
from cyberadmin.sync import clock
from tests.people.desk import PASSWORD, Visitor, link_in
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db
NEW = {
    "first_name": "Noémie",
    "last_name": "Roy",
    "username": "noemie@example.com",
    "language": "fr",
    "password": "a brand new password",
    "again": "a brand new password",
}
DAY = 86_400


def invited(actor: User, **given: Any) -> str:
    """The path of a new invitation."""
    return f"/link/{links.invite(actor, 'noemie@example.com', **given).token}/"


def opens(visitor: Visitor, path: str) -> bool:
    """Whether a link leads to a form."""
    return b'name="again"' in visitor.get(path, follow=True).content


def accept(visitor: Visitor, path: str, **typed: str) -> Any:
    """Open a link and fill its form in."""
    visitor.get(path)
    return visitor.post("/link/", NEW | typed)


def test_a_manager_invites_to_the_client_and_the_guest_works_there(manager: User, account: Account) -> None:
    chief = Visitor().enter(manager)
    page = chief.send(f"/c/{account.slug}/access/invite/", email="noemie@example.com", role="edit")
    path = link_in(page)
    assert path.split("/")[2] not in str(list(OneTimeLink.objects.values()))
    guest = Visitor("198.51.100.3")
    opened = guest.get(path)
    assert opened.headers["Location"] == "/link/"
    assert account.name in guest.get("/link/").content.decode()
    assert guest.post("/link/", NEW).headers["Location"] == "/"
    user = User.objects.get(username="noemie@example.com")
    assert (user.get_full_name(), user.email, user.is_staff, user.is_superuser) == (
        "Noémie Roy",
        "noemie@example.com",
        True,
        False,
    )
    assert AccountAccess.objects.get(user=user).role == "edit"
    home = guest.get("/").content.decode()
    assert 'lang="fr"' in home
    assert guest.get(f"/c/{account.slug}/contacts/contact/").status_code == 200
    made, used = (AuditEvent.objects.get(action=f"invitation.{verb}") for verb in ("made", "used"))
    assert (made.actor, made.account, used.actor) == (manager, account, user)


def test_an_administrator_invites_an_administrator(admin: User) -> None:
    chief = Visitor().enter(admin)
    path = link_in(chief.send("/people/invite/", email="noemie@example.com", is_administrator="on"))
    accept(Visitor(), path)
    assert User.objects.get(username="noemie@example.com").is_superuser


def test_a_link_opens_once(admin: User, account: Account) -> None:
    path = invited(admin, account=account, role="read")
    first, second = Visitor(), Visitor()
    second.get(path)
    assert accept(first, path).status_code == 302
    assert second.post("/link/", NEW | {"username": "somebody.else"}).status_code == 410
    assert not opens(Visitor(), path)
    assert User.objects.filter(username="somebody.else").count() == 0
    with pytest.raises(ValidationError):
        links.accept(path.split("/")[2], NEW | {"username": "third"})


def test_a_link_expires(admin: User, account: Account) -> None:
    path = invited(admin, account=account, role="read")
    guest = Visitor()
    assert opens(guest, path)
    clock.advance(7 * DAY - 60)
    assert opens(guest, path)
    clock.advance(120)
    assert not opens(guest, path)
    assert guest.post("/link/", NEW).status_code == 410
    assert not User.objects.filter(username=NEW["username"]).exists()


def test_a_link_is_taken_back(manager: User, account: Account) -> None:
    chief = Visitor().enter(manager)
    path = link_in(chief.send(f"/c/{account.slug}/access/invite/", email="noemie@example.com", role="read"))
    guest = Visitor()
    guest.get(path)
    link = OneTimeLink.objects.get()
    listed = chief.get(f"/c/{account.slug}/access/").content.decode()
    assert "noemie@example.com" in listed
    revoke = f"/c/{account.slug}/access/invitations/{link.pk}/revoke/"
    assert chief.get(revoke).status_code == 200
    assert chief.send(revoke).status_code == 302
    assert guest.post("/link/", NEW).status_code == 410
    assert chief.get(revoke).status_code == 404
    assert "noemie@example.com" not in chief.get(f"/c/{account.slug}/access/").content.decode()


@pytest.mark.parametrize("token", ["x", "0" * 43, "%00", "..%2f..%2f", "é" * 300])
def test_invented_links_all_look_alike(admin: User, token: str) -> None:
    assert not opens(Visitor(), f"/link/{token}/")


def test_who_has_a_log_in_is_not_invited(admin: User, account: Account, editor: User) -> None:
    User.objects.filter(pk=editor.pk).update(email="Etienne@Example.com")
    with pytest.raises(ValidationError) as refusal:
        links.invite(admin, "etienne@example.COM", account=account, role="read")
    assert set(refusal.value.error_dict) == {"email"}
    path = invited(admin, account=account, role="read")
    User.objects.filter(pk=editor.pk).update(email="noemie@example.com")
    assert accept(Visitor(), path).status_code == 200
    assert not User.objects.filter(username=NEW["username"]).exists()
    # A refusal uses nothing up.
    User.objects.filter(pk=editor.pk).update(email="")
    assert accept(Visitor(), path).status_code == 302


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"username": "Etienne"}, "username"),
        ({"username": "with space"}, "username"),
        ({"password": "short", "again": "short"}, "password"),
        ({"again": "something else entirely"}, "again"),
        ({"password": "noemie@example", "again": "noemie@example"}, "password"),
        ({"language": "de"}, "language"),
        ({"first_name": ""}, "first_name"),
    ],
)
def test_what_the_guest_types_is_checked(
    admin: User, account: Account, editor: User, typed: dict[str, str], field: str
) -> None:
    path = invited(admin, account=account, role="read")
    response = accept(Visitor(), path, **typed)
    assert response.status_code == 200
    assert field in response.context_data["form"].errors
    assert User.objects.count() == 2
    assert accept(Visitor(), path).status_code == 302


def test_managers_invite_to_their_client_alone(manager: User, account: Account) -> None:
    other = make_account()
    visitor = Visitor().enter(manager)
    for path in (f"/c/{other.slug}/access/invite/", f"/c/{other.slug}/access/", "/people/invite/", "/people/"):
        assert visitor.get(path).status_code in (403, 404), path
        assert visitor.send(path, email="x@example.com", role="manage", account=other.pk).status_code in (403, 404)
    for given in ({"account": other, "role": "read"}, {"is_administrator": True}, {"account": None, "role": "read"}):
        with pytest.raises(PermissionDenied):
            links.invite(manager, "x@example.com", **given)
    forged = visitor.send(f"/c/{account.slug}/access/invite/", email="x@example.com", role="read", account=other.pk)
    assert forged.status_code == 200
    assert OneTimeLink.objects.get().account == account


@pytest.mark.parametrize("role", ["read", "edit", "send"])
def test_who_does_not_manage_invites_nobody(account: Account, role: str) -> None:
    visitor = Visitor().enter(give(make_user("someone"), account, role))
    for path in ("access/", "access/invite/"):
        assert visitor.get(f"/c/{account.slug}/{path}").status_code == 403
        assert visitor.send(f"/c/{account.slug}/{path}", email="x@example.com", role="read").status_code == 403
    assert not OneTimeLink.objects.exists()


def test_another_clients_manager_cannot_take_it_back(manager: User, account: Account, admin: User) -> None:
    other = make_account()
    link = links.invite(admin, "x@example.com", account=other, role="read").link
    visitor = Visitor().enter(manager)
    assert visitor.send(f"/c/{account.slug}/access/invitations/{link.pk}/revoke/").status_code == 404
    with pytest.raises(PermissionDenied):
        links.revoke(manager, link)
    assert links.open_links().filter(pk=link.pk).exists()


@pytest.mark.parametrize("loss", ["role", "disabled", "administrator"])
def test_what_the_maker_may_no_more_the_link_gives_no_more(
    admin: User, manager: User, account: Account, loss: str
) -> None:
    maker = admin if loss == "administrator" else manager
    path = invited(maker, account=account, role="read")
    guest = Visitor()
    guest.get(path)
    if loss == "role":
        AccountAccess.objects.filter(user=manager).update(role="send")
    elif loss == "disabled":
        User.objects.filter(pk=manager.pk).update(is_active=False)
    else:
        User.objects.filter(pk=admin.pk).update(is_superuser=False)
    assert guest.post("/link/", NEW).status_code == 410
    assert not opens(Visitor(), path)
    assert not User.objects.filter(username=NEW["username"]).exists()


def test_a_second_invitation_replaces_the_first(admin: User, account: Account) -> None:
    first = invited(admin, account=account, role="read")
    second = invited(admin, account=account, role="manage")
    assert not opens(Visitor(), first)
    assert opens(Visitor(), second)


def test_a_guest_who_must_sets_a_second_factor_up_before_anything(admin: User, account: Account) -> None:
    path = invited(admin, account=account, role="edit", second_factor_required=True)
    guest = Visitor()
    accept(guest, path)
    assert demand.must_have(User.objects.get(username=NEW["username"]))
    assert not guest.is_inside()
    assert guest.get("/", follow=True).redirect_chain[-1][0].startswith("/second-factor/set-up/")


def test_an_invitation_goes_out_by_e_mail_when_there_is_a_mail_server(
    admin: User, account: Account, settings: Any
) -> None:
    chief = Visitor(language="fr").enter(admin)
    data = {"email": "noemie@example.com", "account": account.pk, "role": "read"}
    chief.send("/people/invite/", **data)
    assert mail.outbox == []
    settings.EMAIL_CONFIGURED = True
    settings.DEFAULT_FROM_EMAIL = "cyberadmin@example.org"
    page = chief.send("/people/invite/", **data)
    (message,) = mail.outbox
    assert message.to == ["noemie@example.com"]
    assert message.subject == "Votre invitation à cyberadmin"
    assert f"http://testserver{link_in(page)}" in message.body
    assert "a été envoyé à noemie@example.com" in page.content.decode()


def test_a_mail_server_that_fails_leaves_the_link(admin: User, account: Account, settings: Any) -> None:
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    page = Visitor().enter(admin).send("/people/invite/", email="noemie@example.com", account=account.pk, role="read")
    assert "could not be sent" in page.content.decode()
    assert opens(Visitor(), link_in(page))


def test_a_double_click_makes_one_link(admin: User, account: Account) -> None:
    chief = Visitor().enter(admin)
    data = {
        "form_token": "0b0e7b6e-6c3c-4f0a-9d6e-111111111111",
        "email": "noemie@example.com",
        "account": account.pk,
        "role": "read",
    }
    first, second = chief.post("/people/invite/", data), chief.post("/people/invite/", data)
    assert (first.status_code, second.status_code) == (200, 302)
    assert OneTimeLink.objects.count() == 1
    assert opens(Visitor(), link_in(first))


def test_an_administrator_makes_a_link_to_a_new_password(admin: User, editor: User) -> None:
    there = Visitor().enter(editor)
    page = Visitor().enter(admin).send(f"/people/{editor.pk}/password/")
    path = link_in(page)
    assert there.is_inside()
    guest = Visitor()
    guest.get(path)
    assert guest.post("/link/", {"password": "short", "again": "short"}).status_code == 200
    done = guest.post("/link/", {"password": "a brand new password", "again": "a brand new password"})
    assert done.status_code == 200
    assert not there.is_inside()
    assert not guest.is_inside()
    assert not opens(guest, path)
    assert Visitor().log_in("etienne", PASSWORD).status_code == 200
    assert Visitor().log_in("etienne", "a brand new password").status_code == 302
    assert AuditEvent.objects.filter(action="password.changed_by_link", actor=editor).exists()


def test_a_link_to_a_new_password_expires_and_knows_disabled_people(admin: User, editor: User) -> None:
    path = f"/link/{links.password_link(admin, editor).token}/"
    User.objects.filter(pk=editor.pk).update(is_active=False)
    assert not opens(Visitor(), path)
    with pytest.raises(ValidationError):
        links.password_link(admin, User.objects.get(pk=editor.pk))
    User.objects.filter(pk=editor.pk).update(is_active=True)
    assert opens(Visitor(), path)
    clock.advance(DAY)
    assert not opens(Visitor(), path)


def test_only_administrators_make_links_to_new_passwords(manager: User, editor: User) -> None:
    with pytest.raises(PermissionDenied):
        links.password_link(manager, editor)


def test_forgotten_passwords_tell_nothing_about_who_exists(editor: User, settings: Any) -> None:
    settings.EMAIL_CONFIGURED = True
    User.objects.filter(pk=editor.pk).update(email="etienne@example.com")
    answers = {}
    for name in ("etienne", "ETIENNE@example.com", "nobody", "nobody@example.com"):
        response = Visitor(f"203.0.113.{len(answers)}").post("/forgotten/", {"username": name})
        answers[name] = (response.status_code, re.sub(r'value="[^"]*"', "", response.content.decode()))
    assert len(set(answers.values())) == 1
    assert [message.to for message in mail.outbox] == [["etienne@example.com"]] * 2
    found = re.search(r"http://testserver(/link/\S+)", mail.outbox[-1].body)
    assert found
    assert opens(Visitor(), found.group(1))


def test_mailboxes_are_not_flooded(editor: User, settings: Any) -> None:
    settings.EMAIL_CONFIGURED = True
    User.objects.filter(pk=editor.pk).update(email="etienne@example.com")
    answers = [
        Visitor(f"203.0.113.{number}").post("/forgotten/", {"username": "etienne"}).status_code for number in range(8)
    ]
    assert answers == [200] * 3 + [429] * 5
    assert len(mail.outbox) == 3


def test_without_a_mail_server_nothing_is_sent_and_the_page_says_so(editor: User) -> None:
    User.objects.filter(pk=editor.pk).update(email="etienne@example.com")
    assert "sends no e-mail" in Visitor().get("/forgotten/").content.decode()
    assert "sends no e-mail" in Visitor().post("/forgotten/", {"username": "etienne"}).content.decode()
    assert not OneTimeLink.objects.exists()
