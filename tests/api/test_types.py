"""JSON of the vendor to dataclasses and back, from the samples."""

import dataclasses
from datetime import UTC, date, datetime

import pytest

from cyberadmin.api import types
from cyberadmin.api.errors import SchemaError
from cyberadmin.api.types import UNSET, BatchMember, MemberWrite
from tests.api.conftest import sample

MAUDE = types.Member(
    id=4182230,
    first_name="Maude",
    last_name="Lavoie",
    company="Érablière du Ruisseau",
    email="maude.lavoie@example.com",
    gender="f",
    language="fr_ca",
    joined_at=datetime(2025, 2, 11, 14, 14, 27, 310_000, UTC),
    updated_at=datetime(2025, 9, 30, 20, 2, 55, 870_000, UTC),
    consent_type="express",
    postal_code="J4K 2T5",
    country="CA",
    note="Préfère les envois du matin",
    birth_date=date(1988, 6, 17),
    mailings_received=14,
    mailings_opened=9,
    mailings_clicked=3,
    custom_values={1: "Longueuil", 2: "2025-01-15", 3: 12, 4: 149.95},
)


def test_a_member_is_read_whole():
    assert types.Member.from_json(sample("member")) == MAUDE


def test_what_a_member_lacks_is_empty():
    ethan = types.Member.from_json(sample("members")["members"][1])
    assert (ethan.updated_at, ethan.birth_date, ethan.company, ethan.mailings_received) == (None, None, "", 0)


def test_members_who_left_have_no_id():
    gone = types.UnsubscribedMember.from_json(sample("member_unsubscribed"))
    bounced = types.BouncedMember.from_json(sample("members_bounced")["members"][0])
    assert gone.unsubscribed_at == datetime(2025, 7, 2, 23, 8, 44, 710_000, UTC)
    assert bounced.hard_bounced_at == datetime(2025, 6, 20, 12, 41, 12, 6_000, UTC)
    assert not hasattr(gone, "id")
    assert not hasattr(bounced, "id")
    unsubscription = types.Unsubscription.from_json(sample("member_unsubscription"))
    assert (unsubscription.is_new, unsubscription.member) == (True, gone)


def test_the_bounce_date_may_be_null_and_the_unsubscription_date_not():
    row = {**sample("members_bounced")["members"][0], "hardBouncedOn": None}
    assert types.BouncedMember.from_json(row).hard_bounced_at is None
    with pytest.raises(SchemaError, match="unsubscribedOn: not a date-time"):
        types.UnsubscribedMember.from_json({**sample("member_unsubscribed"), "unsubscribedOn": None})


def test_groups_consent_mailings_and_the_account_are_read():
    created = datetime(2023, 5, 18, 14, 22, 41, 903_000, UTC)
    plain = {
        "id": 20418,
        "title": "Infolettre mensuelle",
        "is_public": True,
        "created_at": created,
        "is_dynamic": False,
    }
    assert types.Group.from_json(sample("group")) == types.Group(**plain, members_count=1280, mailings_count=31)
    assert types.MemberGroup.from_json(sample("member_groups")["groups"][0]) == types.MemberGroup(**plain)
    assert types.Consent.from_json(sample("consent")) == types.Consent(
        consent_type="implied",
        relation_type="active-clients",
        consent_date=date(2025, 9, 1),
        consent_expiration=date(2027, 9, 1),
        consent_proof="Facturation 2025",
    )
    mailing = types.MemberMailing.from_json(sample("member_mailings")["mailings"][0])
    assert (mailing.id, mailing.subject, mailing.opened) == (31388, "Horaire d’été", True)
    assert mailing.opened_at == datetime(2025, 6, 20, 16, 5, 33, 640_000, UTC)
    assert types.Ping.from_json(sample("ping")) == types.Ping(
        "sgagnon", "sgagnon@example.com", "Coopérative Belle-Rive"
    )
    assert types.NewToken.from_json(sample("token")).expires_at == datetime(2035, 10, 1, 16, 34, 56, tzinfo=UTC)
    assert types.CustomField.from_json(sample("custom_fields")["customFields"][3]).type == "decimal number"


def test_an_open_consent_has_neither_dates_nor_relation():
    consent = types.Consent.from_json(
        {
            "consentType": "express",
            "relationType": None,
            "consentDate": None,
            "consentExpiration": None,
            "consentProof": None,
        }
    )
    assert (consent.relation_type, consent.consent_date, consent.consent_expiration) == (None, None, None)
    assert consent.consent_proof == ""


def test_batches_are_read_queued_and_finished():
    queued = types.Batch.from_json(sample("batch_queued"))
    assert (queued.id, queued.batch_type, queued.status, queued.result) == (9021, "addMembers", "NEW", None)
    assert not queued.is_finished
    done = types.Batch.from_json(sample("batch_completed"))
    assert done.is_finished
    assert done.result == types.BatchResult(
        successes=("noah.tremblay@example.com", 4182301),
        errors=(types.BatchError("4182999", "Members with ids 4182999 do not exists"),),
    )


@pytest.mark.parametrize(
    ("status", "finished"), [("completed", True), ("DONE", True), ("PROCESSING", False), ("FROZEN", False)]
)
def test_only_known_words_finish_a_batch(status, finished):
    assert types.Batch.from_json({**sample("batch_completed"), "status": status}).is_finished is finished


@pytest.mark.parametrize("result", [[], {}, {"errors": [], "successes": []}])
def test_an_empty_result_is_a_result(result):
    assert types.Batch.from_json({**sample("batch_completed"), "result": result}).result == types.BatchResult((), ())


@pytest.mark.parametrize(
    "result",
    [None, "x", {"errors": {}}, {"errors": [1]}, {"errors": [{"id": 1}]}, {"successes": [None]}, {"successes": [True]}],
)
def test_a_result_that_does_not_fit_is_refused(result):
    with pytest.raises(SchemaError):
        types.Batch.from_json({**sample("batch_completed"), "result": result})


# What the vendor varies


READERS = [
    (types.Member, "member"),
    (types.UnsubscribedMember, "member_unsubscribed"),
    (types.Unsubscription, "member_unsubscription"),
    (types.Group, "group"),
    (types.Consent, "consent"),
    (types.Ping, "ping"),
    (types.NewToken, "token"),
]


@pytest.mark.parametrize(("reader", "name"), READERS)
def test_unknown_keys_pass_and_every_known_one_is_needed(reader, name):
    row = sample(name)
    assert reader.from_json({**row, "nouveauté": {"a": [1]}}) == reader.from_json(row)
    for key in row:
        with pytest.raises(SchemaError, match=f"{key}: missing"):
            reader.from_json({other: value for other, value in row.items() if other != key})


@pytest.mark.parametrize(
    "key", ["firstname", "lastname", "company", "gender", "language", "postalCode", "country", "note"]
)
def test_a_null_text_is_empty_and_a_number_is_no_text(key):
    read = types.Member.from_json({**sample("member"), key: None})
    assert dataclasses.asdict(read) != dataclasses.asdict(MAUDE)
    for wrong in (7, True, [], {}):
        with pytest.raises(SchemaError, match=f"^{key}: not a string$"):
            types.Member.from_json({**sample("member"), key: wrong})


def test_a_value_the_enumerations_do_not_know_is_kept():
    row = {**sample("member"), "gender": "x", "language": "es_mx", "consentType": "verbal", "country": "XX"}
    read = types.Member.from_json(row)
    assert (read.gender, read.language, read.consent_type, read.country) == ("x", "es_mx", "verbal", "XX")


@pytest.mark.parametrize(("value", "number"), [("4182230", 4182230), (0, 0), (10**18 - 1, 10**18 - 1)])
def test_an_id_may_be_a_string_of_digits(value, number):
    assert types.Member.from_json({**sample("member"), "id": value}).id == number


@pytest.mark.parametrize("value", [None, "", "x", "1.0", 1.0, -1, True, 10**18, "9" * 19, "\u0663", " 1", []])
def test_anything_else_is_no_id(value):
    with pytest.raises(SchemaError, match="^id: not a whole number$"):
        types.Member.from_json({**sample("member"), "id": value})


def test_an_address_is_never_empty():
    with pytest.raises(SchemaError, match="email: empty"):
        types.Member.from_json({**sample("member"), "email": ""})


@pytest.mark.parametrize(
    ("value", "values"),
    [([], {}), ({}, {}), ({"1": None}, {1: None}), ({"007": "x"}, {7: "x"}), ({"4": 1.5}, {4: 1.5})],
)
def test_custom_values_are_read(value, values):
    assert types.Member.from_json({**sample("member"), "customFields": value}).custom_values == values


@pytest.mark.parametrize(
    "value", [None, "", ["x"], {"a": 1}, {"": 1}, {"1": True}, {"1": []}, {"1": {}}, {"1234567890": 1}]
)
def test_custom_values_that_do_not_fit_are_refused(value):
    with pytest.raises(SchemaError, match="customFields: "):
        types.Member.from_json({**sample("member"), "customFields": value})


# Dates


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2025-09-30 16:02:55", "2025-09-30T20:02:55+00:00"),
        ("2025-09-30 16:02:55.8", "2025-09-30T20:02:55.800000+00:00"),
        ("2025-09-30 16:02:55.87", "2025-09-30T20:02:55.870000+00:00"),
        ("2025-09-30 16:02:55.870", "2025-09-30T20:02:55.870000+00:00"),
        ("2025-09-30 16:02:55.8701", "2025-09-30T20:02:55.870100+00:00"),
        ("2025-09-30 16:02:55.87012", "2025-09-30T20:02:55.870120+00:00"),
        ("2025-09-30 16:02:55.870123", "2025-09-30T20:02:55.870123+00:00"),
        ("2025-01-30 16:02:55", "2025-01-30T21:02:55+00:00"),
        ("2025-09-30T16:02:55-04:00", "2025-09-30T20:02:55+00:00"),
        ("2025-09-30T16:02:55-0400", "2025-09-30T20:02:55+00:00"),
        ("2025-09-30T16:02:55Z", "2025-09-30T16:02:55+00:00"),
        ("2025-09-30T16:02:55+05:30", "2025-09-30T10:32:55+00:00"),
        # Doubled hour: the first, still on daylight time. Missing hour: read with the time before it.
        ("2025-11-02 01:30:00", "2025-11-02T05:30:00+00:00"),
        ("2025-11-02T01:30:00-05:00", "2025-11-02T06:30:00+00:00"),
        ("2025-03-09 02:30:00", "2025-03-09T07:30:00+00:00"),
    ],
)
def test_a_moment_is_read_in_every_spelling(value, moment):
    read = types.Member.from_json({**sample("member"), "joinedOn": value})
    assert read.joined_at.isoformat() == moment


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        5,
        "2025-09-30",
        "2025-09-30 16:02",
        "2025-09-30 16:02:55.",
        "2025-09-30 16:02:55.1234567",
        "2025-13-30 16:02:55",
        "2025-09-30 25:02:55",
        "0000-00-00 00:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "2025-09-30 16:02:55 EST",
        "2025-W40-2 16:02:55",
        "٢٠٢٥-09-30 16:02:55",
    ],
)
def test_anything_else_is_no_moment(value):
    with pytest.raises(SchemaError, match="joinedOn: "):
        types.Member.from_json({**sample("member"), "joinedOn": value})


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("1988-06-17", date(1988, 6, 17)),
        ("1988-06-17 00:00:00.000", date(1988, 6, 17)),
        ("1988-06-17T00:00:00-05:00", date(1988, 6, 17)),
        ("1988-06-17T00:00:00+00:00", date(1988, 6, 17)),
        (None, None),
        ("", None),
    ],
)
def test_a_day_is_the_one_written(value, day):
    assert types.Member.from_json({**sample("member"), "birthdate": value}).birth_date == day


@pytest.mark.parametrize(
    "value", ["17/06/1988", "1988-02-30", "0000-00-00", "1988-06-17x", 1988, "1988-06-17 99:00:00", []]
)
def test_anything_else_is_no_day(value):
    with pytest.raises(SchemaError, match="birthdate: "):
        types.Member.from_json({**sample("member"), "birthdate": value})


# Writing


def test_member_writes_are_the_samples():
    assert MemberWrite(
        email="maude.lavoie@example.com", first_name="Maude", last_name="Lavoie", gender="f", language="fr_ca"
    ).to_json() == sample("member_replace_request")
    assert MemberWrite(company="Érablière du Ruisseau", custom_values={3: 12}).to_json() == sample(
        "member_edit_request"
    )
    assert types.ConsentWrite(
        relation_type="active-clients", consent_date=date(2025, 9, 1), consent_proof="Facturation 2025"
    ).to_json() == sample("consent_request")


def test_a_field_left_alone_is_not_sent_and_a_cleared_one_is():
    assert MemberWrite().to_json() == {}
    cleared = {
        field.name: None for field in dataclasses.fields(MemberWrite) if field.name not in ("email", "custom_values")
    }
    assert MemberWrite(**cleared, custom_values={}).to_json() == {
        "firstname": "",
        "lastname": "",
        "company": "",
        "gender": "",
        "language": "",
        "birthdate": None,
        "postalCode": "",
        "country": "",
        "note": "",
        "customFields": {},
    }
    assert types.ConsentWrite(relation_type="partners", consent_date=None, consent_proof=None).to_json() == {
        "relationType": "partners",
        "consentDate": None,
        "consentProof": None,
    }


def test_custom_values_go_out_by_their_id():
    values = {1: "x", 2: date(2025, 1, 15), 3: 12, 4: 1.5, 5: None, 6: ""}
    assert MemberWrite(custom_values=values).to_json() == {
        "customFields": {"1": "x", "2": "2025-01-15", "3": 12, "4": 1.5, "5": None, "6": ""}
    }


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", [MemberWrite, BatchMember])
def test_a_number_that_json_would_turn_into_null_is_refused(kind, number):
    with pytest.raises(ValueError, match="finite"):
        kind(email="a@example.com", custom_values={1: number}).to_json()


def test_batches_are_the_samples():
    maude = BatchMember(email="maude.lavoie@example.com", first_name="Maude", custom_values={1: "Brossard", 3: 14})
    noah = BatchMember(
        email="noah.tremblay@example.com",
        first_name="Noah",
        last_name="Tremblay",
        company=None,
        language="fr_ca",
        consent_date=date(2025, 8, 21),
        consent_proof="Facture 10432",
    )
    assert types.AddMembers(
        members=[maude, noah],
        relation_type="active-clients",
        groups=[20418, 20431],
        default_consent_date=date(2025, 9, 1),
        default_consent_proof="Facturation 2025",
    ).to_json() == sample("batch_add_members_request")
    assert types.UnsubscribeMembers([4182301, "4182999", "noah.tremblay@example.com"]).to_json() == sample(
        "batch_unsubscribe_request"
    )
    assert types.DeleteMembers([4182301, "noah.tremblay@example.com"]).to_json() == sample(
        "batch_delete_members_request"
    )


def test_in_a_batch_clearing_is_spelled():
    row = BatchMember(
        email="a@example.com", note="", birth_date=None, company=UNSET, custom_values={1: None, 2: "", 3: 0}
    )
    assert row.to_json() == {
        "email": "a@example.com",
        "note": "__EMPTY__",
        "birthdate": "__EMPTY__",
        "customFields": {"1": "__EMPTY__", "2": "__EMPTY__", "3": 0},
    }


def test_a_row_of_a_batch_needs_an_address():
    with pytest.raises(ValueError, match="needs an e-mail address"):
        BatchMember(first_name="Léa").to_json()
