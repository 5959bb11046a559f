"""From a request to its end, over a real HTTP vendor: each client decides, the engine carries out, the case knows."""

from __future__ import annotations

import base64
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import QueryDict

from contacts import services as contacts
from contacts.consent import ledger, never_back, proofs
from contacts.models import ConsentRecord, Contact, ErasedAddress, ProofFile
from cyberadmin.accounts import audit
from cyberadmin.accounts.models import AccountAccess, AuditEvent
from cyberadmin.cases import carrying, certificate, clocks, details, erasers, services
from cyberadmin.cases.models import Case, CasePart, CaseStep
from cyberadmin.exports import making
from cyberadmin.exports import services as exports
from cyberadmin.sync import exchanges
from cyberadmin.sync import services as engine
from cyberadmin.sync.models import ApiCall, Change, ChangeSet, KeptExchange, PlannedRow
from cyberadmin.sync.uploads import UploadError
from tests.cases.desk import EMAIL, KEY, WHO, carry_out, open_case, part_of, whole_database
from tests.sandbox_server import SandboxServer
from tests.world import World, give, make_account, make_user


@pytest.fixture
def other(world: World, sandbox: SandboxServer) -> World:
    """A second client, on which the editor of the first works too."""
    second = World.build(sandbox)
    give(world.editor, second.account, "manage")
    return second


def test_unsubscribing_from_one_client_leaves_the_other_alone(world: World, other: World) -> None:
    world.mirrored(KEY)
    other.mirrored(KEY)
    case = open_case(world.editor, world.account, other.account, kind="unsubscribe", identity="")
    first, second = part_of(case, world.account), part_of(case, other.account)
    services.decide(world.editor, first, "unsubscribe", "asked by phone")
    services.decide(world.editor, second, "nothing", "still wants this one")
    assert carry_out(world, first).state == "done"
    assert [step.outcome for step in first.steps.all()] == ["unsubscribed"]
    second.refresh_from_db()
    assert (second.state, list(second.steps.all())) == ("done", [])
    assert [one["email"] for one in world.held()["unsubscribed"]] == [KEY]
    assert other.held()["unsubscribed"] == []
    assert other.effects() == []
    assert details.read(Case.objects.get()).who == WHO


def test_an_address_that_is_not_there_and_one_that_left_need_no_call(world: World) -> None:
    case = open_case(world.editor, world.account, kind="unsubscribe")
    part = services.decide(world.editor, part_of(case, world.account), "unsubscribe", "asked")
    assert carry_out(world, part).steps.get().outcome == "not_there"
    assert part.state == "done"
    contact = world.mirrored(KEY)
    contacts.unsubscribe(world.editor, contact, "before")
    world.settle()
    case = open_case(world.editor, world.account, kind="unsubscribe")
    part = services.decide(world.editor, part_of(case, world.account), "unsubscribe", "asked")
    assert carry_out(world, part).steps.get().outcome == "already"


@pytest.mark.django_db(transaction=True)
def test_an_erasure_from_the_request_to_the_certificate(world: World) -> None:
    plant_everywhere(world)
    request = SimpleUploadedFile("marie.tremblay@example.com.txt", f"Please erase {EMAIL}".encode())
    case = open_case(world.editor, world.account, proof=request)
    part = part_of(case, world.account)
    assert part.proof_file is not None
    stored = part.proof_file.stored_name
    services.decide(world.editor, part, "erase", "The person asks, nothing stands against it")
    carry_out(world, part)
    step = part.steps.get()
    assert (step.outcome, step.was) == ("erased", "subscribed")
    assert step.erased == ErasedAddress.objects.get()
    assert world.held()["members"] == []
    assert part.state == "doing", "the answer is still to be sent"
    services.note_sent(world.editor, part, "answer", clocks.today())
    part.refresh_from_db()
    assert part.state == "done"
    case.refresh_from_db()
    assert case.forgotten_at is not None
    assert details.read(case).addresses == ()
    dump = whole_database().casefold()
    for trace in (KEY, "marie", "tremblay", "%40example.com"):
        assert trace not in dump, dump[max(0, dump.index(trace) - 300) :][:500]
    with pytest.raises(UploadError):
        proofs.STORE.open_plain(world.account.pk, stored)
    for language in ("fr", "en"):
        said = certificate.text(part, language)
        assert step.erased.digest in said
        assert part.proof_sha256 in said
        assert "marie" not in said.casefold()


def plant_everywhere(world: World) -> Contact:
    """One person wherever the product keeps people: mirror, ledger, edits, plans, calls kept whole, history."""
    contact = world.mirrored(KEY, firstname="Marie", lastname="Tremblay")
    contacts.edit_contact(world.editor, contact, {"first_name": "Marie-Ève"}, contact.edit_version, why=f"for {EMAIL}")
    world.settle()
    file = proofs.keep(world.account, "sheet.txt", BytesIO(b"signed"), world.editor)
    facts = ledger.Facts("express-consent", clocks.today(), f"{EMAIL} ticked", file.pk, "box", "counter")
    ledger.append(world.account.pk, EMAIL, ledger.Source.SET, facts, ledger.By(world.editor, words=EMAIL))
    plan = ChangeSet.objects.create(account=world.account, kind="import", object_kind="contact", state="done")
    PlannedRow.objects.create(
        change_set=plan, account=world.account, number=1, label=EMAIL, verdict="update", values={"first_name": "Marie"}
    )
    keep_call(world, f"/members/{KEY.replace('@', '%40')}")
    audit.record("create.again", actor=world.editor, account=world.account, object=KEY)
    asked = [exports.ask(world.editor, world.account, "contacts", "csv", QueryDict(f"q={KEY}")) for _time in range(2)]
    making.make(asked[0].pk)
    return contact


def keep_call(world: World, path: str) -> None:
    """A failed call that quotes the person, kept whole as the engine keeps it."""
    call = ApiCall.objects.create(
        account=world.account, method="GET", path="/members/{key}", duration_ms=1, response="Marie", at=clocks.now()
    )
    whole = exchanges.Exchange("GET", path, {}, "", 500, {}, "Marie Tremblay", "", "ServerError")
    kept = KeptExchange(call=call, account=world.account, at=call.at)
    kept.sealed = exchanges.secrets.encrypt(exchanges.json.dumps(exchanges.asdict(whole)), kept.context)
    kept.save()


def test_calls_kept_whole_go_only_with_the_person_they_name(world: World) -> None:
    keep_call(world, f"/members/{KEY}")
    keep_call(world, "/members/other%40example.com")
    assert erasers.exchanges(world.account, KEY) == 1
    assert [exchanges.read(kept.call).path for kept in KeptExchange.objects.all()] == [  # type: ignore[union-attr]
        "/members/other%40example.com"
    ]


def test_who_was_erased_is_added_nowhere_they_were_erased(world: World, other: World) -> None:
    world.mirrored(KEY)
    other.mirrored(KEY)
    case = open_case(world.editor, world.account, other.account)
    for one in (world, other):
        part = services.decide(world.editor, part_of(case, one.account), "erase", "asked")
        carry_out(one, part)
    for one in (world, other):
        assert never_back.protected(one.account.pk, [EMAIL]) == {EMAIL: "erased"}
        with pytest.raises(ValidationError):
            contacts.create_contact(world.editor, one.account, {"email": EMAIL})
        assert one.held()["members"] == []
    assert never_back.protected(make_account().pk, [EMAIL]) == {}


def test_the_person_is_forgotten_when_the_last_client_has_answered(world: World, other: World) -> None:
    world.mirrored(KEY)
    case = open_case(world.editor, world.account, other.account)
    first, second = part_of(case, world.account), part_of(case, other.account)
    carry_out(world, services.decide(world.editor, first, "erase", "asked"))
    services.note_sent(world.editor, first, "answer", clocks.today())
    assert details.read(Case.objects.get()).who == WHO
    services.decide(world.editor, second, "refuse", "a court keeps it", "proceedings")
    services.note_sent(world.editor, second, "answer", clocks.today())
    second.refresh_from_db()
    assert second.state == "refused"
    assert Case.objects.get().sealed == ""
    assert KEY not in whole_database().casefold()


def test_a_waiting_change_is_taken_back_before_an_erasure(world: World) -> None:
    contact = world.mirrored(KEY)
    waiting = contacts.edit_contact(world.editor, contact, {"first_name": "Marie"}, contact.edit_version)
    part = part_of(open_case(world.editor, world.account), world.account)
    carry_out(world, services.decide(world.editor, part, "erase", "asked"))
    assert waiting is not None
    waiting.refresh_from_db()
    assert waiting.state == "superseded"
    assert part.steps.get().outcome == "erased"
    assert [entry["method"] for entry in world.effects()] == ["DELETE"]


def test_rows_of_plans_that_wait_are_not_sent_and_those_on_the_wire_are_awaited(world: World) -> None:
    plan = ChangeSet.objects.create(account=world.account, kind="import", object_kind="contact", state="paused")
    row = PlannedRow.objects.create(
        change_set=plan, account=world.account, number=1, label=EMAIL, verdict="create", verb="add", state="sending"
    )
    part = services.decide(
        world.editor, part_of(open_case(world.editor, world.account), world.account), "erase", "asked"
    )
    carrying.advance(part.pk)
    assert part.steps.get().outcome == "blocked"
    PlannedRow.objects.update(state="waiting")
    carrying.advance(part.pk)
    assert part.steps.get().outcome == "erased"
    row.refresh_from_db()
    assert (row.state, row.result, row.label) == ("failed", "erased", "")


def test_a_change_on_its_way_is_awaited_before_an_erasure(world: World) -> None:
    contact = world.mirrored(KEY)
    contacts.edit_contact(world.editor, contact, {"first_name": "Marie"}, contact.edit_version)
    Change.objects.update(state="sending", lease_until=clocks.now())
    part = services.decide(
        world.editor, part_of(open_case(world.editor, world.account), world.account), "erase", "asked"
    )
    carrying.advance(part.pk)
    assert part.steps.get().outcome == "in_flight"
    assert Change.objects.count() == 1
    assert carry_out(world, part).steps.get().outcome == "erased"


def test_who_unsubscribed_is_erased_here_and_stays_unsubscribed_there(world: World) -> None:
    contacts.unsubscribe(world.editor, world.mirrored(KEY), "said no")
    world.settle()
    part = services.decide(
        world.editor, part_of(open_case(world.editor, world.account), world.account), "erase", "asked"
    )
    assert carry_out(world, part).steps.get().outcome == "erased"
    assert [one["email"] for one in world.held()["unsubscribed"]] == [KEY]
    assert world.pull().state == "complete"
    assert Contact.objects.count() == 0
    assert ConsentRecord.objects.filter(source="unsubscribed", erased__isnull=False).exists()


@pytest.mark.parametrize(
    ("kind", "decision", "outcome"),
    [("erasure", "erase", "erased"), ("unsubscribe", "unsubscribe", "unsubscribed"), ("unsubscribe", "delete", "kept")],
)
def test_an_unsubscription_that_has_not_arrived_is_awaited_and_never_dropped(
    world: World, kind: str, decision: str, outcome: str
) -> None:
    """The mirror says "unsubscribed" at once; Cyberimpact does not know it before the change is done (product.md S4)."""
    wish = contacts.unsubscribe(world.editor, world.mirrored(KEY), "said no by phone")
    Change.objects.update(state="failed")
    case = open_case(world.editor, world.account, kind=kind)
    part = services.decide(world.editor, part_of(case, world.account), decision, "asked")
    carrying.advance(part.pk)
    assert (part.steps.get().outcome, part.steps.get().change) == ("stuck", wish)
    engine.retry(world.editor, wish)
    carrying.advance(part.pk)
    assert (part.steps.get().outcome, part_of(case, world.account).state) == ("sent", "doing")
    assert carry_out(world, part).steps.get().outcome == outcome
    wish.refresh_from_db()
    assert wish.state == "done"
    assert [one["email"] for one in world.held()["unsubscribed"]] == [KEY]


def test_an_erasure_waits_for_the_unsubscription_of_another_case(world: World) -> None:
    world.mirrored(KEY)
    leaving = part_of(open_case(world.editor, world.account, kind="unsubscribe"), world.account)
    services.decide(world.editor, leaving, "unsubscribe", "asked by phone")
    carrying.advance(leaving.pk)
    erased = part_of(open_case(world.editor, world.account), world.account)
    services.decide(world.editor, erased, "erase", "asked")
    assert carry_out(world, erased).steps.get().outcome == "erased"
    assert carry_out(world, leaving).steps.get().outcome == "unsubscribed"
    assert [one["email"] for one in world.held()["unsubscribed"]] == [KEY]


def test_who_is_gone_there_meanwhile_was_not_deleted_by_the_case(world: World) -> None:
    wish = contacts.unsubscribe(world.editor, world.mirrored(KEY), "said no by phone")
    case = open_case(world.editor, world.account, kind="unsubscribe")
    part = services.decide(world.editor, part_of(case, world.account), "delete", "asked")
    carrying.advance(part.pk)
    world.sandbox.control("DELETE", "members", account=world.remote, email=KEY)
    assert carry_out(world, part).steps.get().outcome == "stuck"
    wish.refresh_from_db()
    engine.let_go(world.editor, wish)
    assert carry_out(world, part).steps.get().outcome == "not_there"


@pytest.mark.parametrize("known", [True, False], ids=["known here", "known only there"])
@pytest.mark.parametrize(("decision", "outcome"), [("erase", "erased"), ("delete", "deleted")])
def test_who_bounced_is_called_erased_only_when_somebody_deleted_them_there(
    world: World, known: bool, decision: str, outcome: str
) -> None:
    """The API does not delete an address that bounced (api/README.md 4.1): the case waits for hands, and says so."""
    other = "ben@example.com"
    for email in (KEY, other):
        world.mirrored(email)
    world.sandbox.control("POST", "bounce", account=world.remote, email=other)
    world.sandbox.control("POST", "bounce", account=world.remote, email=KEY)
    if known:
        world.pull()
    kind = "erasure" if decision == "erase" else "unsubscribe"
    part = part_of(open_case(world.editor, world.account, kind=kind), world.account)
    services.decide(world.editor, part, decision, "asked")
    carry_out(world, part)
    step = part.steps.get()
    assert (part.state, step.outcome, step.was) == ("doing", "bounced", "bounced")
    assert not ErasedAddress.objects.exists()
    assert KEY in {one["email"] for one in world.held()["bounced"]}
    world.pull()
    assert carry_out(world, part).steps.get().outcome == "bounced"

    world.sandbox.control("DELETE", "members", account=world.remote, email=KEY)
    world.pull()
    step = carry_out(world, part).steps.get()
    assert step.outcome == outcome
    assert ErasedAddress.objects.exists() == (decision == "erase")


def test_a_role_taken_away_between_decision_and_carrying_out_holds_it(world: World) -> None:
    world.mirrored(KEY)
    leaver = give(make_user(), world.account, "manage")
    part = services.decide(leaver, part_of(open_case(leaver, world.account), world.account), "erase", "asked")
    AccountAccess.objects.filter(user=leaver).update(role="edit")
    carry_out(world, part)
    assert part.state == "held"
    assert (Change.objects.count(), world.effects()) == (0, [])
    assert AuditEvent.objects.filter(action="case.held").count() == 1
    with pytest.raises(PermissionDenied):
        services.decide(leaver, part, "erase", "once more")
    services.decide(world.editor, part, "erase", "the person still asks")
    assert carry_out(world, part).steps.get().outcome == "erased"


def test_a_role_taken_away_while_the_change_waits_stops_the_change(world: World) -> None:
    world.mirrored(KEY)
    leaver = give(make_user(), world.account, "edit")
    case = open_case(leaver, world.account, kind="unsubscribe")
    part = services.decide(leaver, part_of(case, world.account), "unsubscribe", "asked")
    carrying.advance(part.pk)
    assert Change.objects.get().state == "queued"
    AccountAccess.objects.filter(user=leaver).delete()
    world.push()
    carrying.advance(part.pk)
    assert world.effects() == []
    assert Change.objects.get().state == "parked"
    assert part_of(case, world.account).state == "held"


def test_a_correction_is_followed_until_the_vendor_has_it(world: World) -> None:
    contact = world.mirrored(KEY, firstname="Mary")
    part = part_of(open_case(world.editor, world.account, kind="rectification"), world.account)
    services.decide(world.editor, part, "correct", "the name is misspelt")
    carrying.advance(part.pk)
    assert part.steps.get().outcome == "to_correct"
    with pytest.raises(ValidationError):
        services.note_sent(world.editor, part, "answer", clocks.today())
    new = {"first_name": "Marie", "email": "marie@example.com"}
    contacts.edit_contact(world.editor, contact, new, contact.edit_version)
    carrying.advance(part.pk)
    assert part.steps.get().outcome == "sent"
    assert carry_out(world, part).steps.get().outcome == "corrected"
    assert world.held_member("marie@example.com")["firstname"] == "Marie"
    services.note_sent(world.editor, part, "answer", clocks.today())
    assert part_of(part.case, world.account).state == "done"


def test_only_an_edit_of_the_data_is_a_correction(world: World) -> None:
    contact, group = world.mirrored(KEY), world.mirrored_group("News")
    part = part_of(open_case(world.editor, world.account, kind="rectification"), world.account)
    services.decide(world.editor, part, "correct", "the name is misspelt")
    contacts.change_groups(world.editor, contact, [group], [])
    assert carry_out(world, part).steps.get().outcome == "to_correct"
    contact.refresh_from_db()
    contacts.unsubscribe(world.editor, contact, "asked for that too")
    assert carry_out(world, part).steps.get().outcome == "to_correct"


def test_a_correction_that_flows_into_what_waited_already_is_found(world: World) -> None:
    contact = world.mirrored(KEY, firstname="Mary")
    contacts.edit_contact(world.editor, contact, {"note": "prefers mornings"}, contact.edit_version)
    part = part_of(open_case(world.editor, world.account, kind="rectification"), world.account)
    services.decide(world.editor, part, "correct", "the name is misspelt")
    carrying.advance(part.pk)
    assert part.steps.get().outcome == "to_correct"
    contact.refresh_from_db()
    contacts.edit_contact(world.editor, contact, {"first_name": "Marie"}, contact.edit_version)
    assert len(world.changes()) == 1
    carrying.advance(part.pk)
    assert part.steps.get().outcome == "sent"
    assert carry_out(world, part).steps.get().outcome == "corrected"


def test_nothing_to_do_is_not_said_of_who_is_there(world: World) -> None:
    world.mirrored(KEY)
    part = part_of(open_case(world.editor, world.account, kind="access"), world.account)
    with pytest.raises(ValidationError) as refusal:
        services.decide(world.editor, part, "nothing", "not there")
    assert list(refusal.value.error_dict) == ["decision"]


def test_one_part_that_cannot_be_carried_out_stops_no_other(world: World, other: World, settings: Any) -> None:
    contacts.unsubscribe(world.editor, world.mirrored(KEY), "before")
    world.settle()
    broken = open_case(world.editor, other.account, kind="unsubscribe")
    services.decide(world.editor, part_of(broken, other.account), "unsubscribe", "asked")
    Case.objects.filter(pk=broken.pk).update(sealed="k0:AAAA")
    case = open_case(world.editor, world.account, kind="unsubscribe")
    services.decide(world.editor, part_of(case, world.account), "unsubscribe", "asked")
    carrying.advance_all()
    assert part_of(case, world.account).state == "done"
    assert part_of(broken, other.account).state == "doing"


def test_details_are_sealed_anew_when_keys_change(world: World, settings: Any) -> None:
    case = open_case(world.editor, world.account)
    old, new = settings.CYBERADMIN_KEYS[0], "k2:" + base64.b64encode(b"n" * 32).decode()
    settings.CYBERADMIN_KEYS = [new, old]
    call_command("rotate_keys", stdout=StringIO())
    settings.CYBERADMIN_KEYS = [new]
    case.refresh_from_db()
    assert details.read(case).who == WHO
    assert details.seal_anew() == 0


def test_what_the_vendor_refuses_waits_for_somebody(world: World) -> None:
    world.mirrored(KEY)
    world.sandbox.faults({"method": "DELETE", "path": "/members/{key}", "action": "status", "code": 422, "times": 1})
    part = services.decide(
        world.editor, part_of(open_case(world.editor, world.account), world.account), "erase", "asked"
    )
    carrying.advance(part.pk)
    world.push()
    carrying.advance(part.pk)
    assert part.steps.get().outcome == "stuck"
    assert ErasedAddress.objects.count() == 0


@pytest.mark.parametrize(
    ("decision", "why", "ground", "field"),
    [
        ("unsubscribe_all", "asked", "", "decision"),
        ("give", "asked", "", "decision"),
        ("erase", " ", "", "why"),
        ("erase", f"{EMAIL} asked", "", "why"),
        ("refuse", "no", "", "ground"),
        ("refuse", "no", "because", "ground"),
    ],
)
def test_decisions_that_are_refused(world: World, decision: str, why: str, ground: str, field: str) -> None:
    part = part_of(open_case(world.editor, world.account), world.account)
    with pytest.raises(ValidationError) as refusal:
        services.decide(world.editor, part, decision, why, ground)
    assert list(refusal.value.error_dict) == [field]
    part.refresh_from_db()
    assert part.state == "waiting"


def test_nothing_is_decided_for_a_stranger_but_to_refuse(world: World) -> None:
    case = open_case(world.editor, world.account, kind="access", identity="")
    part = part_of(case, world.account)
    for decision in ("give", "nothing"):
        with pytest.raises(ValidationError):
            services.decide(world.editor, part, decision, "asked")
    with pytest.raises(ValidationError):
        services.note_given(world.editor, part, "json")
    services.identify(world.editor, case, "called back")
    services.decide(world.editor, part_of(case, world.account), "give", "asked")
    stranger = part_of(open_case(world.editor, world.account, kind="access", identity=""), world.account)
    services.decide(world.editor, stranger, "refuse", "no answer", "identity")


def test_a_decision_is_taken_once(world: World) -> None:
    part = part_of(open_case(world.editor, world.account), world.account)
    services.decide(world.editor, part, "nothing", "nothing there")
    with pytest.raises(ValidationError):
        services.decide(world.editor, part, "erase", "changed my mind")


@pytest.mark.parametrize("role", ["read", "edit", "send"])
def test_erasing_takes_the_right_to_manage_and_opening_the_right_to_edit(role: str, db: Any) -> None:
    account = make_account()
    user = give(make_user(), account, role)
    if role == "read":
        with pytest.raises(PermissionDenied):
            open_case(user, account)
        return
    part = part_of(open_case(user, account), account)
    with pytest.raises(PermissionDenied):
        services.decide(user, part, "erase", "asked")


def test_an_answer_is_noted_only_when_the_work_is_done(world: World) -> None:
    part = part_of(open_case(world.editor, world.account, kind="access"), world.account)
    for _ in range(2):
        with pytest.raises(ValidationError):
            services.note_sent(world.editor, part, "answer", clocks.today())
        services.note_sent(world.editor, part, "acknowledgement", clocks.today())
        if part.state == "waiting":
            part = services.decide(world.editor, part, "give", "asked")
    with pytest.raises(ValidationError):
        services.note_sent(world.editor, part, "acknowledgement", clocks.today().replace(year=2020))
    services.note_given(world.editor, part, "csv")
    services.note_sent(world.editor, part, "answer", clocks.today())
    assert part_of(part.case, world.account).state == "done"


def test_cases_are_never_deleted(world: World) -> None:
    case = open_case(world.editor, world.account)
    part = services.decide(world.editor, part_of(case, world.account), "erase", "asked")
    for row in (case, part, part.steps.get()):
        with pytest.raises(TypeError):
            row.delete()
    for model in (Case, CasePart, CaseStep):
        with pytest.raises(TypeError):
            model.objects.all().delete()


def test_nothing_of_the_person_is_readable_while_the_case_is_open(world: World) -> None:
    open_case(world.editor, world.account, note="my cousin Julie told me")
    dump = whole_database().casefold()
    for trace in (KEY, "tremblay", "julie"):
        assert trace not in dump


def test_a_proof_that_is_not_kept_opens_no_case(world: World) -> None:
    with pytest.raises(ValidationError):
        open_case(world.editor, world.account, proof=SimpleUploadedFile("x.zip", b"PK\x03\x04" + b"\0" * 200))
    assert (Case.objects.count(), ProofFile.objects.count()) == (0, 0)
