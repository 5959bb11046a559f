"""Listed members whose address another contact holds here: swapped, taken over, made anew, or truly there twice.

They wait until the list is read, when it is known what became of the other one. Of two members that the vendor really
lists with one address, the one mirrored first stays and the other is reported: one row, a warning, no crash (fault 59).
"""

from collections.abc import Iterable
from typing import cast

from cyberadmin.api import errors
from cyberadmin.sync.pull_context import ListRefused, PullContext

from .models import Contact
from .pull_contacts import LIVING, ContactMerge, Known, Listed, Plan
from .pull_rows import MEMBERS, NAMES

_REMOTE_ID = NAMES.index("remote_id")
#: Members asked about one by one in a run, when their list was not read whole.
MOST_ASKED = 200

Waiting = dict[int, Listed]


def settle_clashes(context: PullContext, merge: ContactMerge) -> None:
    """Write each member that `merge` set aside, or report it as a duplicate."""
    if not merge.clashes:
        return
    waiting = {cast(int, listed.columns[_REMOTE_ID]): listed for listed in merge.clashes}
    gone = _gone(context, merge, waiting)
    context.in_page(lambda: _settle(context, merge, dict(waiting), gone))


def _gone(context: PullContext, merge: ContactMerge, waiting: Waiting) -> set[int]:
    """Numbers of the holders that the vendor no longer lists."""
    seen = context.seen_ids(MEMBERS.name)
    unseen = [
        holder.remote_id
        for holder in _holders(merge, waiting).values()
        if holder.remote_id is not None and holder.remote_id not in waiting and holder.pk not in seen
    ]
    if context.full and context.whole(MEMBERS.name):
        return set(unseen)
    return {number for number in unseen[:MOST_ASKED] if _is_gone(context, number)}


def _is_gone(context: PullContext, number: int) -> bool:
    def ask() -> bool:
        try:
            context.client.members.get(number)
        except errors.NotFound:
            return True
        return False

    try:
        return context.read(ask)
    except ListRefused:
        return False


def _holders(merge: ContactMerge, waiting: Waiting) -> dict[str, Known]:
    keys = {listed.email_key for listed in waiting.values()}
    return {one.email_key: one for one in merge.load("email_key", keys, LIVING)}


def _settle(context: PullContext, merge: ContactMerge, waiting: Waiting, gone: set[int]) -> None:
    """Write whoever's address is free, as long as that frees others; members that swap park their addresses first."""
    reading = context.readings[MEMBERS.name]
    _leave_edited(context, merge, waiting)
    while waiting:
        own = {one.remote_id: one for one in merge.load("remote_id", waiting)}
        holders = _holders(merge, waiting)
        plan = _ready(waiting, own, holders, gone)
        if plan.updates or plan.inserts or plan.merges:
            merge.write(plan)
            context.seen(reading, plan.seen)
            continue
        stuck = [number for number, listed in waiting.items() if holders[listed.email_key].remote_id not in waiting]
        for number in stuck:
            holder = holders[waiting.pop(number).email_key]
            context.count("duplicates")
            context.problem("duplicate_address", list=MEMBERS.name, id=number, kept=holder.remote_id)
        if not stuck:
            _park(own.values())


def _leave_edited(context: PullContext, merge: ContactMerge, waiting: Waiting) -> None:
    """A member with edits under way is left to the next pull: which address it ends up with is not decided yet."""
    for one in merge.load("remote_id", waiting):
        if one.edited:
            waiting.pop(cast(int, one.remote_id))
            context.problem("address_being_edited", list=MEMBERS.name, id=one.remote_id)


def _ready(waiting: Waiting, own: dict[int | None, Known], holders: dict[str, Known], gone: set[int]) -> Plan:
    """Take out of `waiting` what can be written now. One address goes to one row only."""
    plan = Plan()
    taken: set[str] = set()
    for number, listed in list(waiting.items()):
        row, holder = own.get(number), holders.get(listed.email_key)
        if row is None and holder is not None and (holder.remote_id is None or holder.remote_id in gone):
            row = holder  # made anew there under another number: the same address, the same row here
        is_held = holder is not None and (row is None or holder.pk != row.pk)
        if is_held or listed.email_key in taken:
            continue
        taken.add(listed.email_key)
        del waiting[number]
        if row is None:
            plan.inserts.append(listed)
            continue
        plan.seen.append(row.pk)
        (plan.merges if row.edited or row.gone_at is not None else plan.updates).append((row, listed))
    return plan


def _park(rows: Iterable[Known]) -> None:
    """Members that swap addresses among themselves: none is free until all have let go."""
    for one in rows:
        Contact.objects.filter(pk=one.pk).update(email_key=f"\x01{one.pk}")
