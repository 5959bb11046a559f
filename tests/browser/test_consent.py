"""Consent walked in a browser in both languages, on a real server, worker and sandbox.

Requests for one and for some, a consent with its proof in the ledger, the vendor's refusal, the radar and what is done from
it, and the people who bounced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.stack import Stack, Vendor
from tests.browser.test_bulk import apply, see_state
from tests.infra.console import until

pytestmark = pytest.mark.browser

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
#: So many express consents of one day in the same words look made up (product.md N7).
ALIKE = 10


@pytest.fixture(params=["fr", "en"])
def desk(request: pytest.FixtureRequest, browser: Browser, stack: Stack, shots: Path) -> Iterator[Desk]:
    person = Desk(browser, stack, request.param, shots)
    yield person
    stack.sandbox.settings(consent_override="keep_express")
    person.close()


def instant(days: int) -> str:
    """Noon so many days from now, as the vendor writes it."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT12:00:00}Z"


def client_of(vendor: Vendor, email: str, ends_in: int) -> None:
    """A customer of the client, whose implied consent ends in so many days."""
    vendor.member(
        email,
        firstname="Aline",
        lastname="Gagnon",
        consentType="implied",
        relationType="active-clients",
        consentDate=instant(ends_in - 730),
        consentExpiration=instant(ends_in),
        consentProof="Facture",
    )


def prepare(desk: Desk, what: str) -> Vendor:
    """A client with consents that end, ended, or look made up, and with addresses that bounced."""
    vendor = Vendor(desk.stack, f"Petit Quai {what} {desk.language}")
    for number, days in enumerate((10, 25, 40, 130, 131, 200, 300, -20, -400)):
        client_of(vendor, f"cliente{number}@example.com", days)
    for number in range(ALIKE):
        vendor.member(
            f"foire{number}@example.com",
            lastname=f"Tremblay {number}",
            consentType="express",
            relationType="express-consent",
            consentDate="2025-06-02T12:00:00Z",
            consentProof="Foire 2025",
        )
    for email, name in (("lise@gmial.com", "Lise"), ("jean@hotmial.com", "Jean"), ("guy@example.com", "Guy")):
        vendor.member(email, firstname=name, lastname="Roy")
        desk.stack.sandbox.control("POST", "bounce", account=vendor.name, email=email)
    vendor.member("partie@example.com", firstname="Ève", lastname="Partie")
    desk.stack.sandbox.control("POST", "unsubscribe", account=vendor.name, email="partie@example.com")
    desk.go("/")
    desk.log_in()
    desk.connect(vendor, f"Petit Quai {what} {desk.language}")
    return vendor


def requests_of(vendor: Vendor) -> list[str]:
    """Whom the vendor was asked to write to for consent, in order."""
    asked = vendor.stack.sandbox.control("GET", "optins", account=vendor.name)["optins"]
    return [str(one["email"]) for one in asked]


def ask_one(desk: Desk, vendor: Vendor) -> None:
    """A request needs a basis, says that a mail goes out, and is refused a second time within 24 hours."""
    page = desk.page
    contact = desk.open_contact("personne0@example.com")
    page.goto(f"{contact}ask-for-consent/")
    desk.see("A mail goes out to personne0@example.com.", "Un courriel part à personne0@example.com.")
    expect(page.locator("[name=basis]:checked")).to_have_count(0)
    page.fill("[name=why]", "Salon du livre")
    page.check("[name=basis][value=implied]")
    desk.submit()
    expect(page.locator(".ca-note.bad")).to_contain_text(
        desk.say("No implied consent that still holds", "Aucun consentement tacite encore valable")
    )
    desk.shot("consent-ask-refused")
    page.check("[name=basis][value=asked]")
    desk.submit()
    desk.see_state("done")
    assert requests_of(vendor) == ["personne0@example.com"]
    page.goto(f"{contact}ask-for-consent/")
    page.fill("[name=why]", "Encore")
    page.check("[name=basis][value=asked]")
    desk.submit()
    desk.see(
        "This person was already asked within the last 24 hours.",
        "La demande a déjà été faite à cette personne dans les dernières 24 heures.",
    )
    assert requests_of(vendor) == ["personne0@example.com"]


def ask_some(desk: Desk, vendor: Vendor) -> None:
    """Three are picked, two are asked: who was asked today is left out of the plan, with the reason."""
    page = desk.page
    pick_over_searches(desk, [f"personne{number}@example.com" for number in range(3)])
    page.select_option("#bulk [name=action]", "optin")
    desk.shot("contacts-picked-elsewhere")
    page.locator("#bulk button[type=submit]").click()
    expect(page.locator(".ca-compare")).to_contain_text("3 contacts")
    desk.see("One e-mail goes out to each person.", "Un courriel part vers chaque personne.")
    page.check("[name=basis][value=asked]")
    page.fill("[name=why]", "Salon du livre")
    desk.shot("consent-ask-some")
    desk.submit()
    see_state(desk, "Plan ready, nothing sent", "Plan prêt, rien d’envoyé")
    assert requests_of(vendor) == ["personne0@example.com"]
    refused = page.locator(".ca-plan tbody tr", has_text="personne0@example.com")
    expect(refused).to_contain_text(desk.say("asked within the last 24 hours", "dans les dernières 24 heures"))
    desk.shot("consent-ask-plan")
    page.locator("#bulk-now").get_by_role("link", name=desk.say("Apply…", "Appliquer…")).click()
    page.fill("[name=typed_count]", "3")
    desk.submit()
    desk.see("This is not the number of rows", "Ce n’est pas le nombre de lignes")
    desk.shot("consent-ask-apply")
    page.fill("[name=typed_count]", "2")
    desk.submit()
    see_state(desk, "Done", "Terminée")
    assert sorted(requests_of(vendor)) == [f"personne{number}@example.com" for number in range(3)]


def pick_over_searches(desk: Desk, emails: list[str]) -> None:
    """Picks stay while another search is made, are counted, and can be dropped all at once."""
    page = desk.page
    bar = page.locator("#bulk")
    for attempt in ("dropped", "kept"):
        for email in emails:
            desk.go(f"/contacts/contact/?q={email}")
            page.get_by_label(f"{desk.say('Pick', 'Choisir')} {email}").check()
        expect(bar.locator("option[value=picked]")).to_contain_text(f"({len(emails)})")
        expect(bar.locator("[data-pick-elsewhere]")).to_contain_text(str(len(emails) - 1))
        if attempt == "dropped":
            bar.get_by_role("button", name=desk.say("Unpick all", "Tout décocher")).click()
            desk.go("/contacts/contact/")
            expect(bar.locator("option[value=picked]")).to_contain_text("(0)")


def set_with_proof(desk: Desk, vendor: Vendor) -> None:
    """Express consent needs what proves it; the file is in the ledger and is given back as it was."""
    page = desk.page
    contact = desk.open_contact("cliente0@example.com")
    page.goto(f"{contact}consent/set/")
    expect(page.locator("[name=relation]")).to_have_value("")
    page.select_option("[name=relation]", "express-consent")
    desk.submit()
    expect(page.locator(".ca-field.has-errors")).to_have_count(4)
    desk.shot("consent-set-errors")
    for name, value in (("given_on", "2026-05-04"), ("how", "Feuille signée"), ("place", "Salon du livre")):
        page.fill(f"[name={name}]", value)
    page.set_input_files(
        "[name=proof_file]", files=[{"name": "feuille.pdf", "mimeType": "application/pdf", "buffer": PDF}]
    )
    desk.submit()
    until(lambda: _held(vendor, "cliente0@example.com")["consentType"] == "express", 30, "the consent is at the vendor")
    page.reload()
    ledger = page.locator("#ledger")
    expect(ledger).to_contain_text("Salon du livre")
    with page.expect_download() as download:
        ledger.get_by_role("link", name="feuille.pdf").click()
    assert Path(download.value.path()).read_bytes() == PDF
    expect(ledger.locator("a.ca-badge").first).to_have_text(desk.say("done", "terminée"))
    desk.shot("consent-page")
    desk.go("/contacts/consentrecord/?q=cliente0@example.com")
    expect(page.locator("#result_list")).to_contain_text("feuille.pdf")
    desk.shot("consent-ledger")


def _held(vendor: Vendor, email: str) -> dict[str, Any]:
    """The consent that the vendor holds for a subscribed person; nothing known of whom it has not."""
    blank = {"consentType": "", "relationType": "", "consentProof": ""}
    return {**blank, **(vendor.held_member(email) or {}).get("consent", {})}


def refused_there(desk: Desk, vendor: Vendor) -> None:
    """What the vendor refuses is explained in its words, kept in the ledger, and changes nothing there."""
    page = desk.page
    desk.stack.sandbox.settings(consent_override="keep_any")
    contact = desk.open_contact("cliente1@example.com")
    page.goto(f"{contact}consent/set/")
    page.select_option("[name=relation]", "active-clients")
    page.fill("[name=given_on]", "2026-05-04")
    page.fill("[name=proof]", "Facture 1207")
    desk.submit()
    words = "This consent cannot be overridden."

    def told() -> bool:
        page.reload()
        return page.locator("#ledger", has_text=words).count() == 1

    until(told, 30, "the refusal is in the ledger")
    desk.stack.sandbox.settings(consent_override="keep_express")
    expect(page.locator(".co-facts")).to_contain_text(words)
    desk.shot("consent-refused")
    assert _held(vendor, "cliente1@example.com")["consentProof"] == "Facture"
    page.locator("#ledger a.ca-badge").first.click()
    expect(page.locator("main")).to_contain_text(words)
    desk.shot("consent-refused-change")


def radar(desk: Desk) -> None:
    """Chart, table and figures agree with what is there; a number leads to these people, and over clients to one."""
    page = desk.page

    def all_read() -> bool:
        desk.go("/contacts/consentrecord/radar/")
        return page.locator(".ca-note.warn").count() == 0 and page.locator("#suspicious").count() == 1

    until(all_read, 120, "all consents were read")
    expect(page.locator(".ca-chart rect")).not_to_have_count(0)
    page.locator("#months summary").click()
    table = page.locator("#months table tbody td").all_inner_texts()
    assert (len(table), sum(int(number) for number in table)) == (12, 7)
    drawn = page.locator(".ca-chart .ca-chart-count").all_text_contents()
    assert [number for number in table if number != "0"] == drawn
    desk.shot("consent-radar")
    page.locator("#today dt a", has_text=desk.say("Expired", "Expiré")).click()
    expect(page.locator("#result_list tbody th")).to_have_text(["cliente7@example.com", "cliente8@example.com"])
    page.go_back()
    page.get_by_role("link", name=desk.say("See these people", "Voir ces personnes")).click()
    expect(page.locator("#result_list tbody tr")).to_have_count(ALIKE)
    slug, desk.slug = desk.slug, ""
    desk.go("/contacts/consentrecord/clients/")
    desk.shot("consent-clients")
    desk.slug = slug


def ask_again_in_time(desk: Desk, vendor: Vendor) -> None:
    """From the radar: exactly these people into a group by a plan, and a campaign to that group."""
    page = desk.page
    desk.go("/contacts/consentrecord/radar/")
    page.locator("#next a[href*='f-standing=soon']").click()
    title = page.locator("[name=new_group]").input_value()
    assert title.startswith(desk.say("Consents that end soon", "Consentements qui finissent bientôt"))
    desk.shot("consent-group")
    desk.submit()
    see_state(desk, "Plan ready, nothing sent", "Plan prêt, rien d’envoyé")
    expect(page.locator(".ca-plan tbody th")).to_have_text([f"cliente{number}@example.com" for number in range(3)])
    apply(desk)
    held = vendor.held()
    group = next(one["id"] for one in held["groups"] if one["title"] == title)
    joined = [one["email"] for one in held["members"] if group in one["groups"]]
    assert sorted(joined) == [f"cliente{number}@example.com" for number in range(3)]
    desk.go("/contacts/consentrecord/radar/")
    page.locator("#next a[href*='/campaigns/campaign/add/']").click()
    desk.see(title, title)
    desk.shot("consent-campaign")
    page.fill("[name=name]", "Confirmez votre abonnement")
    desk.submit()
    expect(page.get_by_label(title).first).to_be_checked()
    page.fill("[name='fr_ca:subject']", "Voulez-vous rester avec nous?")
    desk.submit()
    desk.see(title, title)


def bounced(desk: Desk, vendor: Vendor) -> None:
    """A typing mistake is suggested and corrected as a contact of its own; one is unsubscribed."""
    page = desk.page
    slug, desk.slug = desk.slug, ""
    desk.go("/contacts/consentrecord/clients/left/")
    desk.shot("consent-left-clients")
    desk.slug = slug
    desk.go("/contacts/consentrecord/left/")
    expect(page.locator(".co-ledger tbody tr")).to_have_count(3)
    desk.shot("consent-left")
    row = page.locator(".co-ledger tbody tr", has_text="lise@gmial.com")
    expect(row).to_contain_text(desk.say("Perhaps lise@gmail.com", "Peut-être lise@gmail.com"))
    row.get_by_role("link", name=desk.say("Correct…", "Corriger…")).click()
    expect(page.locator("[name=email]")).to_have_value("")
    page.get_by_role("link", name=desk.say("Put it in the form", "La mettre dans le formulaire")).click()
    expect(page.locator("[name=email]")).to_have_value("lise@gmail.com")
    page.fill("[name=why]", "Au téléphone")
    desk.shot("consent-correct")
    desk.submit()
    expect(page).to_have_url(re.compile(r"/consent/set/$"))
    desk.see("Now say what this address consented to", "Dites maintenant à quoi cette adresse a consenti")
    page.select_option("[name=relation]", "active-clients")
    page.fill("[name=given_on]", "2026-05-04")
    desk.submit()
    until(
        lambda: _held(vendor, "lise@gmail.com")["relationType"] == "active-clients",
        60,
        "the new address has its consent",
    )
    assert [one["email"] for one in vendor.held()["bounced"]].count("lise@gmial.com") == 1
    leave(desk, vendor)


def leave(desk: Desk, vendor: Vendor) -> None:
    """From the list of bounced addresses one is unsubscribed for good; the list of who left shows it."""
    page = desk.page
    desk.go("/contacts/consentrecord/left/")
    row = page.locator(".co-ledger tbody tr", has_text="jean@hotmial.com")
    row.get_by_role("link", name=desk.say("Unsubscribe…", "Désabonner…")).click()
    page.fill("[name=why]", "Ne répond plus")
    desk.submit()
    desk.see_state("done")
    desk.go("/contacts/consentrecord/left/?state=unsubscribed")
    for email in ("partie@example.com", "jean@hotmial.com"):
        expect(page.locator(".co-ledger")).to_contain_text(email)
    desk.shot("consent-unsubscribed")


def test_requests_proofs_and_refusals(desk: Desk) -> None:
    vendor = prepare(desk, "accord")
    ask_one(desk, vendor)
    ask_some(desk, vendor)
    set_with_proof(desk, vendor)
    refused_there(desk, vendor)


def test_the_radar_and_the_bounced(desk: Desk) -> None:
    vendor = prepare(desk, "radar")
    radar(desk)
    ask_again_in_time(desk, vendor)
    bounced(desk, vendor)
