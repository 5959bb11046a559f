"""Mailings on the wire. Scheduling one is a POST without a key that reaches real people (docs/engine.md, "Creates without a key").

What stands between a click and a mailing made twice, besides the engine's fence and looks: an approval bound to the very
content, a lead of half an hour in which a surplus one can be deleted, and a mark in the body.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast

from cyberadmin.accounts.policy import Right
from cyberadmin.api import errors, types
from cyberadmin.api.client import ApiClient
from cyberadmin.sync import pace, record
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change
from cyberadmin.sync.pull import PullContext
from cyberadmin.sync.resource import AlreadyThere, GoneThere, Overtaken, Resource, Seen, Sent, Stopped, Values

from . import gate, states, wire
from .models import Mailing
from .pull import pull_mailings

#: A mailing that left is told by when it started, which may be later than it was scheduled for.
LATEST_START = timedelta(days=1)
BODY = frozenset({"body_html", "body_text", "body_available"})


class MailingResource(Resource):
    """Binds `Mailing` to the vendor's /mailings."""

    kind = "mailing"
    model = Mailing
    depends_on = ("group", "contact")
    keyless = frozenset({Change.Verb.CREATE.value})

    def values(self, obj: Mailing) -> Values:
        return wire.values_of(obj)

    def assign(self, obj: Mailing, values: Values) -> None:
        wire.assign(obj, values)

    def label(self, obj: Mailing) -> str:
        return obj.subject

    def absorb(self, obj: Mailing, seen: Seen) -> None:
        # Of a mailing made here, what was written here is kept; the vendor may give it back changed.
        kept = BODY if obj.is_ours else frozenset()
        extra = {name: value for name, value in seen.extra.items() if name not in kept}
        super().absorb(obj, Seen(seen.values, seen.remote_id, extra))

    def right(self, change: Change, obj: Mailing) -> Right:
        sends = change.verb == Change.Verb.CREATE and obj.purpose == Mailing.Purpose.REAL
        return "send" if sends else "edit"

    # --- pushing ---
    def read(self, client: ApiClient, obj: Mailing) -> Seen:
        try:
            return wire.seen_detail(client.mailings.get(cast(int, obj.remote_id)), obj)
        except errors.NotFound:
            raise GoneThere from None

    def fence(self, client: ApiClient, change: Change, obj: Mailing) -> Values:
        gate.check(client, obj)
        there = _same_mark(client, obj)
        known = set(
            Mailing.objects.filter(account_id=obj.account_id, remote_id__in=there).values_list("remote_id", flat=True)
        )
        strangers = [seen for id in there if id not in known and (seen := _candidate(client, obj, id)) is not None]
        if strangers and not change.reason_detail.get("make_another"):
            raise AlreadyThere(strangers)
        return {"ids": there, "newest": max(there, default=0)}

    def look(self, client: ApiClient, change: Change, obj: Mailing) -> list[Seen] | None:
        before = set((change.fence or {}).get("ids", []))
        new = [id for id in _same_mark(client, obj) if id not in before]
        return [seen for id in new if (seen := _candidate(client, obj, id)) is not None]

    def is_ours(self, change: Change, obj: Mailing, candidate: Seen) -> bool:
        return wire.is_our_body(obj, candidate.extra)

    def send(self, client: ApiClient, change: Change, obj: Mailing, wanted: Values) -> Sent:
        if change.verb == Change.Verb.CREATE:
            return Sent(_created(client, obj))
        if change.verb == Change.Verb.DELETE:
            return _may_not_go(client, obj) or _cancelled(client, obj)
        # A person adopted one: nothing can be edited at the vendor, so what is there is taken.
        return Sent(self.read(client, obj))

    def settled(self, change: Change, obj: Mailing, sent: Sent) -> None:
        if sent.seen is not None and change.verb == Change.Verb.CREATE:
            wanted = change.fields.get("send_at", {}).get("want")
            obj.alarm = Mailing.Alarm.OTHER_TIME if sent.seen.values.get("send_at") != wanted else ""
        if obj.edition is not None:
            obj.save()
            states.refresh(obj.edition.campaign_id)

    def overtaken(self, change: Change, obj: Mailing) -> None:
        self._stays(obj, "moved_too_late")

    def withdrawn(self, change: Change, obj: Mailing) -> None:
        if change.verb == Change.Verb.DELETE and "because" in change.reason_detail:
            self._stays(obj, "discarded")

    def _stays(self, obj: Mailing, reason: str) -> None:
        """It goes out after all: what was to replace it is not made, and the campaign tells the old time again."""
        for successor in _successors(obj):
            record.supersede(record.open_changes(self.kind, successor), reason)
            successor.gone_at, successor.snapshot = now(), None
            successor.save()
        if obj.edition is not None:
            obj.edition.send_at = obj.send_at
            obj.edition.save(update_fields=["send_at", "edited_at"])
            obj.save()
            states.refresh(obj.edition.campaign_id)

    # --- pulling ---
    def pull(self, context: PullContext) -> Iterator[None]:
        return pull_mailings(context)

    def confirm_gone(self, client: ApiClient, obj: Mailing) -> bool:
        try:
            self.read(client, obj)
        except GoneThere:
            return True
        return False


def _created(client: ApiClient, obj: Mailing) -> Seen:
    """Schedule it and read it back: the answer may leave out the time that the vendor stored."""
    made: types.Mailing = client.mailings.create(wire.write_of(obj))
    # It is made: nothing that goes wrong from here on may look like a doubt or a wait before sending.
    with suppress(errors.ApiError, pace.HoldOff):
        made = client.mailings.get(made.id)
    return wire.seen_detail(made, obj)


def _successors(obj: Mailing) -> list[Mailing]:
    """What a move wants in its place and nobody has made yet."""
    return list(obj.moved_to.filter(gone_at=None, remote_id=None))


def _may_not_go(client: ApiClient, obj: Mailing) -> Sent | None:
    """Stop the deletion of a mailing whose place nothing could take now: there would be none. None: it may be deleted."""
    try:
        for successor in _successors(obj):
            gate.check_successor(client, successor)
    except Stopped as stopped:
        if not _is_scheduled(client, obj, {}):
            return Sent(gone=True)
        raise Stopped("old_kept", {**stopped.detail, "because": stopped.reason}) from None
    return None


def _cancelled(client: ApiClient, obj: Mailing) -> Sent:
    """Delete it. What is refused is asked about: it may be gone, or it may have started (api/README.md 6, row 34)."""
    try:
        client.mailings.delete(cast(int, obj.remote_id))
    except (errors.NotFound, errors.Rejected, errors.Conflict, errors.Forbidden) as refused:
        if _is_scheduled(client, obj, {"words": refused.vendor_message, "status": refused.status}):
            raise
    return Sent(gone=True)


def _is_scheduled(client: ApiClient, obj: Mailing, words: Values) -> bool:
    """Whether the vendor still has it before its time; False when it is gone. Raises Overtaken when it has started."""
    try:
        detail = client.mailings.get(cast(int, obj.remote_id))
    except errors.NotFound:
        return False
    seen = wire.seen_detail(detail, obj)
    if seen.extra["stage"] != Mailing.Stage.SCHEDULED:
        raise Overtaken("already_started", seen, words) from None
    return True


def _same_mark(client: ApiClient, obj: Mailing) -> list[int]:
    """Numbers of the listed mailings, scheduled or sent, with this one's subject, language and time."""
    scheduled = gate.every(client.mailings.list_scheduled)
    sent = gate.every(client.mailings.list_sent)
    found = [one.id for one in scheduled if _is_like(one, obj) and one.scheduled_at == obj.send_at]
    # The vendor may have begun to send it meanwhile; then only its start is listed.
    found += [one.id for one in sent if _is_like(one, obj) and _may_have_started(one, obj)]
    return sorted(set(found))


def _is_like(one: types.ScheduledMailing | types.SentMailing, obj: Mailing) -> bool:
    return wire.clean("subject", one.subject) == obj.subject and one.language == obj.language


def _may_have_started(one: types.SentMailing, obj: Mailing) -> bool:
    send_at = obj.send_at
    return one.started_at is None or (send_at is not None and send_at <= one.started_at <= send_at + LATEST_START)


def _candidate(client: ApiClient, obj: Mailing, remote_id: int) -> Seen | None:
    """One of them as far as its details fit this mailing; None when they do not, or when it is gone."""
    try:
        detail: Any = client.mailings.get(remote_id)
    except errors.NotFound:
        return None
    return wire.seen_detail(detail, obj) if wire.is_same_mark(obj, detail) else None
