"""Control routes that do what people do: click, bounce, leave, come back, be edited in the vendor's application."""

from __future__ import annotations

from cyberadmin.sandbox import optins
from cyberadmin.sandbox.asking import Ask
from cyberadmin.sandbox.bodies import MemberBody, clean_email, read_member
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import DateStyle, parse_instant
from cyberadmin.sandbox.departed import leave
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.members import reset_consent, revive, touched
from cyberadmin.sandbox.memberships import set_groups
from cyberadmin.sandbox.people import (
    ABSENT,
    BOUNCED,
    STATE_NAMES,
    SUBSCRIBED,
    UNSUBSCRIBED,
    Member,
    blank,
    by_email,
    departed_items,
    insert,
    leave_groups,
    member_item,
    remove,
    save,
)
from cyberadmin.sandbox.wire import Json

# What the application shows and a person can edit there, beyond what the API's bodies hold.
STAMPS = {"joinedOn": "joined_on", "updatedOn": "updated_on", "unsubscribedOn": "unsubscribed_on",
          "hardBouncedOn": "bounced_on", "consentDate": "consent_date",
          "consentExpiration": "consent_expiration"}  # fmt: skip
PLAIN = {"consentType": "consent_type", "relationType": "relation_type", "consentProof": "consent_proof",
         "mailingsReceived": "received", "mailingsOpened": "opened", "mailingsClicked": "clicked"}  # fmt: skip
STATES = {name: number for number, name in STATE_NAMES.items()}


def _shown(call: Call, member: Member) -> Json:
    dates = DateStyle()
    if member.state == SUBSCRIBED:
        return {**member_item(member, dates, call.settings), "state": member.state_name}
    return {"id": member.id, **departed_items([member], dates, call.settings)[0], "state": member.state_name}


def _done(call: Call, member: Member, kind: str, before: str) -> Json:
    touched(call, shape=True)
    call.record(Effect(kind, (member.id,), member.email, before, member.state_name))
    return _shown(call, member)


def click_optin(ask: Ask) -> object:
    """The person clicks the confirmation link of request ``id``."""
    with ask.acting("clickOptin") as call:
        return _shown(call, optins.click(call, ask.whole("id")))


def _depart(ask: Ask, state: int, kind: str) -> Json:
    with ask.acting(kind) as call:
        member = ask.member(call.conn, call.account)
        before = member.state_name
        leave(member, state, call.now, call.settings, dated=bool(ask.body.get("dated", True)))
        leave_groups(call.conn, member.id)
        save(call.conn, member)
        return _done(call, member, kind, before)


def bounce(ask: Ask) -> object:
    """The last mailing came back hard; with ``dated`` false ``hardBouncedOn`` stays null."""
    return _depart(ask, BOUNCED, "bounce")


def unsubscribe(ask: Ask) -> object:
    """The person clicks the unsubscription link."""
    return _depart(ask, UNSUBSCRIBED, "unsubscription")


def resubscribe(ask: Ask) -> object:
    """The person registers again through a form: express consent, into ``groups``."""
    with ask.acting("resubscribe") as call:
        member = by_email(call.conn, call.account.id, ask.text("email"))
        before = member.state_name if member else ABSENT
        if member is None:
            member = insert(call.conn, blank(call.account.id, clean_email(call, ask.text("email")), call.now))
        revive(member, call.now)
        member.consent_type, member.relation_type = "express", "express-consent"
        member.consent_date, member.consent_expiration, member.consent_proof = call.now, None, "Subscription form"
        save(call.conn, member)
        set_groups(call.conn, member.id, _group_ids(ask), keep=True)
        return _done(call, member, "resubscription", before)


def _group_ids(ask: Ask) -> list[int]:
    return [int(str(one)) for one in ask.listed("groups")]


def create_member(ask: Ask) -> object:
    """A person added in the application: the API's fields, ``groups`` as a list, ``state``, dates, consent."""
    with ask.acting("createRemotely") as call:
        member = blank(call.account.id, clean_email(call, ask.body.get("email")), call.now)
        if by_email(call.conn, call.account.id, member.email) is not None:
            raise ValueError("there is such a member already")
        _edit(call, member, ask.body)
        insert(call.conn, member)
        set_groups(call.conn, member.id, _group_ids(ask), keep=True)
        return _done(call, member, "member", ABSENT)


def edit_member(ask: Ask) -> object:
    """Any fields under ``set`` for the member of ``email`` or ``id``; ``updatedOn`` moves unless it is set."""
    changes = ask.body.get("set")
    if not isinstance(changes, dict):
        raise ValueError("set is missing")
    with ask.acting("editRemotely") as call:
        member = ask.member(call.conn, call.account)
        before, address = member.state_name, member.email_fold
        member.updated_on = call.now
        _edit(call, member, changes)
        if member.email_fold != address and call.settings.text("email_change_consent") == "reset":
            reset_consent(member, call.now)
        save(call.conn, member)
        if "groups" in changes:
            set_groups(call.conn, member.id, [int(one) for one in changes["groups"]], keep=False)
        return _done(call, member, "member", before)


def _edit(call: Call, member: Member, changes: Json) -> None:
    known = {"groups", "account", "state", *STAMPS, *PLAIN}
    body = {name: value for name, value in changes.items() if name not in known}
    given: MemberBody = read_member(call, body)
    given.write_to(member)
    for name, column in PLAIN.items():
        if name in changes:
            setattr(member, column, changes[name])
    if "state" in changes:
        member.state = STATES[str(changes["state"])]
        member.unsubscribed_on = call.now if member.state == UNSUBSCRIBED else None
    for name, column in STAMPS.items():
        if name in changes:
            value = changes[name]
            setattr(member, column, None if value is None else parse_instant(str(value)))


def delete_member(ask: Ask) -> object:
    with ask.acting("deleteRemotely") as call:
        member = ask.member(call.conn, call.account)
        remove(call.conn, member)
        touched(call, shape=True)
        call.record(Effect("member", (member.id,), member.email, member.state_name, ABSENT))
        return {"id": member.id, "state": ABSENT}


ROUTES = {
    ("POST", "optins/{id}/click"): click_optin,
    ("POST", "bounce"): bounce,
    ("POST", "unsubscribe"): unsubscribe,
    ("POST", "resubscribe"): resubscribe,
    ("POST", "members"): create_member,
    ("PATCH", "members"): edit_member,
    ("DELETE", "members"): delete_member,
}
