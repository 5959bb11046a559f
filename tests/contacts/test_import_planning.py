"""A list from its upload to its results: what is planned for each row, what is sent, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from contacts.bulk import uploads
from contacts.bulk.uploads import Chosen
from contacts.imports.firsts import Firsts
from contacts.models import ColumnMapping, ConsentRecord, Contact, ImportFile
from cyberadmin.sync.bulk import services
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import ChangeSet
from groups.models import Group
from tests.contacts.bulk.bulk_desk import (
    approve_and_apply,
    colleague,
    held_groups,
    planned,
    results,
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
