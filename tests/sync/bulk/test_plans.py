"""A plan whose totals do not agree, or that nobody could understand, is never shown as a plan."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cyberadmin.sync.bulk import kinds, planning, services
from cyberadmin.sync.bulk.kinds import Judged, Refused
from cyberadmin.sync.models import ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values
from tests.sync.bulk.desk import BulkDesk, people
from tests.sync.bulk.kind import SheetKind

pytestmark = pytest.mark.django_db(transaction=True)


class LosingKind(SheetKind):
    """Loses, doubles or leaves unexplained a row on the way, as a faulty kind might."""

    kind = "losing"

    def judge(self, change_set: ChangeSet) -> Iterator[Judged]:
        how = change_set.parameters["how"]
        for one in super().judge(change_set):
            yield one
            if how == "twice":
                yield one
        if how == "unexplained":
            yield Judged(99, "x@example.com", "refused")
        if how == "unknown":
            yield Judged(99, "x@example.com", "perhaps")
        if how == "refused":
            raise Refused("group_gone")

    def forecast(self, change_set: ChangeSet) -> Values:
        if change_set.parameters["how"] == "lost":
            PlannedRow.objects.filter(change_set=change_set, number=2).delete()
        return {}


kinds.register(LosingKind())


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("lost", "totals_differ"),
        ("twice", "program_error"),
        ("unexplained", "totals_differ"),
        ("unknown", "totals_differ"),
        ("refused", "group_gone"),
    ],
)
def test_a_plan_that_does_not_add_up_fails_with_words(desk: BulkDesk, how: str, reason: str) -> None:
    parameters = {"verb": "add", "people": [list(one) for one in people(3)], "how": how}
    change_set = services.start(desk.world.editor, desk.world.account, "losing", parameters, "")
    failed = planning.plan(change_set.pk)
    assert failed is not None
    assert (failed.state, failed.reason, failed.counts) == (ChangeSet.State.FAILED, reason, {})
    assert failed.finished_at is not None


def test_a_plan_of_many_rows_is_stored_in_pieces_and_adds_up(desk: BulkDesk) -> None:
    plan = desk.plan("add", [("person0000003@example.com", "Twice")], generate=9_500)
    assert plan.counts == {"rows": 9_501, "create": 9_500, "duplicate": 1}
    assert (plan.progress_done, plan.rows.count()) == (9_501, 9_501)
    assert list(plan.rows.order_by("number").values_list("number", flat=True)[:3]) == [1, 2, 3]


def test_only_one_worker_makes_a_plan(desk: BulkDesk) -> None:
    change_set = desk.start("add", people(3))
    made = planning.plan(change_set.pk)
    assert made is not None
    assert planning.plan(change_set.pk) is None


def test_a_cancelled_plan_is_not_made(desk: BulkDesk) -> None:
    change_set = desk.start("add", people(3))
    services.cancel(desk.world.editor, change_set)
    assert planning.plan(change_set.pk) is None
