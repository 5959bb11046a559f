"""Parts of cases that nothing moves any more: they are decided again, or ended by words; a wish to leave is never lost."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from contacts import services as contacts
from contacts.models import Contact
from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.cases import again, carrying, clocks, details, letters, services
from cyberadmin.cases.details import Details
from cyberadmin.cases.models import CasePart
from cyberadmin.offboarding import standing
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change
from tests.cases.desk import KEY, carry_out, open_case, part_of, send, visitor
from tests.offboarding.desk import begin
from tests.world import World, give, make_user

UNANSWERED = "A request under the law is not answered yet. Answer it first."


def decided(world: World, kind: str, decision: str) -> CasePart:
    """A part of a case about a person in the list, as far as a worker got at once."""
    world.mirrored(KEY)
    part = part_of(open_case(world.editor, world.account, kind=kind), world.account)
    services.decide(world.editor, part, decision, "the person asks")
    return looked_at(part)


def looked_at(part: CasePart) -> CasePart:
    carrying.advance(part.pk)
    return part_of(part.case, Account.objects.get(pk=part.account_id))


def close(paused: str = Account.Paused.LEAVING) -> None:
    """Nothing opens the account any more."""
    Account.objects.update(paused_reason=paused)


def text(part: CasePart) -> str:
    return letters.letter(part, details.read(part.case), "answer", "en").text


@pytest.mark.parametrize(
    ("kind", "decision", "outcome", "said"),
    [
        ("unsubscribe", "unsubscribe", "unsubscribed", "unsubscribed on"),
        ("erasure", "erase", "deleted", "deleted on"),
        ("rectification", "correct", "corrected", "corrected on"),
    ],
)
def test_what_can_never_be_sent_is_ended_by_hand_and_frees_the_purge(
    world: World, kind: str, decision: str, outcome: str, said: str
) -> None:
    found = begin(world.editor, world.account)
    part = decided(world, kind, decision)
    if decision != "correct":
        assert part.steps.get().outcome == "sent"
        with pytest.raises(ValidationError):
            again.decide(world.editor, part, "by_hand", "it goes out any moment")
    close()
    part = looked_at(part)
    assert UNANSWERED in standing.before_purging(found)
    again.decide(world.editor, part, "by_hand", "Luce did it in Cyberimpact on Monday")
    part = part_of(part.case, world.account)
    assert (part.steps.get().outcome, part.decision) == (outcome, decision)
    assert said in text(part)
    if kind != "unsubscribe":
        assert part.state == "doing", "the answer is still to be sent"
        services.note_sent(world.editor, part, "answer", clocks.today())
    assert part_of(part.case, world.account).state == "done"
    assert UNANSWERED not in standing.before_purging(found)
    first, last = AuditEvent.objects.filter(action="case.decided").order_by("pk")
    assert (first.why, first.detail["decision"]) == ("the person asks", decision)
    assert (last.actor, last.why) == (world.editor, "Luce did it in Cyberimpact on Monday")
    assert (last.detail["decision"], last.detail["by_hand"]) == (decision, True)
    waiting = Change.objects.filter(state="queued").values_list("verb", flat=True)
    assert list(waiting) == {"unsubscribe": ["unsubscribe"], "correct": []}.get(decision, ["delete"])


@pytest.mark.parametrize("state", ["sending", "unknown"])
@pytest.mark.parametrize("paused", ["", "leaving", "token"])
def test_what_is_in_flight_is_always_awaited(world: World, state: str, paused: str) -> None:
    part = decided(world, "erasure", "erase")
    Change.objects.update(state=state)
    close(paused)
    part = looked_at(part)
    for decision, ground in (("refuse", "duty"), ("by_hand", ""), ("erase", "")):
        with pytest.raises(ValidationError):
            again.decide(world.editor, part, decision, "no more patience", ground)
    assert part_of(part.case, world.account).decision == "erase"
    assert Change.objects.get().state == state


def test_a_stopped_deletion_is_given_up_when_something_else_is_decided(world: World) -> None:
    part = decided(world, "erasure", "erase")
    Change.objects.update(state="failed")
    part = looked_at(part)
    assert part.steps.get().outcome == "stuck"
    with pytest.raises(ValidationError):
        again.decide(world.editor, part, "by_hand", "a token is there: have it sent")
    again.decide(world.editor, part, "refuse", "a court keeps it", "proceedings")
    part = carry_out(world, part)
    assert Change.objects.get().state == "cancelled"
    assert world.contact(KEY).deleted_at is None
    assert world.effects() == []
    assert "We cannot grant your request" in text(part)
    page = visitor(world.editor).get(f"/cases/{part.case_id}/")
    assert (page.context["parts"][0]["steps"], page.context["waits"]) == ([], "")
    services.note_sent(world.editor, part, "answer", clocks.today())
    assert part_of(part.case, world.account).state == "refused"


def test_a_stopped_deletion_is_decided_once_more(world: World) -> None:
    part = decided(world, "erasure", "erase")
    Change.objects.update(state="parked", reason="program_error")
    again.decide(world.editor, looked_at(part), "erase", "once more")
    assert carry_out(world, part).steps.get().outcome == "erased"
    assert [change.state for change in world.changes()] == ["cancelled", "done"]


def test_a_wish_to_leave_outlives_every_decision(world: World) -> None:
    part = decided(world, "unsubscribe", "unsubscribe")
    Change.objects.update(state="failed", reason="rejected")
    part = looked_at(part)
    offered = again.choices(world.editor, part)
    assert [value for value, _label in offered] == ["unsubscribe"]
    for decision in ("nothing", "delete", "by_hand"):
        with pytest.raises(ValidationError):
            again.decide(world.editor, part, decision, "let it be")
    again.decide(world.editor, part, "unsubscribe", "the person still asks")
    part = carry_out(world, part)
    assert (part.state, part.steps.get().outcome) == ("done", "unsubscribed")
    assert Change.objects.count() == 1
    assert [one["email"] for one in world.held()["unsubscribed"]] == [KEY]


def test_a_deletion_that_can_never_be_sent_becomes_the_unsubscription_that_was_asked_for(world: World) -> None:
    part = decided(world, "unsubscribe", "delete")
    close()
    part = looked_at(part)
    assert [value for value, _label in again.choices(world.editor, part)] == ["unsubscribe"]
    again.decide(world.editor, part, "unsubscribe", "the client does it by hand")
    assert world.contact(KEY).deleted_at is None
    again.decide(world.editor, looked_at(part), "by_hand", "Luce did it in Cyberimpact on Monday")
    part = part_of(part.case, world.account)
    assert (part.state, part.steps.get().outcome) == ("done", "unsubscribed")
    assert [(change.verb, change.state) for change in world.changes()] == [
        ("delete", "cancelled"),
        ("unsubscribe", "queued"),
    ]


def test_an_unsubscription_that_stopped_with_its_maker_is_sent_by_who_decides_again(world: World) -> None:
    world.mirrored(KEY)
    leaver = give(make_user(), world.account, "edit")
    part = part_of(open_case(leaver, world.account, kind="unsubscribe"), world.account)
    services.decide(leaver, part, "unsubscribe", "asked")
    carrying.advance(part.pk)
    leaver.account_accesses.all().delete()
    world.push()
    part = looked_at(part)
    assert (Change.objects.get().reason, part.state) == ("rights_lost", "held")
    with pytest.raises(ValidationError):
        again.decide(world.editor, part, "nothing", "let it be")
    again.decide(world.editor, part, "unsubscribe", "the person still asks")
    assert carry_out(world, part).steps.get().outcome == "unsubscribed"
    assert [one["email"] for one in world.held()["unsubscribed"]] == [KEY]


def test_a_bounced_address_that_cannot_be_deleted_is_unsubscribed_instead(world: World) -> None:
    part = decided(world, "unsubscribe", "delete")
    Change.objects.update(state="cancelled")
    with writing():
        Contact.objects.update(state="bounced", deleted_at=None)
    part = looked_at(part)
    assert part.steps.get().outcome == "bounced"
    again.decide(world.editor, part, "unsubscribe", "deleting is not possible")
    part = looked_at(part)
    assert (part.steps.get().outcome, part.steps.get().change.verb) == ("sent", "unsubscribe")  # type: ignore[union-attr]


@pytest.mark.parametrize("gone", ["unsubscribed", "bounced", "deleted", "right as it is"])
def test_a_correction_that_nobody_can_make_is_ended_with_words(world: World, gone: str) -> None:
    part = decided(world, "rectification", "correct")
    if gone == "unsubscribed":
        contacts.unsubscribe(world.editor, world.contact(KEY), "said no")
        world.settle()
    elif gone != "right as it is":
        moved = {"state": "bounced"} if gone == "bounced" else {"gone_at": clocks.now()}
        with writing():
            Contact.objects.update(**moved)
    part = looked_at(part)
    assert part.steps.get().outcome == "to_correct"
    offered = dict(again.choices(world.editor, part))
    assert list(offered) == ["nothing", "refuse", "by_hand"]
    assert offered["nothing"] == "nothing to correct"
    again.decide(world.editor, part, "nothing", "the name is right as it stands")
    part = part_of(part.case, world.account)
    there = "nothing in it has to be corrected" in text(part)
    assert there == (gone != "deleted")
    assert ("We hold nothing about you" in text(part)) == (not there)
    assert "to be corrected" not in visitor(world.editor).get(f"/cases/{part.case_id}/").content.decode()
    services.note_sent(world.editor, part, "answer", clocks.today())
    assert part_of(part.case, world.account).state == "done"


def test_nothing_to_correct_is_not_the_first_answer(world: World) -> None:
    world.mirrored(KEY)
    part = part_of(open_case(world.editor, world.account, kind="rectification"), world.account)
    for decision in ("nothing", "by_hand"):
        with pytest.raises(ValidationError) as refusal:
            again.decide(world.editor, part, decision, "it is right")
        assert list(refusal.value.error_dict) == ["decision"]


@pytest.mark.parametrize("why", [" ", f"{KEY} did it"])
def test_a_part_is_ended_by_hand_with_words_that_may_be_kept(world: World, why: str) -> None:
    part = decided(world, "rectification", "correct")
    with pytest.raises(ValidationError) as refusal:
        again.decide(world.editor, part, "by_hand", why)
    assert list(refusal.value.error_dict) == ["why"]
    assert part_of(part.case, world.account).why == "the person asks"


def test_what_was_done_before_it_was_decided_again_is_told_too(world: World) -> None:
    world.mirrored(KEY)
    case = open_case(world.editor, world.account)
    details.seal(case, Details("Marie Tremblay", ("nobody@example.com", KEY)))
    case.save()
    part = services.decide(world.editor, part_of(case, world.account), "erase", "asked")
    carrying.advance(part.pk)
    Change.objects.update(state="failed")
    again.decide(world.editor, looked_at(part), "refuse", "a court keeps it", "proceedings")
    said = text(part_of(case, world.account))
    assert "nobody@example.com: erased on" in said
    assert KEY not in said
    assert "the rest of your request" in said


def test_an_erasure_is_not_ended_by_hand_where_the_client_stays(world: World) -> None:
    """What is kept here would outlive it: another token lets it go on."""
    part = decided(world, "erasure", "erase")
    close(Account.Paused.TOKEN)
    part = looked_at(part)
    assert [value for value, _label in again.choices(world.editor, part)] == [
        "erase",
        "unsubscribe",
        "nothing",
        "refuse",
    ]
    with pytest.raises(ValidationError):
        again.decide(world.editor, part, "by_hand", "Luce did it")


def test_only_who_might_decide_it_decides_again(world: World) -> None:
    part = decided(world, "erasure", "erase")
    Change.objects.update(state="failed")
    part = looked_at(part)
    path = f"/cases/client/{part.pk}/decide/"
    for role in ("read", "edit", "send"):
        user = give(make_user(), world.account, role)
        with pytest.raises(PermissionDenied):
            again.decide(user, part, "refuse", "no", "duty")
        assert path not in visitor(user).get(f"/cases/{part.case_id}/").content.decode()
        assert send(visitor(user), path, decision="refuse", why="no", ground="duty").status_code == 403
    assert part_of(part.case, world.account).decision == "erase"


def test_the_page_offers_to_decide_again_and_says_what_that_does(world: World) -> None:
    part = decided(world, "rectification", "correct")
    client = visitor(world.editor)
    path = f"/cases/client/{part.pk}/decide/"
    assert f'href="{path}">Decide again…' in client.get(f"/cases/{part.case_id}/").content.decode()
    form = client.get(path)
    assert "corrected by hand" in form.content.decode()
    assert "the answer tells the person that it is done" in form.content.decode()
    assert send(client, path, decision="by_hand", why="Luce did it").status_code == 302
    assert part.steps.get().outcome == "corrected"
    assert f'href="{path}"' not in client.get(f"/cases/{part.case_id}/").content.decode()
    assert client.get(path).context["not_offered"]


def test_the_page_says_that_nothing_can_be_sent(world: World) -> None:
    part = decided(world, "unsubscribe", "unsubscribe")
    client = visitor(world.editor)
    page = client.get(f"/cases/{part.case_id}/")
    assert (page.context["waits"] != "", "Nothing can be sent" in page.content.decode()) == (True, False)
    close()
    page = client.get(f"/cases/{part.case_id}/")
    assert (page.context["waits"], "Nothing can be sent" in page.content.decode()) == ("", True)
