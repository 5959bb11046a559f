"""What the mirror and the ledger say of a consent after an import: what the vendor holds, and nothing else."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest

from contacts.bulk import uploads
from contacts.bulk.uploads import Chosen
from contacts.consent import reading, terms
from contacts.models import ConsentRecord, Contact
from cyberadmin.sync.admin import bulk_words
from cyberadmin.sync.models import ChangeSet
from tests.contacts.bulk.bulk_desk import approve_and_apply, planned, results, upload
from tests.world import World

pytestmark = pytest.mark.django_db

LATELY = date.today() - timedelta(days=40)
ENDS = terms.expires_on("active-clients", LATELY)


@pytest.fixture
def ana(world: World) -> Contact:
    """An active client whose consent was read at the vendor."""
    kept = {"consentType": "implied", "relationType": "active-clients", "consentProof": "Invoice 12"}
    days = {"consentDate": f"{LATELY} 00:00:00", "consentExpiration": f"{ENDS} 00:00:00"}
    world.mirrored("ana@example.com", firstname="Anna", **kept, **days)
    return read(world)


def read(world: World) -> Contact:
    """What is read of her consent at the vendor, where that is due."""
    reading.read_account(world.account, time.monotonic() + 5)
    return world.contact("ana@example.com")


def plan(world: World, relation: str, given: date) -> ChangeSet:
    """A list that corrects her first name, and claims a consent."""
    file = upload(world, "Courriel,Prénom\nana@example.com,Ana\n")
    chosen = Chosen(relation=relation, consent_on=given, proof="Fair", mapping=uploads.mapping_of(file))
    return planned(uploads.choose(world.editor, file, chosen))


def test_a_consent_that_the_vendor_keeps_stays_as_it_is_here(world: World, ana: Contact) -> None:
    assert (ana.consent_on, ana.consent_expires_on) == (LATELY, ENDS)
    made = plan(world, "information-request", LATELY)
    shown = bulk_words.rows(made, list(made.rows.all()))[0]["differences"]
    assert shown == [("first_name", "Anna", "Ana", True)]

    done = approve_and_apply(world, made)

    assert set(results(done).values()) == {"done"}
    assert world.held_member("ana@example.com")["firstname"] == "Ana"
    after = world.contact("ana@example.com")
    assert (after.first_name, after.consent_relation, after.consent_on) == ("Ana", "active-clients", LATELY)
    assert (after.consent_expires_on, after.consent_proof) == (ENDS, "Invoice 12")
    assert after.consent_read_at == ana.consent_read_at
    assert not ConsentRecord.objects.filter(account=world.account, source="import").exists()


@pytest.mark.parametrize("taken", [True, False])
def test_of_two_consents_that_end_on_one_day_the_vendor_is_asked_which_it_kept(
    world: World, ana: Contact, taken: bool
) -> None:
    approve_and_apply(world, plan(world, "partners", LATELY))
    if not taken:
        world.remote_edit("ana@example.com", relationType="active-clients", consentProof="Invoice 12")
    unread = world.contact("ana@example.com")
    assert (unread.consent_relation, unread.consent_read_at) == ("active-clients", None)

    # The pull that follows every list goes before.
    world.pull()
    after = read(world)

    assert after.consent_relation == ("partners" if taken else "active-clients")
    assert after.consent_expires_on == ENDS
    last = ConsentRecord.objects.filter(account=world.account).order_by("-pk")[0]
    assert (last.source, last.relation) == ("seen", after.consent_relation)
