"""Control routes of mailings: what staff do in the vendor's application, and what recipients do."""

from __future__ import annotations

import orjson

from cyberadmin.sandbox.asking import Ask
from cyberadmin.sandbox.bodies import known_groups
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import DateStyle, parse_instant
from cyberadmin.sandbox.generate_mailings import MailingRecipe, generate_mailings
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.mailing_bodies import NewMailing
from cyberadmin.sandbox.mailing_events import record
from cyberadmin.sandbox.mailing_outcomes import CLICK, KINDS, Outcome
from cyberadmin.sandbox.mailing_rows import MAILING_COLUMNS, Mailing, find_mailing, insert_mailing, links_of
from cyberadmin.sandbox.mailing_runner import SCHEDULED, SENDING, end, start, stop
from cyberadmin.sandbox.mailings import cancel
from cyberadmin.sandbox.members import touched
from cyberadmin.sandbox.people import ABSENT
from cyberadmin.sandbox.wire import ApiProblem, Json


def create_mailing(ask: Ask) -> object:
    """A mailing to ``groups``: scheduled at ``scheduledOn``, or ``sent`` now to the members of those groups.

    With ``outcomes`` true or false people do something with it, or nothing; else the setting decides for a scheduled
    one, and nothing happens to one ``sent`` now.
    """
    with ask.acting("createMailingRemotely") as call:
        mailing_id = insert_mailing(call, _new(ask, call))
        call.record(Effect("mailing", (mailing_id,), before=ABSENT, after=SCHEDULED))
        if ask.body.get("sent"):
            start(call, mailing_id, run_seconds=0)
            end(call, mailing_id)
        return _shown(call, mailing_id)


def _new(ask: Ask, call: Call) -> NewMailing:
    outcomes = ask.body.get("outcomes", False if ask.body.get("sent") else None)
    return NewMailing(
        subject=ask.text("subject"),
        language=ask.text("language", "fr_ca"),
        group_ids=known_groups(call, [int(str(one)) for one in ask.listed("groups")], dynamic_too=True),
        scheduled_on=parse_instant(ask.text("scheduledOn")) if "scheduledOn" in ask.body else call.now,
        mail_from=ask.text("mailFrom", call.account.email),
        from_name=ask.text("fromName", call.account.name),
        reply_to=ask.text("replyTo", call.account.email),
        html=ask.text("bodyHtml", ""),
        text=ask.text("bodyText", ""),
        anonymized=ask.text("mailingStatistics", "detailed") == "anonymized",
        outcomes=None if outcomes is None else bool(outcomes),
    )


def _shown(call: Call, mailing_id: int) -> Json:
    mailing = find_mailing(call, str(mailing_id))
    return {"id": mailing.id, "status": mailing.status(call.settings), "recipientsCount": mailing.recipients_count}


def _refused(text: str) -> ApiProblem:
    return ApiProblem(409, text)


def delete_mailing(ask: Ask) -> object:
    """Cancel mailing ``id`` before it starts."""
    with ask.acting("deleteMailingRemotely") as call:
        mailing = find_mailing(call, ask.text("id"))
        if mailing.started_on is not None:
            raise _refused("This mailing has already started")
        cancel(call, mailing)
        return {"id": mailing.id}


def stop_mailing(ask: Ask) -> object:
    """Stop a mailing being sent; a scheduled one starts now for it. With ``sent`` only the first so many got it."""
    with ask.acting("stopMailingRemotely") as call:
        mailing = find_mailing(call, ask.text("id"))
        if mailing.state not in (SCHEDULED, SENDING):
            raise _refused("This mailing is through")
        if mailing.state == SCHEDULED:
            start(call, mailing.id)
        stop(call, mailing.id, ask.whole("sent") if "sent" in ask.body else None)
        return _shown(call, mailing.id)


def archive_mailing(ask: Ask) -> object:
    """Put a mailing that was sent into the archive."""
    with ask.acting("archiveMailingRemotely") as call:
        mailing = find_mailing(call, ask.text("id"))
        if not mailing.done:
            raise _refused("Only a mailing that was sent can be archived")
        call.conn.execute("UPDATE mailings SET archived_on = ? WHERE id = ?", (call.now, mailing.id))
        call.record(Effect("mailing", (mailing.id,), before=mailing.state, after="archived"))
        return _shown(call, mailing.id)


def record_outcome(ask: Ask) -> object:
    """``kind`` (one of KINDS) by the person of ``email``; a click may name its ``url``, else the first link."""
    kind = ask.text("kind")
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}")
    with ask.acting("recordOutcome") as call:
        mailing = find_mailing(call, ask.text("id"))
        member = ask.member(call.conn, call.account)
        link = _link(ask, call, mailing) if kind == CLICK else None
        if not record(call, mailing.id, Outcome(call.now, member.id, kind, link)):
            raise _refused("This person did not get this mailing")
        touched(call, shape=False)
        call.record(Effect("outcome", (mailing.id, member.id), member.email))
        return {"id": mailing.id, "kind": kind}


def _link(ask: Ask, call: Call, mailing: Mailing) -> int:
    for one in links_of(call.conn, mailing.id):
        if ask.text("url", str(one["url"])) == one["url"]:
            return int(str(one["id"]))
    raise ValueError("the mailing has no such link")


def list_mailings(ask: Ask) -> object:
    """Every mailing of an account in whatever state: the oracle of a test."""
    with ask.store.read() as conn:
        account = ask.account(conn)
        rows = conn.execute(
            f"SELECT {MAILING_COLUMNS}, m.cancelled, b.options,"
            " (SELECT json_group_array(x.group_id) FROM mailing_groups x WHERE x.mailing_id = m.id)"
            " FROM mailings m LEFT JOIN mailing_bodies b ON b.mailing_id = m.id WHERE m.account_id = ? ORDER BY m.id",
            (account.id,),
        ).fetchall()
    return {"mailings": [_oracle(Mailing(*row[:-3]), *row[-3:]) for row in rows]}


def _oracle(mailing: Mailing, cancelled: int, options: str | None, groups: str) -> Json:
    dates = DateStyle()
    return {
        "id": mailing.id,
        "subject": mailing.subject,
        "state": "cancelled" if cancelled else "archived" if mailing.archived_on is not None else mailing.state,
        "scheduledOn": dates.text(mailing.scheduled_on),
        "startedOn": dates.show(mailing.started_on),
        "recipientsCount": mailing.recipients_count,
        "groups": orjson.loads(groups),
        "options": orjson.loads(options or "{}"),
    }


def generate(ask: Ask) -> object:
    """``mailings`` sent mailings with ``recipients`` each among the account's members, the same for the same ``seed``."""
    with ask.store.write() as conn:
        account = ask.account(conn)
        recipe = MailingRecipe(
            mailings=ask.whole("mailings"),
            recipients=ask.whole("recipients", 400),
            group_ids=tuple(int(str(one)) for one in ask.listed("groups")),
            seed=ask.whole("seed", 0),
        )
        first, last, rows = generate_mailings(conn, account, recipe, ask.store.clock.now())
    return {"first_id": first, "last_id": last, "recipients": rows}


ROUTES = {
    ("GET", "mailings"): list_mailings,
    ("POST", "mailings"): create_mailing,
    ("DELETE", "mailings"): delete_mailing,
    ("POST", "mailings/{id}/stop"): stop_mailing,
    ("POST", "mailings/{id}/archive"): archive_mailing,
    ("POST", "mailings/{id}/outcome"): record_outcome,
    ("POST", "generate/mailings"): generate,
}
