"""The pages of imports and bulk changes: what they ask for, what they refuse in words, and that nothing typed is lost."""

from __future__ import annotations

import errno
import uuid
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from contacts.bulk import uploads
from contacts.models import ImportFile
from cyberadmin.sync.bulk import planning, services
from cyberadmin.sync.models import ChangeSet
from tests.contacts.bulk.bulk_desk import colleague, matching, plan
from tests.world import World

pytestmark = pytest.mark.django_db
CHOICES = {"column-0": "email", "relation": "active-clients", "consent_on": "2026-06-01"}


@pytest.fixture
def client(world: World) -> Client:
    made = Client()
    made.force_login(world.editor)
    return made


def at(world: World, path: str) -> str:
    """The address of a page of this client."""
    return f"/c/{world.account.slug}{path}"


def post(client: Client, world: World, path: str, **values: Any) -> HttpResponse:
    """Submit the form of a page, following where it leads."""
    return client.post(at(world, path), {"form_token": str(uuid.uuid4()), **values}, follow=True)


def text(response: HttpResponse) -> str:
    return response.content.decode()


def uploaded(client: Client, world: World, data: bytes, name: str = "list.csv") -> HttpResponse:
    return post(client, world, "/contacts/importfile/add/", file=SimpleUploadedFile(name, data))


def planned_by_page(client: Client, world: World, file: ImportFile, **values: Any) -> ChangeSet:
    """Choose for a file on its page, and have the plan made."""
    response = post(client, world, f"/contacts/importfile/{file.pk}/", **{**CHOICES, **values})
    assert "being made" in text(response), text(response)
    planning.plan(file.change_set_id)
    return ChangeSet.objects.get(pk=file.change_set_id)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 list", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel file"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"\n\n \n", "no row"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_words_and_not_kept(
    client: Client, world: World, data: bytes, said: str, settings: Any
) -> None:
    response = uploaded(client, world, data)
    assert said in text(response)
    assert not ImportFile.objects.exists()
    assert not ChangeSet.objects.exists()
    assert [
        path
        for path in (Path(settings.DATA_DIR) / "uploads").rglob("*")
        if path.is_file() and path.parent.name == str(world.account.pk)
    ] == []


def test_a_full_disk_is_said_and_leaves_nothing(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    response = uploaded(client, world, b"Courriel\nzoe@example.com\n")
    assert "disk of this server is full" in text(response)
    assert not ImportFile.objects.exists()


@pytest.mark.parametrize(
    ("encoding", "separator"),
    [
        ("utf-8", ","),
        ("utf-8-sig", ";"),
        ("utf-16", "\t"),
        ("cp1252", ";"),
        ("mac_roman", ","),
    ],
)
def test_any_encoding_and_separator_gives_the_same_plan(
    client: Client, world: World, encoding: str, separator: str
) -> None:
    rows = [("Courriel", "Prénom", "Nom"), ("zoe@example.com", "Zoé", "Bélanger"), ("ben@example.com", "Élie", "Côté")]
    data = "\r\n".join(separator.join(row) for row in rows).encode(encoding)
    uploaded(client, world, data)
    file = ImportFile.objects.get()
    made = planned_by_page(client, world, file, **{"column-1": "first_name", "column-2": "last_name"})
    found = {row.label: (row.values["first_name"], row.values["last_name"]) for row in made.rows.all()}
    assert found == {"zoe@example.com": ("Zoé", "Bélanger"), "ben@example.com": ("Élie", "Côté")}


def test_a_header_twice_and_no_header_are_both_read(client: Client, world: World) -> None:
    uploaded(client, world, b"Courriel,Nom\nzoe@example.com,Roy\nCourriel,Nom\nben@example.com,Roy\n")
    made = planned_by_page(client, world, ImportFile.objects.get())
    assert made.counts == {"rows": 3, "create": 2, "invalid": 1}
    post(client, world, "/contacts/importfile/add/", pasted="ida@example.com\nlea@example.com\n")
    made = planned_by_page(client, world, ImportFile.objects.latest("pk"))
    assert made.counts == {"rows": 2, "create": 2}


def test_a_sheet_far_too_wide_still_opens_and_says_what_is_left_out(client: Client, world: World) -> None:
    wide = ["Courriel", *(f"colonne {number}" for number in range(1, 16_384))]
    data = ",".join(wide) + "\nzoe@example.com" + "," * 16_383 + "\n"
    response = uploaded(client, world, data.encode())
    page = text(response)
    assert "more columns are left out" in page
    assert page.count("<select") < 300
    made = planned_by_page(client, world, ImportFile.objects.get())
    assert made.counts == {"rows": 1, "create": 1}


def test_nothing_typed_is_lost_when_something_is_missing(client: Client, world: World) -> None:
    uploaded(client, world, b"Courriel\nzoe@example.com\n")
    file = ImportFile.objects.get()
    proof = SimpleUploadedFile("scan.pdf", b"%PDF-1.7 proof")
    response = post(
        client,
        world,
        f"/contacts/importfile/{file.pk}/",
        **{"column-0": "email", "relation": "express-consent", "how": "Feuille signée", "proof_file": proof},
    )
    page = text(response)
    assert "Choose the column that holds the date of consent" in page
    assert "Feuille signée" in page
    assert "Kept as proof: scan.pdf" in page
    assert '<option value="express-consent" selected>' in page
    response = post(
        client,
        world,
        f"/contacts/importfile/{file.pk}/",
        **{**CHOICES, "relation": "express-consent", "how": "Feuille signée", "place": "Salon"},
    )
    assert "being made" in text(response)


def test_a_large_plan_is_applied_only_with_its_number_typed(client: Client, world: World, settings: Any) -> None:
    settings.BULK_TYPED_COUNT_ABOVE = 1
    for email in ("zoe@example.com", "ben@example.com"):
        world.mirrored(email)
    made = plan(world, "set_field", {**matching(), "field": "company", "value": "Quai"})
    path = f"/sync/changeset/{made.pk}/decide/"
    refused = post(client, world, path, fingerprint=made.fingerprint, typed_count="3")
    assert "This is not the number of rows" in text(refused)
    made.refresh_from_db()
    assert made.state == "planned"
    post(client, world, path, fingerprint=made.fingerprint, typed_count="2")
    made.refresh_from_db()
    assert made.state == "applying"


def test_who_made_a_plan_cannot_approve_it_where_a_second_person_is_needed(
    client: Client, world: World, settings: Any
) -> None:
    settings.BULK_SECOND_PERSON_ABOVE = 1
    for email in ("zoe@example.com", "ben@example.com"):
        world.mirrored(email)
    made = plan(world, "set_field", {**matching(), "field": "company", "value": "Quai"})
    path = f"/sync/changeset/{made.pk}/decide/"
    asked = post(client, world, path, fingerprint=made.fingerprint, note="please")
    assert "Asked." in text(asked)
    again = post(client, world, path, fingerprint=made.fingerprint)
    made.refresh_from_db()
    assert made.state == "asked"
    assert "cannot approve it" in text(again)
    assert "/decide/" not in text(client.get(at(world, f"/sync/changeset/{made.pk}/")))
    other = Client()
    other.force_login(colleague(world))
    post(other, world, path, fingerprint="0" * 32)
    made.refresh_from_db()
    assert made.state == "asked"
    post(other, world, path, fingerprint=made.fingerprint)
    made.refresh_from_db()
    assert made.state == "applying"


def test_pausing_and_cancelling_are_one_click_and_one_reason(client: Client, world: World) -> None:
    world.mirrored("zoe@example.com")
    made = plan(world, "set_field", {**matching(), "field": "company", "value": "Quai"})
    services.approve(world.editor, made, made.fingerprint)
    services.apply(world.editor, made)
    post(client, world, f"/sync/changeset/{made.pk}/pause/")
    made.refresh_from_db()
    assert made.state == "paused"
    post(client, world, f"/sync/changeset/{made.pk}/resume/")
    post(client, world, f"/sync/changeset/{made.pk}/cancel/", why="wrong")
    made.refresh_from_db()
    assert made.state == "cancelled"
    assert client.post(at(world, f"/sync/changeset/{made.pk}/unheard-of/")).status_code == 404


def test_whoever_may_only_read_sees_the_plan_without_buttons_or_download(world: World) -> None:
    world.mirrored("zoe@example.com")
    made = plan(world, "set_field", {**matching(), "field": "company", "value": "Quai"})
    reader = Client()
    reader.force_login(colleague(world, "read"))
    page = text(reader.get(at(world, f"/sync/changeset/{made.pk}/")))
    assert "zoe@example.com" in page
    assert "/decide/" not in page
    assert reader.get(at(world, f"/sync/changeset/{made.pk}/?download=csv")).status_code == 404
    assert reader.get(at(world, "/contacts/importfile/add/")).status_code == 403
    assert 'name="pick"' not in text(reader.get(at(world, "/contacts/contact/")))


def test_picking_leads_to_the_plan_of_exactly_those(client: Client, world: World) -> None:
    zoe = world.mirrored("zoe@example.com")
    world.mirrored("ben@example.com")
    group = world.mirrored_group("Clients")
    path = f"/contacts/contact/bulk/?action=join&scope=picked&pick={zoe.pk}"
    assert "1 contact" in text(client.get(at(world, path)))
    post(client, world, path, groups=[group.pk])
    made = ChangeSet.objects.get()
    planning.plan(made.pk)
    assert [row.label for row in made.rows.all()] == ["zoe@example.com"]
    assert "No contact is picked" in text(client.get(at(world, "/contacts/contact/bulk/?action=join&scope=picked")))
    assert "cannot be used" in text(client.get(at(world, "/contacts/contact/bulk/?action=join&scope=all&f-colour=red")))


def test_the_pages_of_a_plan_reach_every_row_once(client: Client, world: World) -> None:
    rows = "".join(f"person{number}@example.com\n" for number in range(130))
    post(client, world, "/contacts/importfile/add/", pasted=f"Courriel\n{rows}")
    made = planned_by_page(client, world, ImportFile.objects.get())
    seen: list[int] = []
    after = 0
    for _ in range(3):
        page = client.get(at(world, f"/sync/changeset/{made.pk}/?after={after}"))
        numbers = [row.number for row in page.context["page"].rows]
        seen += numbers
        after = page.context["page"].next
    assert (seen, after) == (list(range(2, 132)), 0)
    back = client.get(at(world, f"/sync/changeset/{made.pk}/?before=102"))
    assert [row.number for row in back.context["page"].rows] == list(range(52, 102))
    assert f"?source=plan&amp;verdict=create&amp;change_set={made.pk}" in text(
        client.get(at(world, f"/sync/changeset/{made.pk}/?verdict=create"))
    )


def test_another_clients_file_is_like_a_missing_one(client: Client, world: World) -> None:
    other = World.build(world.sandbox)
    theirs = BytesIO(b"Courriel\nzoe@example.com\n")
    file = uploads.receive(other.editor, other.account, "list.csv", theirs)
    assert client.get(at(world, f"/contacts/importfile/{file.pk}/")).status_code == 404
    assert client.post(at(world, f"/contacts/importfile/{file.pk}/"), CHOICES).status_code == 404
