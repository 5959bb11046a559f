"""The ledger of consent: what is written down, that it stays, and how long a consent lasts."""

from __future__ import annotations

from datetime import date

import pytest

from contacts.consent import ledger, terms
from contacts.consent.ledger import By, Facts, Source
from contacts.models import ConsentRecord, Relation
from tests.world import make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("relation", "given_on", "expires_on", "kind"),
    [
        ("active-clients", date(2022, 1, 1), date(2024, 1, 1), "implied"),
        ("information-request", date(2025, 8, 31), date(2026, 2, 28), "implied"),
        ("information-request", date(2023, 8, 31), date(2024, 2, 29), "implied"),
        ("partners", date(2025, 12, 31), date(2027, 12, 31), "implied"),
        ("express-consent", date(2022, 1, 1), None, "express"),
        ("contest-participants", date(2022, 1, 1), None, "express"),
        ("purchased-list", date(2022, 1, 1), None, "express"),
        ("active-clients", None, None, "implied"),
        ("a-word-of-tomorrow", date(2022, 1, 1), None, ""),
    ],
)
def test_type_and_expiry_follow_from_the_relation_and_the_date(
    relation: str, given_on: date | None, expires_on: date | None, kind: str
) -> None:
    assert terms.expires_on(relation, given_on) == expires_on
    assert terms.type_of(relation) == kind


def test_durations_can_be_adjusted(settings: object) -> None:
    settings.CONSENT_MONTHS = {"information-request": 3, "employees": 0}  # type: ignore[attr-defined]
    assert terms.expires_on("information-request", date(2026, 1, 31)) == date(2026, 4, 30)
    assert terms.expires_on("employees", date(2026, 1, 31)) is None
    assert terms.expires_on("partners", date(2026, 1, 31)) == date(2028, 1, 31)


def test_every_relation_of_the_vendor_has_a_type_and_the_implied_ones_an_end() -> None:
    assert len(Relation.values) == 12
    for relation in Relation.values:
        implied = terms.type_of(relation) == "implied"
        assert implied == (terms.months(relation) is not None), relation


def test_a_record_keeps_what_was_said_and_who_said_it() -> None:
    account, user = make_account(), make_user("lea")
    facts = Facts("active-clients", date(2025, 3, 1), "Invoice 12")
    ledger.append(account.pk, " Marie@Example.com ", Source.SET, facts, By(user, words="Told at the counter"))
    kept = ConsentRecord.objects.get()
    assert (kept.email_key, kept.source, kept.consent_type) == ("marie@example.com", "set", "implied")
    assert (kept.given_on, kept.expires_on, kept.proof) == (date(2025, 3, 1), date(2027, 3, 1), "Invoice 12")
    assert (kept.actor, kept.actor_name, kept.words) == (user, "lea", "Told at the counter")
    assert list(ledger.of_address(account, "MARIE@example.com")) == [kept]
    assert list(ledger.of_address(make_account(), "marie@example.com")) == []


def test_what_the_vendor_says_of_type_and_expiry_is_kept_as_it_says_it() -> None:
    account = make_account()
    facts = Facts("active-clients", date(2025, 3, 1), consent_type="express", expires_on=date(2030, 1, 1))
    kept = ledger.append(account.pk, "marie@example.com", Source.SEEN, facts, By())
    assert (kept.consent_type, kept.expires_on, kept.actor_name) == ("express", date(2030, 1, 1), "cyberadmin")


def test_thousands_are_added_at_once() -> None:
    account, user = make_account(), make_user("lea")
    rows = [(f"P{n}@example.com", Facts("partners", date(2025, 1, 1), "Fair"), None) for n in range(1_000)]
    assert ledger.append_many(account.pk, Source.IMPORT, rows, By(user, words="Fair of May")) == 1_000
    kept = ConsentRecord.objects.get(email_key="p999@example.com")
    assert (kept.account, kept.actor, kept.words, kept.proof) == (account, user, "Fair of May", "Fair")
    assert (kept.relation, kept.given_on, kept.expires_on) == ("partners", date(2025, 1, 1), date(2027, 1, 1))
    assert kept.at is not None
    assert ledger.append_many(account.pk, Source.IMPORT, []) == 0


def test_nothing_of_it_can_be_changed_or_deleted() -> None:
    account = make_account()
    kept = ledger.append(account.pk, "marie@example.com", Source.SET, Facts("partners"), By())
    for attempt in (
        kept.save,
        kept.delete,
        lambda: ConsentRecord.objects.update(proof=""),
        lambda: ConsentRecord.objects.filter(pk=kept.pk).delete(),
        lambda: ConsentRecord.objects.bulk_update([kept], ["proof"]),
    ):
        with pytest.raises(TypeError):
            attempt()
    assert ConsentRecord.objects.get() == kept
