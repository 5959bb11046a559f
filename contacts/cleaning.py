"""Checking what staff type about a contact, and turning it into the JSON values that changes carry."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from cyberadmin.accounts.models import Account
from cyberadmin.sync.clock import now
from cyberadmin.sync.resource import Values

from .countries import COUNTRIES
from .models import Contact, CustomField


def clean(account: Account, values: dict[str, Any]) -> Values:
    """Check values as staff typed them and turn them into JSON. Raises ValidationError naming each field."""
    problems: dict[str, str] = {}
    types = {
        f"custom:{field.remote_id}": field.type for field in CustomField.objects.filter(account=account, gone_at=None)
    }
    cleaned: Values = {}
    for name, value in values.items():
        try:
            cleaned[name] = (
                _clean_custom(types.get(name), value) if name.startswith("custom:") else _clean_plain(name, value)
            )
        except ValidationError as error:
            problems[name] = error.messages[0]
    if problems:
        raise ValidationError(problems)
    return cleaned


def _clean_plain(name: str, value: Any) -> Any:
    if name == "birth_date":
        return _clean_birth_date(value)
    text = str(value or "").strip()
    if "\x00" in text:
        raise ValidationError(_("This text holds a character that cannot be stored."))
    limit = getattr(Contact._meta.get_field(name), "max_length", None)
    if limit and len(text) > limit:
        raise ValidationError(_("This is too long: %(limit)s characters at most.") % {"limit": limit})
    if name == "email":
        return _clean_email(text)
    if name == "country":
        return _clean_country(text)
    return text


def _clean_email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise ValidationError(
            _("This is not a valid e-mail address. It looks like name@example.com, without spaces or accents.")
        ) from None
    return text


def _clean_country(text: str) -> str:
    code = text.upper()
    if code and code not in COUNTRIES:
        raise ValidationError(_("Choose a country from the list, or leave it empty."))
    return code


def _clean_birth_date(value: Any) -> str | None:
    if value in ("", None):
        return None
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value).strip())
    except ValueError:
        raise ValidationError(_("Write the birth date as year-month-day, such as 1988-06-17.")) from None
    if not date(1900, 1, 1) <= day <= now().date():
        raise ValidationError(_("A birth date lies between 1900 and today."))
    return day.isoformat()


def _clean_custom(kind: str | None, value: Any) -> Any:
    if kind is None:
        raise ValidationError(_("Cyberimpact no longer has this custom field for this client. Reload the page."))
    if value in ("", None):
        return None
    try:
        if kind == CustomField.Type.DATE:
            return (value if isinstance(value, date) else date.fromisoformat(str(value).strip())).isoformat()
        if kind == CustomField.Type.INTEGER:
            return int(str(value).strip().replace("\xa0", "").replace(" ", ""))
        if kind == CustomField.Type.DECIMAL:
            return _decimal(str(value))
    except ValueError:
        raise ValidationError(_WRONG_TYPE[kind]()) from None
    return str(value).strip() or None


def _decimal(text: str) -> int | float:
    number = float(text.strip().replace("\xa0", "").replace(" ", "").replace(",", "."))
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError
    return int(number) if number.is_integer() else number


_WRONG_TYPE = {
    CustomField.Type.DATE.value: lambda: _("Write a date as year-month-day, such as 2026-06-17."),
    CustomField.Type.INTEGER.value: lambda: _("Write a whole number, such as 12."),
    CustomField.Type.DECIMAL.value: lambda: _("Write a number, such as 149.95."),
}
