"""What staff type into a campaign, checked and put into the form in which it is stored.

Everything raises ValidationError with a sentence for the person, by field where there are several.
"""

from collections.abc import Iterable
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from cyberadmin.accounts.models import Account
from groups.models import Group

from .models import Edition

TEXTS = ("subject", "mail_from", "from_name", "reply_to", "body_html", "body_text", "template_title")
ADDRESSES = ("mail_from", "reply_to")
BODIES = ("body_html", "body_text")
#: What one body may be long; the vendor's own limit is not known (api/README.md 6, row 37).
MOST_BODY = 2_000_000


def clean(account: Account, values: dict[str, Any]) -> dict[str, Any]:
    """The values of an edition's form; raises for all bad fields at once."""
    cleaned: dict[str, Any] = {}
    problems: dict[str, Any] = {}
    for name, value in values.items():
        try:
            cleaned[name] = _clean_value(account, name, value)
        except ValidationError as refused:
            problems[name] = refused
    if problems:
        raise ValidationError(problems)
    return cleaned


def clean_name(name: str) -> str:
    """A campaign's name."""
    name = " ".join(str(name or "").replace("\x00", "").split())
    if not name:
        raise ValidationError({"name": _("A campaign needs a name.")})
    if len(name) > 200:
        raise ValidationError({"name": _("This name is too long: 200 characters at most.")})
    return name


def _clean_value(account: Account, name: str, value: Any) -> Any:
    if name == "groups":
        return _clean_groups(account, value)
    if name == "template_pk":
        return value
    if name not in TEXTS:
        raise ValidationError(_("There is no such field."))
    text = str(value or "")
    if not _is_encodable(text):
        raise ValidationError(_("This text is not valid Unicode, so no mail can hold it. Copy it again."))
    if "\ufffd" in text:
        raise ValidationError(
            _(
                "Some characters cannot be read (shown as �): the text was not saved as UTF-8. Open it in its editor, save it as UTF-8 and paste it again."
            )
        )
    if "\x00" in text:
        raise ValidationError(_("This text holds a character that no mail may hold (NUL)."))
    return _clean_body(text) if name in BODIES else _clean_line(name, text)


def _clean_body(text: str) -> str:
    if len(text) > MOST_BODY:
        raise ValidationError(_("This body is over two million characters; no mail program shows that."))
    return text.replace("\r\n", "\n")


def _clean_line(name: str, text: str) -> str:
    if not text.isprintable():
        raise ValidationError(_("This must be one line without control characters."))
    text = text.strip()
    if text and name in ADDRESSES:
        validate_email(text)
    longest = cast(Any, Edition._meta.get_field(name)).max_length
    if len(text) > longest:
        raise ValidationError(_("This is too long: %(longest)s characters at most.") % {"longest": longest})
    return text


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _clean_groups(account: Account, groups: Iterable[Group]) -> list[Group]:
    chosen = {group.pk: group for group in groups}
    here = Group.objects.filter(account=account, pk__in=chosen, gone_at=None, deleted_at=None).count()
    if here != len(chosen):
        raise ValidationError(_("One of these groups is not a group of this client any more. Choose again."))
    return list(chosen.values())
