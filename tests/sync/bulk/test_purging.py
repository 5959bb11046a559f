"""After its time a plan keeps counts and results and names nobody."""

from __future__ import annotations

import pytest

from cyberadmin.sync import clock, housekeeping
from cyberadmin.sync.bulk import services
from cyberadmin.sync.models import ChangeSet
from tests.sync.bulk.desk import BulkDesk, people

pytestmark = pytest.mark.django_db(transaction=True)
DAY = 86_400


def test_addresses_go_and_counts_stay(desk: BulkDesk) -> None:
    done = desk.apply("add", people(3))
    unused = desk.plan("add", people(2, "other"))
    clock.advance(89 * DAY)
    housekeeping.run()
    assert {row.label for row in done.rows.all()} == {email for email, _ in people(3)}
    clock.advance(2 * DAY)
    housekeeping.run()
    clock.advance(91 * DAY)
    housekeeping.run()
    for change_set in (done, unused):
        change_set.refresh_from_db()
        assert change_set.purged_at is not None
        assert {(row.label, str(row.values), str(row.base)) for row in change_set.rows.all()} == {("", "{}", "{}")}
    assert services.results(done) == {"done": 3}
    assert done.counts == {"rows": 3, "create": 3}
    assert (unused.state, unused.reason) == (ChangeSet.State.CANCELLED, "lapsed")
