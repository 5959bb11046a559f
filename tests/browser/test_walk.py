"""The main job, walked in a browser in both languages, on a real server, worker and sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.stack import Stack, Vendor
from tests.infra.console import until

pytestmark = pytest.mark.browser


@pytest.fixture(params=["fr", "en"])
def desk(request: pytest.FixtureRequest, browser: Browser, stack: Stack, shots: Path) -> Iterator[Desk]:
    person = Desk(browser, stack, request.param, shots)
    yield person
    person.close()


def arrives(vendor: Vendor, email: str, **fields: object) -> None:
    """Wait until the vendor holds these values for a person."""

    def there() -> bool:
        held = vendor.held_member(email) or {}
        return all(held.get(name) == value for name, value in fields.items())

    until(there, 20, f"{email} has {fields} at the vendor; it has {vendor.held_member(email)}")


def connect(desk: Desk, vendor: Vendor, name: str) -> None:
    """Step 3: wrong pastes are refused in words, the right token is proved, compared and confirmed; the first pull runs."""
    page = desk.page
    desk.go("/connect/")
    page.fill("[name=name]", name)
    page.select_option("select[name=language]", "fr")
    page.fill("[name=time_zone]", "America/Toronto")
    page.fill("[name=token]", "not a token")
    desk.submit()
    desk.see("The token holds spaces", "Le jeton contient des espaces")
    expect(page.locator("[name=token]")).to_have_value("")
    desk.shot("connect")
    page.fill("[name=token]", vendor.token)
    desk.submit()
    desk.see(vendor.name, vendor.name)
    desk.see("Cyberimpact answers for", "Cyberimpact répond pour")
    assert vendor.token not in page.content()
    desk.shot("confirm")
    desk.confirm()
    desk.shot("client")


def browse(desk: Desk) -> None:
    """Step 4: search, filters, sort, one contact, groups with counts."""
    page = desk.page
    desk.go("/contacts/contact/")
    expect(page.locator("#result_list tbody tr")).to_have_count(12)
    desk.shot("contacts")
    page.fill("[name=q]", "belanger 11")
    page.keyboard.press("Enter")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.locator("#result_list tbody th a").click()
    expect(page.locator("h1")).to_have_text("Zoé Bélanger 11")
    desk.see("Ville", "Ville")
    expect(page.locator("#consent")).to_contain_text(desk.say("As of", "En date du"))
    desk.shot("contact")
    desk.go("/groups/group/")
    expect(page.locator("#result_list tbody tr")).to_have_count(3)
    desk.shot("groups")
    page.locator("#result_list tbody th a", has_text="Ouvreurs").click()
    desk.see("This group is dynamic.", "Ce groupe est dynamique.")
    expect(page.locator("main form button[type=submit]")).to_have_count(0)
    desk.shot("group-dynamic")


def edit(desk: Desk, vendor: Vendor) -> None:
    """Step 5: a name and a custom field; into a group and out of another; each change is seen to arrive."""
    page = desk.page
    contact = desk.open_contact("personne1@example.com")
    page.fill("[name=first_name]", "Élise")
    page.fill("[name='custom:2']", "Rimouski")
    desk.submit()
    desk.see("Saved here", "Enregistré ici")
    desk.see_state("done")
    arrives(vendor, "personne1@example.com", firstname="Élise")
    page.goto(f"{contact}groups/add/")
    page.get_by_label("Bénévoles").check()
    desk.submit()
    desk.see("Groups afterwards", "Groupes après")
    desk.shot("groups-preview")
    desk.submit()
    desk.see_state("done")
    page.locator("a[aria-label*='Bénévoles']").click()
    desk.submit()
    desk.see_state("done")
    expect(page.locator(".ca-groups")).not_to_contain_text("Bénévoles")
    page.fill("[name=birth_date]", "1850-01-01")
    page.fill("[name='custom:1']", "douze")
    desk.submit()
    desk.see("A birth date lies between 1900 and today.", "Une date de naissance se situe entre 1900")
    desk.see("Write a whole number, such as 12.", "Écrivez un nombre entier, comme 12.")
    expect(page.locator("[name='custom:1']")).to_have_value("douze")
    desk.shot("contact-refused")


def people(desk: Desk, vendor: Vendor) -> None:
    """Step 5: create, unsubscribe for good, delete behind the address typed again."""
    page = desk.page
    desk.go("/contacts/contact/add/")
    desk.see("This is implied consent.", "C’est un consentement tacite.")
    desk.shot("contact-add")
    page.fill("[name=email]", "PERSONNE2@example.com")
    desk.submit()
    desk.see("This client already has personne2@example.com", "Ce client a déjà personne2@example.com")
    page.fill("[name=email]", "nouvelle@example.com")
    page.fill("[name=first_name]", "Noémie")
    desk.submit()
    desk.see_state("done")
    arrives(vendor, "nouvelle@example.com", firstname="Noémie")
    contact = page.url
    page.goto(f"{contact}unsubscribe/")
    desk.see("This cannot be taken back.", "C’est irréversible.")
    desk.shot("unsubscribe")
    desk.submit()
    expect(page.locator(".has-errors")).to_have_count(1)
    page.fill("[name=why]", "Téléphone")
    desk.submit()
    desk.see_state("done")
    until(lambda: vendor.held_member("nouvelle@example.com") is None, 20, "unsubscribed at the vendor")
    page.goto(f"{contact}delete/")
    desk.see("An unsubscribed person is not deleted", "Une personne désabonnée n’est pas supprimée")
    contact = desk.open_contact("personne3@example.com")
    page.goto(f"{contact}delete/")
    page.fill("[name=typed_email]", "someone@else.example")
    desk.submit()
    desk.see("This is not this contact's address", "Ce n’est pas l’adresse de ce contact")
    desk.shot("delete")
    page.fill("[name=typed_email]", "personne3@example.com")
    desk.submit()
    until(lambda: vendor.held_member("personne3@example.com") is None, 20, "deleted at the vendor")


def groups(desk: Desk, vendor: Vendor) -> None:
    """Step 5: create, rename, make public, empty and delete a group, what refers to it listed first."""
    page = desk.page
    desk.go("/groups/group/add/")
    desk.submit()
    desk.see("A group needs a title.", "Un groupe a besoin d’un titre.")
    page.fill("[name=title]", "bénévoles")
    desk.submit()
    desk.see("This client already has a group named", "Ce client a déjà un groupe nommé")
    page.fill("[name=title]", "Foire de printemps")
    desk.submit()
    desk.see_state("done")
    page.fill("[name=title]", "Foire d’automne")
    page.check("[name=is_public]")
    desk.submit()
    desk.see_state("done")
    until(lambda: "Foire d’automne" in vendor.titles(), 20, "renamed at the vendor")
    desk.shot("group")
    group = page.url
    page.goto(f"{group}empty/")
    desk.see("Everybody is taken out of the group.", "Tout le monde est retiré du groupe.")
    desk.submit()
    desk.see_state("done")
    page.goto(f"{group}delete/")
    desk.see("What refers to this group", "Ce qui se rapporte à ce groupe")
    desk.shot("group-delete")
    page.fill("[name=typed_title]", "Foire d’automne")
    desk.submit()
    until(lambda: "Foire d’automne" not in vendor.titles(), 20, "deleted at the vendor")


def conflict(desk: Desk, vendor: Vendor) -> None:
    """Step 6: the same field changed here and there; decided per field, on a page with was, here and there."""
    page = desk.page
    desk.open_contact("personne4@example.com")
    vendor.edit("personne4@example.com", firstname="Là-bas")
    page.fill("[name=first_name]", "Ici")
    desk.submit()
    desk.see_state("conflict")
    desk.change_of()
    desk.shot("change-conflict")
    page.locator("a.ca-button.primary[href$='/decide/']").click()
    for words in ("Zoé", "Ici", "Là-bas"):
        expect(page.locator(".ca-choice")).to_contain_text(words)
    desk.shot("decide")
    page.locator("[name='keep-first_name'][value=value]").check()
    page.fill("[name='value-first_name']", "Entre-deux")
    desk.submit()
    desk.see("Decided.", "Décidé.")
    arrives(vendor, "personne4@example.com", firstname="Entre-deux")


def dead_token(desk: Desk, vendor: Vendor) -> None:
    """Step 6: the token dies, one banner, edits wait; another account's token is refused, the right one resumes."""
    page = desk.page
    vendor.delete_tokens()
    contact = desk.open_contact("personne5@example.com")
    page.fill("[name=first_name]", "Patiente")
    desk.submit()
    until(lambda: _reloaded(desk, contact).locator("#pause-banner").count() == 1, 30, "the client is paused")
    desk.see("This client is paused", "Ce client est en pause")
    desk.see_state("queued")
    desk.shot("paused")
    stranger = Vendor(desk.stack, f"Stranger {desk.language}")
    _paste(desk, stranger.token)
    desk.see("belongs to another Cyberimpact account", "appartient à un autre compte Cyberimpact")
    desk.shot("token-refused")
    _paste(desk, vendor.new_token())
    desk.see("The token is in use.", "Le jeton est en usage.")
    expect(page.locator("#pause-banner")).to_have_count(0)
    arrives(vendor, "personne5@example.com", firstname="Patiente")


def _paste(desk: Desk, token: str) -> None:
    desk.go("/token/")
    desk.page.fill("[name=token]", token)
    desk.submit()


def _reloaded(desk: Desk, url: str):  # type: ignore[no-untyped-def]
    desk.page.goto(url)
    return desk.page


def killed_worker(desk: Desk, vendor: Vendor) -> None:
    """Step 6: the worker is killed with a change on its way; after a restart it has arrived once."""
    page = desk.page
    desk.stack.kill_worker()
    desk.open_contact("personne6@example.com")
    page.fill("[name=first_name]", "Survivante")
    desk.submit()
    desk.see_state("queued")
    desk.stack.start_worker()
    arrives(vendor, "personne6@example.com", firstname="Survivante")
    desk.see_state("done")


def test_the_main_job_from_the_log_in_to_a_dead_token(desk: Desk) -> None:
    vendor = Vendor(desk.stack, f"Théâtre du Petit Quai {desk.language}")
    desk.go("/")
    desk.shot("login")
    desk.log_in()
    connect(desk, vendor, f"Petit Quai {desk.language}")
    browse(desk)
    edit(desk, vendor)
    people(desk, vendor)
    groups(desk, vendor)
    conflict(desk, vendor)
    killed_worker(desk, vendor)
    dead_token(desk, vendor)
    desk.go("/sync/change/")
    desk.shot("outbox")
    desk.go("/sync/apicall/")
    desk.shot("calls")
    desk.slug = ""
    desk.go("/")
    desk.shot("home")
