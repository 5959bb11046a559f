"""Should a row ever cross the wall, pages still tell nothing of the other side (docs/security.md, line 5)."""

from __future__ import annotations

from contacts.models import GroupMembership
from cyberadmin.sync.mirror import writing
from tests.accounts.doors import scoped_doors
from tests.accounts.isolation_world import Agency
from tests.accounts.test_isolation import browser


def test_a_deletion_page_tells_nothing_of_a_row_across_the_wall(agency: Agency) -> None:
    with writing():
        GroupMembership.objects.create(
            contact_id=agency.theirs.pks["contact"], group_id=agency.ours.pks["group"], pending=""
        )
    client = browser(agency.insiders["manage"])
    seen = 0
    for door in scoped_doors():
        if door.model not in ("group", "contact") and "delete" not in door.route:
            continue
        for path in door.paths(agency.ours):
            response = client.get(f"/c/{agency.ours.account.slug}/{path}")
            text = response.getvalue().decode(errors="replace").lower()
            assert agency.theirs.marker.lower() not in text, path
            seen += response.status_code == 200
    assert seen >= 8
