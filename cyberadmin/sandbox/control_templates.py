"""Control routes of templates and validated senders: what staff do in the vendor's application."""

from __future__ import annotations

from cyberadmin.sandbox.asking import Ask
from cyberadmin.sandbox.bodies import clean_email
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.journal import Effect
from cyberadmin.sandbox.people import fold
from cyberadmin.sandbox.templates import STORED, drop_template, found_template, insert_template
from cyberadmin.sandbox.wire import Json

# What a person can change there: the key of the body and the column. The last three are not in the API's answers.
FIELDS = {"title": "title", "bodyHtml": "html", "bodyText": "text", "language": "language", "subject": "subject",
          "usage": "usage"}  # fmt: skip


def create_template(ask: Ask) -> object:
    """``title`` (may be empty), ``bodyHtml``, ``bodyText``, ``language``, ``subject``, ``usage``."""
    with ask.acting("createTemplateRemotely") as call:
        texts = [ask.text(name, "") for name in ("title", "bodyHtml", "bodyText")]
        template_id = insert_template(call, *texts)
        _set(call, template_id, ask.body)
        return {"id": template_id}


def edit_template(ask: Ask) -> object:
    """Change what the body names of template ``id``; ``updatedOn`` moves."""
    with ask.acting("editTemplateRemotely") as call:
        template = found_template(call, ask.text("id"))
        _set(call, template.id, ask.body)
        call.conn.execute("UPDATE templates SET updated_on = ? WHERE id = ?", (call.now, template.id))
        call.record(Effect("template", (template.id,), before=STORED, after=STORED))
        return {"id": template.id}


def _set(call: Call, template_id: int, body: Json) -> None:
    for name, column in FIELDS.items():
        if name in body:
            call.conn.execute(f"UPDATE templates SET {column} = ? WHERE id = ?", (body[name], template_id))


def delete_template(ask: Ask) -> object:
    with ask.acting("deleteTemplateRemotely") as call:
        template = found_template(call, ask.text("id"))
        drop_template(call, template.id)
        return {"id": template.id}


def list_senders(ask: Ask) -> object:
    """The account's own address and those validated."""
    with ask.store.read() as conn:
        account = ask.account(conn)
        rows = conn.execute("SELECT email FROM senders WHERE account_id = ? ORDER BY email", (account.id,)).fetchall()
    return {"senders": [account.email, *(row[0] for row in rows)]}


def add_sender(ask: Ask) -> object:
    with ask.acting("validateSenderRemotely") as call:
        email = clean_email(call, ask.body.get("email"))
        call.conn.execute("INSERT OR REPLACE INTO senders VALUES (?, ?, ?)", (call.account.id, fold(email), email))
        return {"email": email}


def delete_sender(ask: Ask) -> object:
    with ask.acting("removeSenderRemotely") as call:
        where = (call.account.id, fold(ask.text("email")))
        removed = call.conn.execute("DELETE FROM senders WHERE account_id = ? AND email_fold = ?", where).rowcount
        return {"removed": removed}


ROUTES = {
    ("POST", "templates"): create_template,
    ("PATCH", "templates"): edit_template,
    ("DELETE", "templates"): delete_template,
    ("GET", "senders"): list_senders,
    ("POST", "senders"): add_sender,
    ("DELETE", "senders"): delete_sender,
}
