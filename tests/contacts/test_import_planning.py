"""A list from its upload to its results: what is planned for each row, what is sent, and what is refused."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from contacts import services as contacts
from contacts.bulk import uploads
from contacts.bulk.uploads import Chosen
from contacts.imports.firsts import Firsts
from contacts.imports.reading import Options
from contacts.models import ColumnMapping, ConsentRecord, ImportFile
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.sync.admin import bulk_rows, bulk_words
from cyberadmin.sync.bulk import applying, kinds, services
from cyberadmin.sync.clock import now
from cyberadmin.sync.health import differences
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import ChangeSet
from groups.models import Group
from tests.contacts.bulk.bulk_desk import (
    approve_and_apply,
    colleague,
    held_groups,
    planned,
    results,
    run,
    upload,
    verdicts,
)
from tests.world import World

pytestmark = pytest.mark.django_db

GIVEN = date(2026, 6, 1)
LIST = "Courriel,Prénom,Nom\nzoe@example.com,Zoé,Bélanger\nben@example.com,Ben,Roy\n"


def choose(world: World, file: ImportFile, **chosen: object) -> ChangeSet:
    """What most lists need: active clients since June, the columns as recognised."""
    values: dict[str, object] = {"relation": "active-clients", "consent_on": GIVEN, "mapping": uploads.mapping_of(file)}
    return planned(uploads.choose(world.editor, file, Chosen(**{**values, **chosen})))  # type: ignore[arg-type]


def test_a_list_is_uploaded_planned_applied_and_written_down(world: World) -> None:
    group = world.mirrored_group("Clients")
    file = upload(world, LIST)
    assert uploads.mapping_of(file) == {0: "email", 1: "first_name", 2: "last_name"}
    made = choose(world, file, groups=[group], language="fr_ca")
    assert made.counts == {"rows": 2, "create": 2}
    assert made.forecast["contacts_change"] == 2
    assert made.forecast["expiries"] == {"2028-06": 2}
    assert world.effects() == []

    done = approve_and_apply(world, made)

    assert (done.state, results(done)) == ("done", {"zoe@example.com": "done", "ben@example.com": "done"})
    held = world.held_member("zoe@example.com")
    assert (held["firstname"], held["language"]) == ("Zoé", "fr_ca")
    assert held_groups(world, "zoe@example.com") == {"Clients"}
    zoe = world.contact("zoe@example.com")
    assert (zoe.first_name, zoe.consent_relation, zoe.consent_on) == ("Zoé", "active-clients", GIVEN)
    assert zoe.consent_expires_on == date(2028, 6, 1)
    assert ConsentRecord.objects.filter(account=world.account, source="import").count() == 2
    assert differences(world.account.pk) == []
    world.pull()
    assert world.contact("zoe@example.com").remote_id == held["id"]
    again = choose(world, upload(world, LIST), groups=[group], language="fr_ca")
    assert again.counts == {"rows": 2, "same": 2}


def test_every_row_gets_one_verdict_with_its_reason(world: World) -> None:
    world.mirrored("ben@example.com", firstname="Ben", lastname="Roy")
    world.mirrored("ana@example.com", firstname="Ana")
    world.remote_member("gone@example.com")
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email="gone@example.com")
    world.pull()
    text = (
        "Courriel,Prénom,Nom,Date de consentement\n"
        " BEN@example.com ,Benoit,Roy,\n"
        "new@example.com,Zoé,,\n"
        "gone@example.com,Lise,,\n"
        "NEW@example.com,Twice,,\n"
        "one@example.com; two@example.com,Both,,\n"
        "no-at.example.com,Jean,,\n"
        "old@example.com,Guy,,2019-01-01\n"
        "future@example.com,Ida,,2999-01-01\n"
    )
    file = upload(world, text)
    mapping = {**uploads.mapping_of(file), 3: "consent_on"}
    made = choose(world, file, mapping=mapping)
    assert made.counts == {"rows": 8, "update": 1, "create": 1, "refused": 2, "duplicate": 1, "invalid": 3}
    found = {row.number: (row.verdict, row.reason) for row in made.rows.all()}
    assert found == {
        2: ("update", ""),
        3: ("create", ""),
        4: ("refused", "unsubscribed"),
        5: ("duplicate", "twice_in_file"),
        6: ("invalid", "cells"),
        7: ("invalid", "cells"),
        8: ("refused", "lapsed_on_arrival"),
        9: ("invalid", "cells"),
    }
    ben = made.rows.get(number=2)
    assert (ben.base["first_name"], ben.values["first_name"]) == ("Ben", "Benoit")
    assert "last_name" not in ben.values
    assert made.rows.get(number=5).detail == {"line": 3}


def test_nothing_about_consent_is_preset_and_all_of_it_is_asked_for(world: World) -> None:
    file = upload(world, "Courriel,Date de consentement,Preuve de consentement\nzoe@example.com,2026-01-02,form\n")
    assert uploads.mapping_of(file) == {0: "email"}
    assert file.change_set.parameters == {}
    with pytest.raises(ValidationError) as nothing:
        uploads.choose(world.editor, file, Chosen(mapping={0: "email"}))
    assert set(nothing.value.message_dict) == {"relation"}
    with pytest.raises(ValidationError) as undated:
        uploads.choose(world.editor, file, Chosen(mapping={0: "email"}, relation="active-clients"))
    assert set(undated.value.message_dict) == {"consent_on"}
    with pytest.raises(ValidationError) as express:
        uploads.choose(world.editor, file, Chosen(mapping={0: "email"}, relation="express-consent"))
    assert set(express.value.message_dict) == {"consent_on", "how", "place", "proof"}
    with pytest.raises(ValidationError) as contest:
        uploads.choose(
            world.editor, file, Chosen(mapping={0: "email"}, relation="contest-participants", consent_on=GIVEN)
        )
    assert "proof" in contest.value.message_dict
    assert ChangeSet.objects.get(pk=file.change_set_id).state == "draft"


def test_a_purchased_list_takes_an_administrator_and_a_proof(world: World) -> None:
    file = upload(world, LIST)
    stated = {"relation": "purchased-list", "consent_on": GIVEN, "how": "bought", "place": "fair", "proof": "contract"}
    with pytest.raises(ValidationError) as refused:
        choose(world, file, **stated)
    assert "relation" in refused.value.message_dict
    world.editor.is_superuser = True
    world.editor.save()
    made = choose(world, file, **stated)
    assert made.counts["create"] == 2


def test_express_consent_for_many_takes_a_second_person(world: World) -> None:
    file = upload(world, LIST)
    stated = {"relation": "express-consent", "consent_on": GIVEN, "how": "ticked", "place": "fair", "proof": "I agree"}
    made = choose(world, file, **stated)
    with pytest.raises(ValidationError):
        services.approve(world.editor, made, made.fingerprint)
    with pytest.raises(ValidationError):
        services.apply(world.editor, made)
    assert world.effects() == []
    done = approve_and_apply(world, made, colleague(world))
    assert done.state == "done"
    record = ConsentRecord.objects.get(account=world.account, email_key="zoe@example.com")
    assert (record.consent_type, record.how, record.place, record.proof) == ("express", "ticked", "fair", "I agree")


def test_columns_are_remembered_for_this_client_and_header_without_their_claims(world: World) -> None:
    text = "Adresse,Libre,Quand\nzoe@example.com,Zoé,2026-01-02\n"
    file = upload(world, text)
    choose(world, file, mapping={0: "email", 1: "first_name", 2: "consent_on"})
    assert uploads.mapping_of(upload(world, text.replace("zoe@", "ida@"))) == {0: "email", 1: "first_name"}
    other = World.build(world.sandbox)
    assert uploads.mapping_of(upload(other, text)) == {0: "email"}
    assert ColumnMapping.objects.count() == 1


def test_a_day_that_can_be_read_in_two_ways_is_asked_about(world: World) -> None:
    text = "Courriel,Anniversaire\nzoe@example.com,03/04/1985\nben@example.com,05/06/1990\n"
    file = upload(world, text)
    mapping = {0: "email", 1: "birth_date"}
    stopped = choose(world, file, mapping=mapping)
    assert (stopped.state, stopped.reason) == ("failed", "dates_ambiguous")
    file = ImportFile.objects.get(pk=file.pk)
    made = choose(world, file, mapping=mapping, date_order="day")
    assert made.rows.get(number=2).values["birth_date"] == "1985-04-03"


def other_clients_people(world: World, number: int) -> tuple[World, str]:
    """Another client with so many contacts, and their export."""
    other = World.build(world.sandbox)
    for index in range(number):
        other.remote_member(f"person{index}@example.com")
    other.pull()
    return other, "Courriel\n" + "".join(f"person{index}@example.com\n" for index in range(number))


def test_another_clients_list_is_stopped_without_saying_whose(world: World) -> None:
    other, export = other_clients_people(world, 12)
    made = choose(world, upload(world, export))
    assert (made.state, made.reason) == ("failed", "other_clients_list")
    with pytest.raises(ValidationError):
        services.approve(world.editor, made, made.fingerprint)
    said = bulk_words.explain(made)
    assert "another client" in said.what_happened
    assert other.account.name not in said.what_happened + said.next_step


def test_some_overlap_with_another_client_stops_nothing(world: World) -> None:
    _other, export = other_clients_people(world, 12)
    strangers = "".join(f"stranger{index}@example.com\n" for index in range(20))
    assert choose(world, upload(world, export + strangers)).state == "planned"


@pytest.mark.parametrize("number", [0, 1, 5_000, 40_000])
def test_the_first_line_of_each_address_is_known(number: int) -> None:
    firsts = Firsts()
    assert all(firsts.line(f"p{line}@example.com", line) == line for line in range(number))
    assert all(firsts.line(f"p{line}@example.com", line + number) == line for line in range(0, number, 97))


@pytest.mark.parametrize("unknown_group", ["refuse", "ignore"])
def test_a_group_deleted_at_the_vendor_after_the_plan_outdates_it(world: World, unknown_group: str) -> None:
    world.sandbox.settings(unknown_group=unknown_group)
    group = world.mirrored_group("Clients")
    made = choose(world, upload(world, LIST), groups=[group])
    world.sandbox.control("DELETE", "groups", account=world.remote, id=group.remote_id)
    done = approve_and_apply(world, made)
    assert (done.state, done.reason, done.reason_detail) == ("outdated", "group_gone", {"title": "Clients"})
    assert "“Clients” is deleted" in kinds.get(done.kind).sentence(done.reason, done.reason_detail)
    assert set(results(done).values()) == {"waiting"}
    assert (world.effects(), world.held()["members"]) == ([], [])


@pytest.mark.parametrize("unknown_group", ["refuse", "ignore"])
def test_a_group_deleted_at_the_vendor_between_two_batches_pauses_it(
    world: World, unknown_group: str, settings: Any
) -> None:
    world.sandbox.settings(unknown_group=unknown_group, batch_start_seconds=0, batch_run_seconds=0)
    settings.BULK_BATCH_ROWS = 1
    group = world.mirrored_group("Clients")
    made = choose(world, upload(world, LIST), groups=[group])
    services.approve(world.editor, made, made.fingerprint)
    services.apply(world.editor, made)
    applying.work(made.account_id, budget=0)
    world.sandbox.control("DELETE", "groups", account=world.remote, id=group.remote_id)
    stopped = run(world, made)
    assert (stopped.state, stopped.reason, stopped.reason_detail) == ("paused", "group_gone", {"title": "Clients"})
    assert Counter(results(stopped).values()) == {"done": 1, "waiting": len(results(stopped)) - 1}
    assert len(world.held()["members"]) == 1
    services.cancel(world.editor, stopped)
    ended = run(world, stopped)
    assert (ended.state, Counter(results(ended).values())["cancelled"]) == ("cancelled", len(results(ended)) - 1)


def test_a_group_deleted_here_after_the_plan_outdates_it(world: World) -> None:
    group = world.mirrored_group("Clients")
    made = choose(world, upload(world, LIST), groups=[group])
    with writing():
        Group.objects.filter(pk=group.pk).update(gone_at=now())
    done = approve_and_apply(world, made)
    assert (done.state, done.reason) == ("outdated", "group_gone")
    assert world.effects() == []


def test_a_revoked_token_pauses_the_client_and_not_a_row_is_lost(world: World) -> None:
    made = choose(world, upload(world, LIST))
    world.sandbox.control("DELETE", "tokens", account=world.remote)
    stopped = approve_and_apply(world, made)
    assert stopped.state == "applying"
    assert set(results(stopped).values()) == {"waiting"}
    world.account.refresh_from_db()
    assert world.account.paused_reason == "token"


def test_a_corrected_download_imports_what_was_meant(world: World) -> None:
    text = 'Courriel,Prénom,Société\n=bad,Zoé,"=HYPERLINK(""x"")"\n"ida.example.com",-Ida,+514\n'
    made = choose(world, upload(world, text))
    assert made.counts == {"rows": 2, "invalid": 2}
    response = bulk_rows.download(made, bulk_rows.View(verdict="correct"))
    sheet = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
    assert "'=HYPERLINK" in sheet
    assert "'-Ida" in sheet
    fixed = sheet.replace("'=bad", "zoe@example.com").replace("ida.example.com", "ida@example.com")
    again = choose(world, upload(world, fixed))
    assert again.counts == {"rows": 2, "create": 2}
    rows = {row.label: row.values for row in again.rows.all()}
    assert rows["zoe@example.com"]["company"] == '=HYPERLINK("x")'
    assert (rows["ida@example.com"]["first_name"], rows["ida@example.com"]["company"]) == ("-Ida", "+514")


def test_taking_back_deletes_the_new_and_restores_the_old_but_touches_nobody_who_moved_on(world: World) -> None:
    group = world.mirrored_group("Clients")
    world.mirrored("ben@example.com", firstname="Ben")
    text = "Courriel,Prénom\nzoe@example.com,Zoé\nben@example.com,Benoit\nida@example.com,Ida\nlea@example.com,Léa\n"
    done = approve_and_apply(world, choose(world, upload(world, text), groups=[group]))
    assert set(results(done).values()) == {"done"}
    world.pull()
    world.sandbox.control("POST", "unsubscribe", account=world.remote, email="lea@example.com")
    world.pull()
    ida = world.contact("ida@example.com")
    contacts.edit_contact(world.editor, ida, {"company": "Quai"}, ida.edit_version)
    world.settle()

    back = planned(services.take_back(world.editor, done, "wrong list"))

    assert verdicts(back) == {
        "zoe@example.com": ("remove", ""),
        "ben@example.com": ("update", ""),
        "ida@example.com": ("refused", "touched_since"),
        "lea@example.com": ("refused", "unsubscribed"),
    }
    ended = approve_and_apply(world, back)
    assert set(results(ended).values()) == {"done"}
    emails = {member["email"] for member in world.held()["members"]}
    assert emails == {"ben@example.com", "ida@example.com"}
    assert world.held_member("ben@example.com")["firstname"] == "Ben"
    assert held_groups(world, "ben@example.com") == set()
    assert differences(world.account.pk) == []


def test_an_administrator_alone_can_say_that_both_clients_know_these_people(world: World) -> None:
    other, export = other_clients_people(world, 12)
    file = upload(world, export)
    choose(world, file)
    file.refresh_from_db()
    assert choose(world, file, known_overlap=True).reason == "other_clients_list"
    world.editor.is_superuser = True
    world.editor.save()
    file.refresh_from_db()
    assert choose(world, file, known_overlap=True).counts == {"rows": 12, "create": 12}
    event = AuditEvent.objects.get(action="bulk.overlap_known")
    assert (event.account, event.actor) == (world.account, world.editor)
    assert other.account.name not in str(event.detail)


def test_a_mixed_list_is_discouraged(world: World) -> None:
    file = upload(world, LIST)
    with pytest.raises(ValidationError) as refused:
        choose(world, file, relation="mixed-list")
    assert "split the file" in refused.value.message_dict["relation"][0]
    assert choose(world, file, relation="mixed-list", mixed_sure=True).counts["create"] == 2


def test_an_applied_import_can_be_neither_read_anew_nor_chosen_for_again(world: World) -> None:
    file = upload(world, LIST)
    done = approve_and_apply(world, choose(world, file))
    file = ImportFile.objects.get(pk=file.pk)
    before = (file.layout, file.mapping, done.parameters)
    with pytest.raises(ValidationError):
        uploads.read_as(file, Options(separator=";"))
    with pytest.raises(ValidationError):
        choose(world, file, relation="partners")
    file.refresh_from_db()
    done.refresh_from_db()
    assert (file.layout, file.mapping, done.parameters) == before
