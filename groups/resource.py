"""Groups on the wire. Creating one is a POST without a key: its title is the only mark to look for (docs/engine.md 2.7)."""

from collections.abc import Iterator
from contextlib import suppress
from typing import cast

from cyberadmin.api import errors, types
from cyberadmin.api.client import ApiClient
from cyberadmin.sync.models import Change
from cyberadmin.sync.pull import PullContext
from cyberadmin.sync.resource import AlreadyThere, GoneThere, Resource, Seen, Sent, Values

from .cleaning import clean_title
from .models import Group, title_key
from .pull import pull_groups
from .wire import seen_group


class GroupResource(Resource):
    """Binds `Group` to the vendor's /groups."""

    kind = "group"
    model = Group
    keyless = frozenset({Change.Verb.CREATE.value})

    def values(self, obj: Group) -> Values:
        return {"title": obj.title, "is_public": obj.is_public}

    def assign(self, obj: Group, values: Values) -> None:
        for name, value in values.items():
            setattr(obj, name, value)
        obj.title_key = title_key(obj.title)[:250]

    def clean(self, obj: Group, values: Values) -> Values:
        return {name: clean_title(value) if name == "title" else value for name, value in values.items()}

    def label(self, obj: Group) -> str:
        return obj.title

    # --- pushing ---
    def read(self, client: ApiClient, obj: Group) -> Seen:
        try:
            return seen_group(client.groups.get(cast(int, obj.remote_id)))
        except errors.NotFound:
            raise GoneThere from None

    def fence(self, client: ApiClient, change: Change, obj: Group) -> Values:
        there = all_groups(client)
        title = _title_sent(change)
        mirrored = Group.objects.filter(account_id=obj.account_id).exclude(remote_id=None)
        known = set(mirrored.values_list("remote_id", flat=True))
        strangers = [
            seen_group(group)
            for group in there
            if title_key(group.title) == title_key(title) and group.id not in known and not group.is_dynamic
        ]
        if strangers and not change.reason_detail.get("make_another"):
            raise AlreadyThere(strangers)
        ids = [group.id for group in there]
        return {"ids": ids, "newest": max(ids, default=0)}

    def look(self, client: ApiClient, change: Change, obj: Group) -> list[Seen]:
        before = set((change.fence or {}).get("ids", []))
        title = _title_sent(change)
        return [
            seen_group(group)
            for group in all_groups(client)
            if group.id not in before and title_key(group.title) == title_key(title) and group.members_count == 0
        ]

    def send(self, client: ApiClient, change: Change, obj: Group, wanted: Values) -> Sent:
        verb = Change.Verb(change.verb)
        if verb == Change.Verb.CREATE:
            return Sent(seen_group(client.groups.create(wanted["title"], wanted["is_public"])))
        remote_id = cast(int, obj.remote_id)
        if verb == Change.Verb.UPDATE:
            return Sent(seen_group(client.groups.edit(remote_id, **wanted)))
        if verb == Change.Verb.EMPTY:
            try:
                client.groups.empty(remote_id)
            except errors.NotFound:
                raise GoneThere from None
            return Sent()
        with suppress(errors.NotFound):
            client.groups.delete(remote_id)
        return Sent(gone=True)

    def settled(self, change: Change, obj: Group, sent: Sent) -> None:
        memberships = obj.memberships.all()
        if sent.gone:
            memberships.delete()
        elif change.verb == Change.Verb.EMPTY:
            memberships.filter(pending="remove").delete()
            obj.members_count = memberships.count()

    def withdrawn(self, change: Change, obj: Group) -> None:
        if change.verb == Change.Verb.EMPTY:
            obj.memberships.filter(pending="remove").update(pending="")

    # --- pulling ---
    def pull(self, context: PullContext) -> Iterator[None]:
        return pull_groups(context)

    def confirm_gone(self, client: ApiClient, obj: Group) -> bool:
        try:
            self.read(client, obj)
        except GoneThere:
            return True
        return False


def _title_sent(change: Change) -> str:
    """The title that this creation carries: the row's own may have been edited since."""
    return str(change.fields["title"]["want"])


def all_groups(client: ApiClient) -> list[types.Group]:
    """Every group of the account, page after page."""
    found: list[types.Group] = []
    number = 1
    while True:
        page = client.groups.list(page=number)
        found += page.items
        if not page.items or len(found) >= page.total_count:
            return found
        number += 1
