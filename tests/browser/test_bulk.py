"""Many contacts at once, walked in a browser in both languages on a real server, worker and sandbox.

A list is imported with a plan, applied, downloaded, corrected, imported again and taken back; contacts of the list go into
a group, get a field, and an express consent that a second person approves.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.stack import PASSWORD, Stack, Vendor, manage

pytestmark = pytest.mark.browser

COLLEAGUE = "benoit"
LIST = """Courriel;Prénom;Nom;Société;Date de consentement
zoe.neuve@example.com;Zoé;Neuve;=1+1;2026-05-04
personne1@example.com;Zoé;Autrement;;2026-05-04
PERSONNE2@example.com;Zoé;Bélanger 2;;2026-05-04
partie@example.com;Lise;Partie;;2026-05-04
sans-arobase.example.com;Jean;Faux;;2026-05-04
zoe.neuve@example.com;Zoé;Encore;;2026-05-04
vieux@example.com;Guy;Ancien;;2019-01-02
"""


@pytest.fixture(scope="module")
def colleague(stack: Stack) -> str:
    """A second administrator."""
    second = {**stack.env, "DJANGO_SUPERUSER_USERNAME": COLLEAGUE, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    manage(second, "createsuperuser", "--noinput")
    return COLLEAGUE


@pytest.fixture(params=["fr", "en"])
def desk(request: pytest.FixtureRequest, browser: Browser, stack: Stack, shots: Path) -> Iterator[Desk]:
    person = Desk(browser, stack, request.param, shots)
    yield person
    person.close()


def prepare(desk: Desk) -> Vendor:
    """A client with people, groups, and somebody who left."""
    vendor = Vendor(desk.stack, f"Petit Quai listes {desk.language}")
    vendor.member("partie@example.com", firstname="Lise", lastname="Partie")
    desk.stack.sandbox.control("POST", "unsubscribe", account=vendor.name, email="partie@example.com")
    desk.go("/")
    desk.log_in()
    desk.connect(vendor, f"Petit Quai listes {desk.language}")
    return vendor


def upload(desk: Desk, text: str, name: str) -> None:
    """From the list of contacts to the columns of an uploaded file."""
    page = desk.page
    desk.go("/contacts/contact/")
    page.get_by_role("link", name=desk.say("Import", "Importer")).click()
    page.set_input_files("[name=file]", files=[{"name": name, "mimeType": "text/csv", "buffer": text.encode("cp1252")}])
    desk.submit()
    expect(page.locator(".ca-columns-table")).to_be_visible()


def see_state(desk: Desk, english: str, french: str) -> None:
    """The bulk change on the page reaches this state, without a reload by hand."""
    expect(desk.page.locator("#bulk-now .ca-big")).to_have_text(desk.say(english, french))


def apply(desk: Desk, tall: bool = False) -> None:
    """Approve the plan on the page and wait for its end."""
    page = desk.page
    page.locator("#bulk-now").get_by_role("link", name=desk.say("Apply…", "Appliquer…")).click()
    if tall:
        desk.shot("bulk-apply")
    desk.submit()
    see_state(desk, "Done", "Terminée")


def import_list(desk: Desk, vendor: Vendor) -> str:
    """Upload, look at the columns, miss the relation, choose it, plan, apply; the address of its page."""
    page = desk.page
    desk.go("/sync/changeset/")
    desk.shot("bulk-empty")
    desk.go("/contacts/importfile/add/")
    desk.submit()
    desk.see("Choose a file or paste a list.", "Choisissez un fichier ou collez une liste.")
    desk.shot("import-upload")
    upload(desk, LIST, "salon.csv")
    expect(page.locator("[name=column-0]")).to_have_value("email")
    expect(page.locator("[name=column-4]")).to_have_value("ignore")
    expect(page.locator("[name=relation]")).to_have_value("")
    page.locator("[name=groups]").first.check()
    desk.submit()
    desk.see("Say what this consent rests on.", "Dites sur quoi repose ce consentement.")
    expect(page.locator("[name=groups]").first).to_be_checked()
    page.select_option("[name=column-4]", "consent_on")
    page.select_option("[name=relation]", "active-clients")
    desk.shot("import-columns")
    desk.submit()
    see_state(desk, "Plan ready, nothing sent", "Plan prêt, rien d’envoyé")
    for verdict, number in (("create", 1), ("update", 2), ("duplicate", 1), ("refused", 2), ("invalid", 1)):
        expect(page.locator(f".ca-figures a[href='?verdict={verdict}#rows']")).to_have_text(str(number))
    expect(page.locator(".ca-plan tbody tr")).to_have_count(7)
    desk.shot("bulk-plan")
    assert vendor.held_member("zoe.neuve@example.com") is None
    apply(desk, tall=True)
    desk.shot("bulk-results")
    made = vendor.held_member("zoe.neuve@example.com")
    assert made is not None
    assert made["company"] == "=1+1"
    assert vendor.held_member("partie@example.com") is None
    return page.url.split("?")[0].split("#")[0]


def correct(desk: Desk, vendor: Vendor, address: str) -> None:
    """What was refused is downloaded, corrected, and imported again."""
    page = desk.page
    page.goto(address)
    with page.expect_download() as download:
        page.get_by_role(
            "link", name=desk.say("Download what has to be corrected", "Télécharger ce qui est à corriger")
        ).click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    assert "sans-arobase.example.com" in text
    assert "vieux@example.com" in text
    assert "personne1" not in text
    assert "zoe.neuve" not in text
    upload(desk, text.replace("sans-arobase.example.com", "avec@example.com"), "corrige.csv")
    expect(page.locator("[name=column-0]")).to_have_value("email")
    page.select_option("[name=column-4]", "consent_on")
    page.select_option("[name=relation]", "active-clients")
    desk.submit()
    see_state(desk, "Plan ready, nothing sent", "Plan prêt, rien d’envoyé")
    page.goto(f"{page.url}?verdict=create")
    expect(page.locator(".ca-plan tbody th")).to_have_text(["avec@example.com"])
    apply(desk)
    assert vendor.held_member("avec@example.com") is not None


def take_back(desk: Desk, vendor: Vendor, address: str) -> None:
    """The whole import is taken back: the new contact goes, the old name returns."""
    page = desk.page
    page.goto(address)
    page.locator("#bulk-now").get_by_role("link", name=desk.say("Take back…", "Revenir en arrière…")).click()
    desk.shot("bulk-take-back")
    page.fill("[name=why]", "wrong list")
    desk.submit()
    see_state(desk, "Plan ready, nothing sent", "Plan prêt, rien d’envoyé")
    desk.shot("bulk-take-back-plan")
    apply(desk)
    assert vendor.held_member("zoe.neuve@example.com") is None
    held = vendor.held_member("personne1@example.com")
    assert held is not None
    assert held["lastname"] == "Bélanger 1"


def choose(desk: Desk, action: str, *picked: str) -> None:
    """Pick contacts in their list, or take all that match, and say what is to be done."""
    page = desk.page
    desk.go("/contacts/contact/" if picked else "/contacts/contact/?q=Bélanger")
    for email in picked:
        page.get_by_label(f"{desk.say('Pick', 'Choisir')} {email}").check()
    if not picked:
        page.select_option("#bulk [name=scope]", "all")
    page.select_option("#bulk [name=action]", action)
    if action == "join":
        desk.shot("contacts-picked")
    page.locator("#bulk button[type=submit]").click()


def bulk_actions(desk: Desk, vendor: Vendor) -> None:
    """Two into a group, all that match get a company, two get express consent after a second look."""
    page = desk.page
    choose(desk, "join", "personne3@example.com", "personne4@example.com")
    page.locator("[name=groups]").first.check()
    desk.shot("bulk-join")
    desk.submit()
    see_state(desk, "Plan ready, nothing sent", "Plan prêt, rien d’envoyé")
    apply(desk)
    choose(desk, "set_field")
    desk.shot("bulk-field")
    page.get_by_role("link", name=desk.say("Company", "Entreprise")).click()
    page.fill("[name=value]", "Les Amis du quai")
    desk.submit()
    see_state(desk, "Plan ready, nothing sent", "Plan prêt, rien d’envoyé")
    apply(desk)
    held = vendor.held_member("personne5@example.com")
    assert held is not None
    assert held["company"] == "Les Amis du quai"


def second_person(desk: Desk, browser: Browser, vendor: Vendor, colleague: str) -> None:
    """Whoever claims express consent for many cannot approve it; a colleague does."""
    page = desk.page
    choose(desk, "consent", "personne6@example.com", "personne7@example.com")
    page.select_option("[name=relation]", "express-consent")
    desk.submit()
    expect(page.locator(".ca-field.has-errors")).not_to_have_count(0)
    desk.shot("bulk-consent")
    for name, value in (("given_on", "2026-05-04"), ("how", "Case cochée"), ("place", "Salon"), ("proof", "J’accepte")):
        page.fill(f"[name={name}]", value)
    desk.submit()
    see_state(desk, "Plan ready, nothing sent", "Plan prêt, rien d’envoyé")
    page.locator("#bulk-now .ca-button.primary").click()
    desk.see("A second person has to approve it", "Une deuxième personne doit l’approuver")
    desk.submit()
    see_state(desk, "Waiting for a second person", "En attente d’une deuxième personne")
    desk.shot("bulk-asked")
    other = Desk(browser, desk.stack, desk.language, desk.shots)
    other.slug = desk.slug
    other.page.goto(f"{desk.stack.address}/")
    other.page.fill("[name=username]", colleague)
    other.page.fill("[name=password]", PASSWORD)
    other.page.click("main button[type=submit].primary")
    expect(other.page.locator(".ca-shell")).to_be_visible()
    other.page.goto(page.url)
    other.page.locator("#bulk-now .ca-button.primary").click()
    other.submit()
    see_state(other, "Done", "Terminée")
    other.close()


def test_many_contacts_at_once(desk: Desk, browser: Browser, colleague: str) -> None:
    vendor = prepare(desk)
    address = import_list(desk, vendor)
    correct(desk, vendor, address)
    take_back(desk, vendor, address)
    bulk_actions(desk, vendor)
    second_person(desk, browser, vendor, colleague)
