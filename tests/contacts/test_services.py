"""What staff may type, and the sentence they get when it cannot be."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import translation

from contacts import services
from contacts.models import Contact, CustomField, GroupMembership
from cyberadmin.accounts.models import Account
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import Change
from cyberadmin.sync.record import StaleEdit
from groups import services as groups
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def editor(account: Account):  # type: ignore[no-untyped-def]
    return give(make_user(), account, "edit")


def refusals(error: ValidationError) -> dict[str, str]:
    return {name: messages[0] for name, messages in error.message_dict.items()}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "not an address"),
        ("email", "a@b"),
        ("email", "marie @example.com"),
        ("email", "x" * 250 + "@example.com"),
        ("birth_date", "31-12-1980"),
        ("birth_date", "1980-02-30"),
        ("birth_date", "1799-01-01"),
        ("birth_date", "2999-01-01"),
        ("country", "ZZ"),
        ("country", "Canada"),
        ("first_name", "x" * 201),
        ("first_name", "a\x00b"),
        ("custom:1", "not a date"),
        ("custom:2", "1.5"),
        ("custom:3", "many"),
        ("custom:3", "inf"),
        ("custom:9", "unknown field"),
    ],
)
def test_bad_input_gets_a_sentence_on_its_field_and_saves_nothing(
    account: Account, editor: object, field: str, value: str, language: str
) -> None:
    for number, kind in ((1, "date"), (2, "integer"), (3, "decimal number")):
        CustomField.objects.create(account=account, remote_id=number, name=kind, type=kind)
    values = {"email": "luc@example.com", field: value}
    with translation.override(language), pytest.raises(ValidationError) as refused:
        services.create_contact(editor, account, values)
    sentence = refusals(refused.value)[field]
    assert len(sentence) > 15
    assert sentence.endswith(".")
    assert Contact.objects.count() == Change.objects.count() == 0


def test_values_are_cleaned_the_way_people_type_them(account: Account, editor: object) -> None:
    for number, kind in ((1, "date"), (2, "integer"), (3, "decimal number")):
        CustomField.objects.create(account=account, remote_id=number, name=kind, type=kind)
    made = services.create_contact(
        editor,
        account,
        {
            "email": "  Zoé.Côté@exemple.example.com ".replace("é", "e").replace("ô", "o"),
            "country": "ca",
            "custom:1": "2025-01-15",
            "custom:2": "1 200",
            "custom:3": "149,95",
        },
    )
    assert (made.email, made.country) == ("Zoe.Cote@exemple.example.com", "CA")
    assert made.custom_values == {"1": "2025-01-15", "2": 1200, "3": 149.95}


def test_an_address_in_other_letter_case_is_the_same_person(account: Account, editor: object) -> None:
    services.create_contact(editor, account, {"email": "Marie@Example.com"})
    with pytest.raises(ValidationError) as refused:
        services.create_contact(editor, account, {"email": "marie@example.COM"})
    assert "Marie@Example.com" in refusals(refused.value)["email"]
    assert Contact.objects.count() == 1


def test_the_same_address_may_live_in_two_clients(account: Account, editor: object) -> None:
    other = make_account()
    give(editor, other, "edit")  # type: ignore[arg-type]
    services.create_contact(editor, account, {"email": "marie@example.com"})
    services.create_contact(editor, other, {"email": "marie@example.com"})
    assert Contact.objects.count() == 2


def test_a_stale_form_shows_both_values_and_saves_nothing(account: Account, editor: object) -> None:
    marie = services.create_contact(editor, account, {"email": "marie@example.com", "first_name": "Marie"})
    shown = {"first_name": "Marie", "company": ""}
    services.edit_contact(editor, marie, {"first_name": "Anne"}, marie.edit_version, shown=shown)
    with pytest.raises(StaleEdit) as stale:
        services.edit_contact(editor, marie, {"first_name": "Annie"}, marie.edit_version, shown=shown)
    assert stale.value.theirs == {"first_name": {"before": "Marie", "mine": "Annie", "now": "Anne"}}
    marie.refresh_from_db()
    assert marie.first_name == "Anne"


def test_a_colleagues_edit_of_another_field_stops_nobody(account: Account, editor: object) -> None:
    marie = services.create_contact(editor, account, {"email": "marie@example.com", "first_name": "Marie"})
    shown = {"first_name": "Marie", "company": ""}
    services.edit_contact(editor, marie, {"first_name": "Anne"}, marie.edit_version, shown=shown)
    services.edit_contact(editor, marie, {"company": "Érablière"}, marie.edit_version, shown=shown)
    marie.refresh_from_db()
    assert (marie.first_name, marie.company) == ("Anne", "Érablière")


def test_unsubscribing_needs_a_reason_and_cannot_be_edited_over(account: Account, editor: object) -> None:
    marie = services.create_contact(editor, account, {"email": "marie@example.com"})
    Change.objects.update(state="done")
    with pytest.raises(ValidationError):
        services.unsubscribe(editor, marie, "   ")
    services.unsubscribe(editor, marie, "Reply to the March newsletter")
    marie.refresh_from_db()
    assert marie.state == Contact.State.UNSUBSCRIBED
    for attempt in (
        lambda: services.edit_contact(editor, marie, {"first_name": "M"}, marie.edit_version),
        lambda: services.change_groups(editor, marie, [groups.create_group(editor, account, "A", False)], []),
        lambda: services.request_optin(editor, marie, "asked"),
        lambda: services.delete_contact(editor, marie),
        lambda: services.unsubscribe(editor, marie, "again"),
        lambda: services.create_contact(editor, account, {"email": "MARIE@example.com"}),
    ):
        with pytest.raises(ValidationError):
            attempt()


def test_consent_is_asked_for_once_a_day_at_most_and_with_a_basis(account: Account, editor: object) -> None:
    marie = services.create_contact(editor, account, {"email": "marie@example.com"})
    with pytest.raises(ValidationError):
        services.request_optin(editor, marie, "")
    services.request_optin(editor, marie, "Left her card at the counter")
    with pytest.raises(ValidationError):
        services.request_optin(editor, marie, "Once more")
    assert Change.objects.filter(verb="optin").count() == 1


def test_groups_of_another_client_and_dynamic_groups_are_refused(account: Account, editor: object) -> None:
    other = make_account()
    give(editor, other, "edit")  # type: ignore[arg-type]
    marie = services.create_contact(editor, account, {"email": "marie@example.com"})
    foreign = groups.create_group(editor, other, "Foreign", False)
    with pytest.raises(PermissionDenied):
        services.change_groups(editor, marie, [foreign], [])
    foreign.account_id, foreign.is_dynamic = account.pk, True
    with pytest.raises(ValidationError):
        services.change_groups(editor, marie, [foreign], [])
    assert GroupMembership.objects.count() == 0


def test_adding_and_removing_before_anything_was_sent_leaves_nothing(account: Account, editor: object) -> None:
    marie = services.create_contact(editor, account, {"email": "marie@example.com"})
    news = groups.create_group(editor, account, "News", False)
    services.change_groups(editor, marie, [news], [])
    services.change_groups(editor, marie, [], [news])
    assert GroupMembership.objects.count() == 0
    assert Change.objects.get(verb="regroup").state == Change.State.SUPERSEDED
    assert differences(account.pk) == []


@pytest.mark.parametrize("role", ["read", None])
def test_without_the_right_nothing_happens(account: Account, role: str | None) -> None:
    user = make_user()
    if role:
        give(user, account, role)
    with pytest.raises(PermissionDenied):
        services.create_contact(user, account, {"email": "marie@example.com"})
    with pytest.raises(PermissionDenied):
        groups.create_group(user, account, "News", False)
    assert Change.objects.count() == 0
