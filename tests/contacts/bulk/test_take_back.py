"""What a take-back must leave alone, and a row of it that needs two changes."""

from __future__ import annotations

from datetime import date

import pytest

from contacts.bulk import uploads
from contacts.bulk.uploads import Chosen
from contacts.models import Contact
from cyberadmin.sync import clock
from cyberadmin.sync.bulk import applying, services
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import Change, ChangeSet
from groups.models import Group
from tests.contacts.bulk.bulk_desk import approve_and_apply, held_groups, planned, results, run, upload, verdicts
from tests.world import World, from_sweep

pytestmark = pytest.mark.django_db


def imported(world: World, text: str, *groups: Group) -> ChangeSet:
    """A list of active clients, applied to its end."""
    file = upload(world, text)
    chosen = Chosen(
        relation="active-clients",
        consent_on=date(2026, 6, 1),
        groups=list(groups),
        mapping=uploads.mapping_of(file),
    )
    done = approve_and_apply(world, planned(uploads.choose(world.editor, file, chosen)))
    assert set(results(done).values()) == {"done"}
    return done


def comes_by_the_form(world: World, email: str) -> None:
    """Somebody fills in a form of the client and so gives express consent (api/README.md 4.3)."""
    world.sandbox.control("POST", "resubscribe", account=world.remote, email=email)


def there(world: World) -> set[str]:
    """The addresses of the vendor's subscribed members."""
    return {member["email"] for member in world.held()["members"]}


def test_an_import_takes_back_only_whom_it_made_and_who_is_as_it_left_them(world: World) -> None:
    clients, others = world.mirrored_group("Clients"), world.remote_group("Others")
    dynamic = world.remote_group("All of Quebec", isDynamic=True)
    # Subscribed after the last pull, so that the plan takes her for new.
    world.remote_member("before@example.com", groups=[])
    clock.advance(5)
    world.sandbox.advance(5)
    names = ("before", "form", "group", "new")
    done = imported(world, "Courriel\n" + "".join(f"{name}@example.com\n" for name in names), clients)
    assert done.counts["create"] == 4
    unread = planned(services.take_back(world.editor, done, "wrong list"))
    assert set(verdicts(unread).values()) == {("refused", "not_there_yet")}
    services.cancel(world.editor, unread)
    comes_by_the_form(world, "form@example.com")
    for group, email in ((others, "group@example.com"), (dynamic, "new@example.com")):
        world.sandbox.control("POST", "groups/members", account=world.remote, id=group["id"], add=[email])
    world.pull()

    back = planned(services.take_back(world.editor, done, "wrong list"))

    assert verdicts(back) == {
        "before@example.com": ("refused", "there_before"),
        "form@example.com": ("refused", "touched_since"),
        "group@example.com": ("refused", "touched_since"),
        "new@example.com": ("remove", ""),
    }
    assert set(results(approve_and_apply(world, back)).values()) == {"done"}
    assert there(world) == {"before@example.com", "form@example.com", "group@example.com"}
    assert differences(world.account.pk) == []


def test_who_consents_after_a_take_back_was_planned_is_not_deleted(world: World) -> None:
    done = imported(world, "Courriel\nzoe@example.com\nben@example.com\n")
    world.pull()
    back = planned(services.take_back(world.editor, done, "wrong list"))
    assert set(verdicts(back).values()) == {("remove", "")}
    comes_by_the_form(world, "zoe@example.com")
    world.pull()

    ended = approve_and_apply(world, back)

    assert results(ended) == {"zoe@example.com": "cancelled", "ben@example.com": "done"}
    assert there(world) == {"zoe@example.com"}
