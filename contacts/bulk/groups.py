"""Adding to groups, removing from groups, and moving from one group to others (product.md S6, S8, W14).

The groups that are not named stay as they are: nothing here replaces a contact's groups (product.md 3d-13). A batch of the
vendor could add people to a group, but only together with a claim of consent (api/README.md 4.9), so each person's groups
travel as an ordinary change.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts import services
from contacts.models import Contact, GroupMembership
from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient
from cyberadmin.sync.bulk.kinds import Refused
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values
from groups.models import Group

from . import words
from .base import IN_BULK, Answer, ContactsKind, Judge, V, acting, left, person_of, same, why_of

GROUP = "group:"
PENDING = GroupMembership.Pending


def joined(change_set: ChangeSet) -> list[int]:
    """The groups that people are put in, by primary key."""
    return [int(pk) for pk in change_set.parameters.get("join", ())]


def left_groups(change_set: ChangeSet) -> list[int]:
    """The groups that people are taken out of, by primary key."""
    return [int(pk) for pk in change_set.parameters.get("leave", ())]


def campaign_to(groups: Iterable[Group]) -> str:
    """The address where a campaign to these groups begins, within the client whose page it stands on."""
    query = urlencode([("groups", group.pk) for group in groups])
    return f"{reverse('admin:campaigns_campaign_add')}?{query}"


def check_groups(change_set: ChangeSet, wanted: Iterable[int]) -> dict[int, Group]:
    """The groups as they are now. Raises Refused when one is gone, dynamic, or not this client's."""
    wanted = list(wanted)
    found: dict[int, Group] = Group.objects.filter(account=change_set.account_id).in_bulk(wanted)
    for pk in wanted:
        group = found.get(pk)
        if group is None or group.gone_at is not None or group.deleted_at is not None:
            raise Refused("group_gone", {"title": group.title if group else str(pk)})
        if group.is_dynamic:
            raise Refused("group_dynamic", {"title": group.title})
    return found


def look_at_groups(client: ApiClient, account_id: int, wanted: Iterable[int]) -> None:
    """Ask the vendor whether these groups are still there: one request each. Raises Refused, ApiError."""
    for group in Group.objects.filter(account=account_id, pk__in=list(wanted), remote_id__isnull=False):
        try:
            client.groups.get(group.remote_id or 0)
        except errors.NotFound:
            raise Refused("group_gone", {"title": group.title}) from None


def memberships(people: Iterable[Contact | int], groups: Iterable[int]) -> dict[int, dict[int, bool]]:
    """{contact: {group: whether it is in it}} of those that are in, or on their way in or out; one query."""
    keys = [person if isinstance(person, int) else person.pk for person in people]
    rows = GroupMembership.objects.filter(contact__in=keys, group__in=list(groups))
    found: dict[int, dict[int, bool]] = defaultdict(dict)
    for contact, group, pending in rows.values_list("contact", "group", "pending"):
        found[contact][group] = pending != PENDING.REMOVE
    return found


class GroupsJudge(Judge):
    """Compares the groups that people are in with those that are wanted."""

    def __init__(self, change_set: ChangeSet) -> None:
        super().__init__(change_set)
        self.join = joined(change_set)
        self.leave = left_groups(change_set)
        self.held: dict[int, dict[int, bool]] = {}

    def load(self, people: Sequence[Contact]) -> None:
        self.held = memberships(people, [*self.join, *self.leave])

    def judge(self, person: Contact) -> Answer:
        gone = left(person)
        if gone is not None:
            return gone
        held = self.held.get(person.pk, {})
        if self.leave and not any(held.get(pk) for pk in self.leave):
            return same("not_in_group")
        wanted = {pk: True for pk in self.join if not held.get(pk)} | {pk: False for pk in self.leave if held.get(pk)}
        if not wanted:
            return same("in_group_already")
        return Answer(
            V.UPDATE,
            Change.Verb.REGROUP,
            values={f"{GROUP}{pk}": want for pk, want in wanted.items()},
            base={f"{GROUP}{pk}": not want for pk, want in wanted.items()},
        )


class _GroupsKind(ContactsKind):
    judge_class = GroupsJudge

    def facts(self, change_set: ChangeSet) -> list[tuple[str, str]]:
        found = super().facts(change_set)
        if left_groups(change_set):
            found.append((gettext("Out of"), words.titles(change_set.account_id, left_groups(change_set))))
        if joined(change_set):
            found.append((gettext("Into"), words.titles(change_set.account_id, joined(change_set))))
        return found

    def check(self, change_set: ChangeSet) -> None:
        check_groups(change_set, [*joined(change_set), *left_groups(change_set)])

    def look(self, change_set: ChangeSet, client: ApiClient) -> None:
        look_at_groups(client, change_set.account_id, [*joined(change_set), *left_groups(change_set)])

    def record(self, change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
        return regroup(change_set, row, actor)

    def reversal(self, change_set: ChangeSet) -> Values | None:
        return {"can": ["groups"], "cannot": ["sent_mail"]}

    def forecast(self, change_set: ChangeSet) -> Values:
        values = super().forecast(change_set)
        change = change_set.rows.filter(verdict=V.UPDATE)
        if joined(change_set):
            values["automation_mails"] = change.count()
        elif left_groups(change_set):
            values["orphans"] = _orphans(change_set)
        return values


def regroup(change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
    """Record what a row says about groups."""
    wanted = {int(name.removeprefix(GROUP)): want for name, want in row.values.items() if name.startswith(GROUP)}
    found = Group.objects.filter(account=row.account_id).in_bulk(list(wanted))
    add = [group for pk, group in found.items() if wanted[pk]]
    remove = [group for pk, group in found.items() if not wanted[pk]]
    return services.change_groups(acting(actor), person_of(row), add, remove, why_of(change_set), priority=IN_BULK)


def _orphans(change_set: ChangeSet) -> int:
    """How many people would be in no group afterwards, so that mailings to groups do not reach them."""
    planned = change_set.rows.filter(verdict=V.UPDATE)
    held = GroupMembership.objects.filter(contact__in=planned.values("object_id")).exclude(pending=PENDING.REMOVE)
    kept = held.exclude(group__in=left_groups(change_set)).order_by()
    return planned.count() - (kept.aggregate(people=Count("contact", distinct=True))["people"] or 0)


class JoinKind(_GroupsKind):
    """Into groups; the others stay."""

    kind = "join"
    label = _("Add to groups")

    def next_steps(self, change_set: ChangeSet) -> list[tuple[str, str]]:
        there = Group.objects.filter(account=change_set.account_id, gone_at=None, deleted_at=None)
        groups = list(there.filter(pk__in=joined(change_set)).order_by("title_key"))
        return [(gettext("Write a campaign to these groups…"), campaign_to(groups))] if groups else []


class LeaveKind(_GroupsKind):
    """Out of groups; the others stay."""

    kind = "leave"
    label = _("Remove from groups")


class MoveKind(_GroupsKind):
    """Out of one group and into others; who is not in it is left alone."""

    kind = "move"
    label = _("Move between groups")
