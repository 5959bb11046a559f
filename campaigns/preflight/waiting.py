"""What is still on its way to the vendor about the groups of a mailing: its people are not all in them yet, or still."""

from collections.abc import Collection

from django.db.models import Q

from contacts.bulk.groups import GROUP, joined, left_groups
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow

from .facts import MOST_WAITING

UNDER_WAY = (ChangeSet.State.APPLYING, ChangeSet.State.PAUSED)
ON_ITS_WAY = (PlannedRow.State.WAITING, PlannedRow.State.SENDING, PlannedRow.State.VERIFYING)


def count(account_id: int, groups: Collection[int]) -> int:
    """Changes about these groups that the vendor does not have yet, each once, however many of the groups it is about.

    Those in the Outbox, and the rows of bulk changes under way that are not there: of each bulk change only so many are
    looked for that the page does not wait for a list of a million people.
    """
    if not groups:
        return 0
    of_groups = Q(kind="group", object_id__in=groups) | Q(verb=Change.Verb.REGROUP, fields__has_any_keys=_keys(groups))
    changes = Change.objects.filter(of_groups, account_id=account_id, state__in=Change.OPEN).count()
    under_way = ChangeSet.objects.filter(account_id=account_id, state__in=UNDER_WAY).select_related("reverses")
    return changes + sum(_rows(change_set, groups) for change_set in under_way)


def _rows(change_set: ChangeSet, groups: Collection[int]) -> int:
    named = _named(change_set).intersection(groups)
    if not named:
        return 0
    rows = PlannedRow.objects.filter(change_set=change_set, state__in=ON_ITS_WAY, change=None)
    return rows.filter(values__has_any_keys=_keys(named)).order_by()[: MOST_WAITING + 1].count()


def _named(change_set: ChangeSet) -> set[int]:
    """The groups that rows of a bulk change may name: those that were chosen for it, or for what it takes back."""
    chosen = change_set.reverses or change_set
    return {*joined(chosen), *left_groups(chosen), *(int(pk) for pk in chosen.parameters.get("groups", ()))}


def _keys(groups: Collection[int]) -> list[str]:
    return [f"{GROUP}{pk}" for pk in groups]
