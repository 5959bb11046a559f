"""Search by the beginnings of words, within one client's contacts."""

from __future__ import annotations

import pytest
from django.db import connection

from contacts import search
from contacts.models import Contact
from cyberadmin.accounts.models import Account
from cyberadmin.sync import registry
from cyberadmin.sync.mirror import writing
from tests.world import make_account

pytestmark = pytest.mark.django_db


def add(account: Account, email: str, first_name: str = "", last_name: str = "", company: str = "") -> Contact:
    contact = Contact(account=account)
    names = {"first_name": first_name, "last_name": last_name, "company": company}
    registry.get("contact").assign(contact, {"email": email, **names})
    with writing():
        contact.save()
    return contact


def found(account: Account, text: str) -> list[str]:
    return [contact.email for contact in search.search(Contact.objects.all(), account, text)]


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.mark.parametrize(
    "text",
    ["belanger", "BÉL", "bélanger ma", "marie.belanger@ex", "erabliere", "coeur", "marie bel erab", "  marie  "],
)
def test_finds_by_the_beginning_of_any_word(account: Account, text: str) -> None:
    add(account, "marie.belanger@example.com", "Marie", "Bélanger", "Érablière du Cœur")
    add(account, "luc@example.org", "Luc", "Roy")
    assert found(account, text) == ["marie.belanger@example.com"]


@pytest.mark.parametrize("text", ["elanger", "marie luc", "nobody"])
def test_needs_every_word_to_begin_one(account: Account, text: str) -> None:
    add(account, "marie@example.com", "Marie", "Bélanger")
    add(account, "luc@example.org", "Luc", "Roy")
    assert found(account, text) == []


def test_finds_in_one_account_only(account: Account) -> None:
    other = make_account()
    add(account, "marie@example.com", "Marie")
    add(other, "marie@example.org", "Marie")
    assert found(account, "marie") == ["marie@example.com"]
    assert found(other, "marie") == ["marie@example.org"]
    # The mark of an account is not a way into another one.
    assert found(account, f"a{other.pk}xmarie") == []


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "'",
        "''; DROP TABLE x",
        "a OR b",
        "NEAR(a b)",
        "*",
        "a*b",
        "-a",
        "^a",
        "a:b",
        "\\",
        "&|!()<->",
        "\x00",
        "%_",
        "🙂",
        "٣",
    ],
)
def test_any_text_is_safe(account: Account, text: str) -> None:
    add(account, "marie@example.com", "Marie")
    assert found(account, text) == []


def test_a_search_box_full_of_text_is_cut(account: Account) -> None:
    add(account, "marie@example.com", "Marie")
    assert found(account, "marie " * 2_000) == ["marie@example.com"]
    assert found(account, "z" * 10_000) == []


def test_without_text_nothing_is_filtered(account: Account) -> None:
    add(account, "marie@example.com")
    assert found(account, "   ") == ["marie@example.com"]


def test_keeps_the_order_of_the_list(account: Account) -> None:
    for name in ("c", "a", "b"):
        add(account, f"{name}@example.com", "Marie")
    rows = search.search(Contact.objects.order_by("-email_key"), account, "marie")
    assert [contact.email for contact in rows] == ["c@example.com", "b@example.com", "a@example.com"]


def test_follows_edits_and_deletions(account: Account) -> None:
    contact = add(account, "marie@example.com", "Marie")
    registry.get("contact").assign(contact, {"first_name": "Lucie"})
    with writing():
        contact.save()
    assert (found(account, "lucie"), len(found(account, "marie"))) == (["marie@example.com"], 1)
    registry.get("contact").assign(contact, {"email": "lucie@example.com"})
    with writing():
        contact.save()
    assert found(account, "marie") == []
    with writing():
        contact.delete()
    assert found(account, "lucie") == []


def test_uses_the_index(account: Account) -> None:
    add(account, "marie@example.com", "Marie")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table of one row would be read whole, in whatever order.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        plan = search.search(Contact.objects.order_by(), account, "marie").explain()
    assert "contacts_search" in plan or "VIRTUAL TABLE INDEX" in plan
