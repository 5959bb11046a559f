"""A list that says the relation of each row: every person arrives with their own relation, date and expiry (product.md 3c)."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from contacts.bulk import uploads
from contacts.bulk.uploads import Chosen
from contacts.imports import columns
from contacts.imports.words import RELATIONS, plain
from contacts.models import ConsentRecord, Relation
from cyberadmin.sync import connection
from cyberadmin.sync.bulk import services
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import Batch, ChangeSet
from tests.contacts.bulk.bulk_desk import approve_and_apply, colleague, planned, results, upload, verdicts
from tests.world import World

pytestmark = pytest.mark.django_db

LIST = (
    "Courriel,Relation avec le client,Date\n"
    "ana@example.com,Client actif,2026-06-01\n"
    "ben@example.com,demande d’information,2026-09-01\n"
    "cleo@example.com,Customer,2026-06-02\n"
    "dan@example.com,information-request,2026-01-05\n"
    "eva@example.com,Membres,2026-06-01\n"
    "fay@example.com,,2026-06-01\n"
    "gil@example.com,ami,2026-06-01\n"
    "hal@example.com,Client,\n"
    "ivy@example.com,Liste achetée,2026-06-01\n"
)
MAPPING = {0: "email", 1: "consent_relation", 2: "consent_on"}


def choose(world: World, text: str = LIST, **chosen: Any) -> ChangeSet:
    """The plan of a list whose second column says the relation."""
    file = upload(world, text)
    return planned(uploads.choose(world.editor, file, Chosen(**{"mapping": MAPPING, **chosen})))


def test_every_row_is_judged_by_its_own_relation_and_date(world: World) -> None:
    made = choose(world)
    assert verdicts(made) == {
        "ana@example.com": ("create", ""),
        "ben@example.com": ("create", ""),
        "cleo@example.com": ("create", ""),
        "dan@example.com": ("refused", "lapsed_on_arrival"),
        "eva@example.com": ("create", ""),
        "fay@example.com": ("invalid", "no_row_relation"),
        "gil@example.com": ("invalid", "cells"),
        "hal@example.com": ("invalid", "no_consent_date"),
        "ivy@example.com": ("refused", "purchased_list"),
    }
    assert made.forecast["relations"] == [
        ["active-clients", "implied", 2],
        ["association-members", "implied", 1],
        ["information-request", "implied", 1],
    ]
    assert made.forecast["expiries"] == {"2027-03": 1, "2028-06": 3}


@pytest.mark.parametrize("bad", [{}, {"batch_bad_row": "whole"}])
def test_each_person_arrives_with_their_own_relation_there_here_and_in_the_ledger(world: World, bad: Any) -> None:
    world.sandbox.settings(batch_start_seconds=0, batch_run_seconds=0, **bad)
    done = approve_and_apply(world, choose(world, relation="partners"))
    assert set(results(done).values()) == {"done"}
    expected = {
        "ana@example.com": ("active-clients", date(2028, 6, 1)),
        "ben@example.com": ("information-request", date(2027, 3, 1)),
        "cleo@example.com": ("active-clients", date(2028, 6, 2)),
        "eva@example.com": ("association-members", date(2028, 6, 1)),
        "fay@example.com": ("partners", date(2028, 6, 1)),
    }
    assert {one["email"] for one in world.held()["members"]} == set(expected)
    with connection.client_for(world.account, connection.CallLog(world.account.pk)) as client:
        there = {email: client.members.get_consent(email).relation_type for email in expected}
    for email, (relation, ends) in expected.items():
        assert there[email] == relation
        person = world.contact(email)
        assert (person.consent_relation, person.consent_expires_on) == (relation, ends)
        record = ConsentRecord.objects.get(account=world.account, email_key=email, source="import")
        assert (record.relation, record.expires_on) == (relation, ends)
    assert Batch.objects.filter(change_set=done).count() == 4
    world.pull()
    assert differences(world.account.pk) == []
    assert choose(world, relation="partners").counts["same"] == 5


def test_express_rows_need_a_proof_how_and_where_and_a_second_person(world: World) -> None:
    text = "Courriel,Relation,Date,Preuve\nana@example.com,exprès,2026-06-01,Formulaire 12\nben@example.com,Express,2026-06-01,\n"
    mapping = {**MAPPING, 3: "consent_proof"}
    without = choose(world, text, mapping=mapping)
    assert verdicts(without) == {"ana@example.com": ("invalid", "no_how"), "ben@example.com": ("invalid", "no_proof")}
    made = choose(world, text, mapping=mapping, how="ticked", place="fair")
    assert verdicts(made) == {"ana@example.com": ("create", ""), "ben@example.com": ("invalid", "no_proof")}
    with pytest.raises(ValidationError):
        services.approve(world.editor, made, made.fingerprint)
    approve_and_apply(world, made, colleague(world))
    assert world.held_member("ana@example.com")["consentType"] == "express"


def test_a_list_without_relation_column_still_needs_one(world: World) -> None:
    with pytest.raises(ValidationError) as refused:
        choose(world, mapping={0: "email", 2: "consent_on"})
    assert "relation" in refused.value.message_dict
    with pytest.raises(ValidationError) as mixed:
        choose(world, mapping={0: "email", 2: "consent_on"}, relation="mixed-list")
    assert "column that says the relation" in mixed.value.message_dict["relation"][0]


def test_words_of_relations_are_the_vendors_and_are_never_preset() -> None:
    assert set(RELATIONS.values()) == set(Relation.values) - {Relation.MIXED.value}
    assert all(
        RELATIONS[plain(value)] == value for value in set(RELATIONS.values()) - {"purchased-list"} | {"employees"}
    )
    for header in ("Relation", "Type de relation", "Business relationship", "Lien avec le client"):
        (guess,) = columns.guess([header])
        assert (guess.target, guess.preset, guess.reason) == ("consent_relation", False, "consent_to_choose")


@pytest.mark.parametrize(("language", "offered", "claimed"), [("en", "Relation with these people", "information request"),
                                                             ("fr", "Relation avec ces personnes", "demande d’information")])  # fmt: skip
def test_the_pages_offer_the_column_and_say_what_is_claimed(
    world: World, language: str, offered: str, claimed: str
) -> None:
    browser = Client(headers={"accept-language": language})
    browser.force_login(world.editor)
    file = upload(world, LIST)
    url = f"/c/{world.account.slug}/contacts/importfile/{file.pk}/"
    page = browser.get(url).content.decode()
    assert f'<option value="consent_relation">{offered}</option>' in page
    data = {"form_token": str(uuid.uuid4()), **{f"column-{column}": target for column, target in MAPPING.items()}}
    assert browser.post(url, data).status_code == 302
    planned(file.change_set)
    page = browser.get(f"/c/{world.account.slug}/sync/changeset/{file.change_set_id}/").content.decode()
    assert claimed in page.lower()
