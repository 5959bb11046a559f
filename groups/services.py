"""What staff do with groups. Same promises as contacts/services.py: right, rules, row and change in one transaction."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.sync import record, registry
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change

from .cleaning import clean_title
from .models import Group, title_key

KIND = "group"


@dataclass(frozen=True)
class Reference:
    """Something that refers to a group and is touched by its deletion: a sentence for the person, and how many."""

    label: str
    count: int


def create_group(actor: User, account: Account, title: str, is_public: bool, why: str = "") -> Group:
    """Create a static group. Raises ValidationError for an empty or used title."""
    _require(actor, account)
    title = clean_title(title)
    with transaction.atomic():
        record.serialise(account)
        _check_title_free(account, title)
        group = Group(account=account, members_count=0)
        registry.get(KIND).assign(group, {"title": title, "is_public": is_public})
        record.create(KIND, group, record.Intent(actor, why))
    return group


def edit_group(
    actor: User,
    group: Group,
    values: dict[str, Any],
    expected_version: int,
    why: str = "",
    shown: dict[str, Any] | None = None,
) -> Change | None:
    """Rename a group or make it public or private; None when nothing differs. Raises record.StaleEdit."""
    _require(actor, group.account)
    with transaction.atomic():
        record.serialise(group.account)
        row = _editable(group)
        changed = dict(values)
        if "title" in changed:
            changed["title"] = clean_title(changed["title"])
        before = registry.get(KIND).values(row)
        changed = {name: value for name, value in changed.items() if before.get(name) != value}
        record.check_stale(KIND, row, changed, expected_version, shown)
        if "title" in changed:
            _check_title_free(row.account, changed["title"], besides=row)
        return record.edit(KIND, row, changed, record.Intent(actor, why))


def empty_group(actor: User, group: Group, why: str = "") -> Change:
    """Take everybody out of a group; the contacts stay in the account (api/README.md 4.6)."""
    _require(actor, group.account)
    with transaction.atomic():
        row = _editable(group)
        waits = tuple(_regroupings(row))
        with writing():
            row.memberships.update(pending="remove")
        record.begin(KIND, row, {})
        return record.act(KIND, row, Change.Verb.EMPTY, {}, record.Intent(actor, why, waits_for=waits))


def delete_group(actor: User, group: Group, why: str = "") -> Change:
    """Delete a group; its contacts stay, those in no other group are in none (api/README.md 4.6). The vendor may refuse."""
    _require(actor, group.account)
    with transaction.atomic():
        row = record.lock(group)
        if row.deleted_at is not None or row.gone_at is not None:
            raise ValidationError(_("This group is deleted or being deleted already."))
        changes = record.open_changes(KIND, row)
        unsent = [change for change in changes if change.verb == Change.Verb.CREATE and change.sent_at is None]
        record.supersede(changes, "deleted_since")
        waits = tuple(_regroupings(row))
        row.deleted_at = now()
        if unsent and row.remote_id is None and unsent[0].state not in Change.IN_FLIGHT:
            row.gone_at, row.snapshot = now(), None
            record.save(row)
            unsent[0].refresh_from_db()
            return unsent[0]
        record.begin(KIND, row, {})
        return record.act(KIND, row, Change.Verb.DELETE, {}, record.Intent(actor, why, waits_for=waits))


def references(group: Group) -> list[Reference]:
    """What refers to a group, for the page that asks before deleting it (product.md S9, W15)."""
    memberships = group.memberships.exclude(pending="remove")
    other = memberships.model.objects.filter(contact=OuterRef("contact")).exclude(group=group).exclude(pending="remove")
    found = [
        Reference(_("contacts are in this group; they stay in the account"), memberships.count()),
        Reference(
            _("of them are in no other group: they become ungrouped and receive no mailing to groups"),
            memberships.filter(~Exists(other)).count(),
        ),
        Reference(_("changes that wait in the Outbox refer to this group"), len(_regroupings(group)) + _own(group)),
        Reference(_("mailings were made to this group, as Cyberimpact counts them"), max(group.mailings_count, 0)),
    ]
    return [reference for reference in found if reference.count]


def _own(group: Group) -> int:
    return len(record.open_changes(KIND, group))


def _regroupings(group: Group) -> list[Change]:
    """Open changes of contacts that would put somebody into this group or take somebody out of it."""
    waiting = Change.objects.filter(
        account_id=group.account_id,
        verb=Change.Verb.REGROUP,
        state__in=Change.OPEN,
        fields__has_key=f"group:{group.pk}",
    )
    return list(waiting)


def _require(actor: User, account: Account) -> None:
    if not policy.can(actor, "edit", account):
        raise PermissionDenied


def _check_title_free(account: Account, title: str, besides: Group | None = None) -> None:
    taken = Group.objects.filter(account=account, title_key=title_key(title), gone_at=None, is_dynamic=False)
    if besides is not None:
        taken = taken.exclude(pk=besides.pk)
    there = taken.first()
    if there is not None:
        raise ValidationError(
            {"title": _("This client already has a group named “%(title)s”.") % {"title": there.title}}
        )


def _editable(group: Group) -> Group:
    row: Group = record.lock(group)
    if row.is_dynamic:
        raise ValidationError(
            _("This is a dynamic group: Cyberimpact fills it by its own rules and lets nobody edit it from outside.")
        )
    if row.gone_at is not None or row.deleted_at is not None:
        raise ValidationError(_("This group is deleted or being deleted, so it cannot be changed."))
    return row
