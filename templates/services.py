"""What staff do with templates. Same promises as groups/services.py: right, rules, row and change in one transaction."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.sync import record, registry
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change

from .models import TITLE_WIDTH, EmailTemplate, kilobytes, normalised, title_key

KIND = "template"
#: What is taken at most of one body. Ten times what Gmail shows.
MOST_BYTES = 1024 * 1024


def create_template(actor: User, account: Account, values: dict[str, Any], why: str = "") -> EmailTemplate:
    """Create a template from title, body_html and body_text. Raises ValidationError naming the field that is wrong."""
    _require(actor, account)
    values = clean(values)
    with transaction.atomic():
        record.serialise(account)
        _check_title_free(account, values["title"])
        template = EmailTemplate(account=account)
        template.author = actor
        registry.get(KIND).assign(template, values)
        record.create(KIND, template, record.Intent(actor, why))
    return template


def replace_template(
    actor: User,
    template: EmailTemplate,
    values: dict[str, Any],
    expected_version: int,
    why: str = "",
    shown: dict[str, Any] | None = None,
) -> Change | None:
    """Replace title and bodies; None when nothing differs. Raises record.StaleEdit when `shown` is no longer there."""
    _require(actor, template.account)
    with transaction.atomic():
        record.serialise(template.account)
        row = _editable(template)
        before = registry.get(KIND).values(row)
        values = clean({**before, **values})
        changed = {name: value for name, value in values.items() if before.get(name) != value}
        record.check_stale(KIND, row, changed, expected_version, shown)
        if "title" in changed:
            _check_title_free(row.account, changed["title"], besides=row)
        row.author = actor
        return record.edit(KIND, row, changed, record.Intent(actor, why))


def delete_template(actor: User, template: EmailTemplate, why: str = "") -> Change:
    """Delete a template; mailings made from it keep their own copy of the body."""
    _require(actor, template.account)
    with transaction.atomic():
        row = _editable(template)
        changes = record.open_changes(KIND, row)
        unsent = [change for change in changes if change.verb == Change.Verb.CREATE and not record.was_tried(change)]
        record.supersede(changes, "deleted_since")
        row.deleted_at = now()
        if unsent and row.remote_id is None:
            row.gone_at, row.snapshot = now(), None
            record.save(row)
            unsent[0].refresh_from_db()
            return unsent[0]
        record.begin(KIND, row, {})
        return record.act(KIND, row, Change.Verb.DELETE, {}, record.Intent(actor, why))


def clean(values: dict[str, Any]) -> dict[str, str]:
    """Title and bodies as they are kept. Raises ValidationError with a sentence for each field that is wrong."""
    wrong: dict[str, str] = {}
    title = " ".join(str(values.get("title") or "").split())
    if not title or "\x00" in title:
        wrong["title"] = _("A template needs a title.")
    elif len(title) > TITLE_WIDTH:
        wrong["title"] = _("This title is too long: %(most)s characters at most.") % {"most": TITLE_WIDTH}
    cleaned = {"title": title}
    for name in ("body_html", "body_text"):
        body = str(values.get(name) or "")
        cleaned[name] = normalised(body)
        trouble = _trouble(body)
        if trouble:
            wrong[name] = trouble
    if not (cleaned["body_html"] or cleaned["body_text"]):
        wrong.setdefault("body_html", _("A template needs an HTML version, a text version or both."))
    if wrong:
        raise ValidationError(wrong)
    return cleaned


def _trouble(body: str) -> str:
    """What keeps a body from being taken, as a sentence; "" for nothing."""
    if "\ufffd" in body:
        return _(
            "Some characters cannot be read (shown as �): the text was not saved as UTF-8. Open it in its editor, save it as UTF-8 and paste it again."
        )
    try:
        size = len(body.encode())
    except UnicodeEncodeError:
        return _("Some characters are damaged. Copy the text again from where it comes.")
    if size > MOST_BYTES:
        return _("This is too long: %(size)s, and %(most)s at most are taken. Gmail cuts off after 102 KB.") % {
            "size": kilobytes(size),
            "most": kilobytes(MOST_BYTES),
        }
    return ""


def _require(actor: User, account: Account) -> None:
    if not policy.can(actor, "edit", account):
        raise PermissionDenied


def _check_title_free(account: Account, title: str, besides: EmailTemplate | None = None) -> None:
    taken = EmailTemplate.objects.filter(account=account, title_key=title_key(title), gone_at=None)
    if besides is not None:
        taken = taken.exclude(pk=besides.pk)
    there = taken.first()
    if there is not None:
        raise ValidationError(
            {"title": _("This client already has a template named “%(title)s”.") % {"title": there.title}}
        )


def _editable(template: EmailTemplate) -> EmailTemplate:
    row: EmailTemplate = record.lock(template)
    if row.gone_at is not None or row.deleted_at is not None:
        raise ValidationError(_("This template is deleted or being deleted, so it cannot be changed."))
    return row
