"""What staff may do with groups."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from contacts import services as contacts
from cyberadmin.accounts.models import Account
from cyberadmin.sync.mirror import MirrorWriteRefused, writing
from cyberadmin.sync.models import Change
from groups import services
from groups.models import Group
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def editor(account: Account) -> User:
    return give(make_user(), account, "edit")


@pytest.mark.parametrize("title", ["", "   ", "x" * 251, "a\x00b"])
def test_a_group_needs_a_title(account: Account, editor: User, title: str) -> None:
    with pytest.raises(ValidationError) as refused:
        services.create_group(editor, account, title, False)
    assert refused.value.message_dict["title"][0].endswith(".")
    assert Group.objects.count() == 0


@pytest.mark.parametrize("again", ["Bénévoles", "  bénévoles ", "BÉNÉVOLES", "Be\u0301névoles"])
def test_a_title_is_used_once_in_a_client(account: Account, editor: User, again: str) -> None:
    services.create_group(editor, account, "Bénévoles", False)
    with pytest.raises(ValidationError):
        services.create_group(editor, account, again, False)
    assert Group.objects.count() == Change.objects.count() == 1


def test_renaming_onto_another_groups_title_is_refused(account: Account, editor: User) -> None:
    services.create_group(editor, account, "A", False)
    other = services.create_group(editor, account, "B", False)
    with pytest.raises(ValidationError):
        services.edit_group(editor, other, {"title": "a"}, other.edit_version)
    services.edit_group(editor, other, {"title": "b"}, other.edit_version)
    other.refresh_from_db()
    assert other.title == "b"


def test_a_dynamic_group_cannot_be_edited_or_emptied(account: Account, editor: User) -> None:
    group = services.create_group(editor, account, "Auto", False)
    with writing():
        Group.objects.filter(pk=group.pk).update(is_dynamic=True)
    for attempt in (
        lambda: services.edit_group(editor, group, {"title": "X"}, group.edit_version),
        lambda: services.empty_group(editor, group),
    ):
        with pytest.raises(ValidationError, match="dynamic"):
            attempt()


def test_what_refers_to_a_group_is_listed_before_it_is_deleted(account: Account, editor: User) -> None:
    group, other = (services.create_group(editor, account, title, False) for title in ("A", "B"))
    both, alone = (contacts.create_contact(editor, account, {"email": f"{name}@example.com"}) for name in "xy")
    contacts.change_groups(editor, both, [group, other], [])
    contacts.change_groups(editor, alone, [group], [])
    assert [reference.count for reference in services.references(group)] == [2, 1, 3]


def test_a_group_created_and_deleted_before_anything_was_sent_is_forgotten(account: Account, editor: User) -> None:
    group = services.create_group(editor, account, "A", False)
    services.delete_group(editor, group)
    group.refresh_from_db()
    assert group.gone_at is not None
    assert not Change.objects.filter(state__in=Change.OPEN).exists()
    services.create_group(editor, account, "A", False)


def test_nobody_writes_the_mirror_past_the_engine(account: Account, editor: User) -> None:
    group = services.create_group(editor, account, "A", False)
    for attempt in (
        lambda: group.save(),
        lambda: group.delete(),
        lambda: Group.objects.update(title="B"),
        lambda: Group.objects.all().delete(),
        lambda: Group.objects.bulk_create([Group(account=account, title="C")]),
        lambda: Group.objects.bulk_update([group], ["title"]),
    ):
        with pytest.raises(MirrorWriteRefused):
            attempt()
    assert Group.objects.get().title == "A"
