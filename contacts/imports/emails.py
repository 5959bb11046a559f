"""One cell, one address. Compared elsewhere with `contacts.models.email_key`; here letter case stays as it was typed."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from .dates import Bad

LONGEST = 254
#: What nearly every address looks like; anything else is judged by the same check as the forms.
_ORDINARY = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_DISPLAY = re.compile(r"[^<>]*<\s*([^<>]*?)\s*>[\s.,;]*")
_BETWEEN = re.compile(r"[;,/|\s]+")
_AROUND = " \t\"'`()[]«»“”‘’.,;:"


def address(text: str) -> str:
    """The address in a cell: out of `Marie <m@x.ca>`, without blanks or dots around it. Raises Bad."""
    if len(text) > 4 * LONGEST:
        raise Bad("too_long", most=LONGEST)
    if _ORDINARY.fullmatch(text) and len(text) <= LONGEST:
        return text
    found = _DISPLAY.fullmatch(text)
    bare = (found[1] if found else text).strip(_AROUND)
    if bare.lower().startswith("mailto:"):
        bare = bare[7:].strip(_AROUND)
    if "@" not in bare:
        raise Bad("email_no_at")
    if sum("@" in piece.strip("@") for piece in _BETWEEN.split(text)) > 1:
        raise Bad("email_two")
    if re.search(r"\s", bare):
        raise Bad("email_blank_inside")
    return _checked(bare)


def _checked(bare: str) -> str:
    local, _, domain = bare.rpartition("@")
    if not local.isascii():
        raise Bad("email_accent")
    if not domain.isascii():
        domain = _ascii_domain(domain)
    if "." not in domain or domain.startswith("["):
        raise Bad("email_domain")
    whole = f"{local}@{domain}"
    if len(whole) > LONGEST:
        raise Bad("too_long", most=LONGEST)
    try:
        validate_email(whole)
    except ValidationError:
        raise Bad("email_invalid") from None
    return whole


def _ascii_domain(domain: str) -> str:
    """A domain with accents in the form that mail servers use, so that one person has one address here."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise Bad("email_domain") from None
