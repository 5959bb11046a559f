"""A cell becomes a typed value of its target, or is refused with a code. The values are those that the forms make.

Rules are shared with the forms where they exist (`contacts.cleaning`, the widths of the columns, the list of countries); a
test holds both sides together. Nothing is guessed: what can be read in two ways is refused and says how to write it.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from contacts.countries import COUNTRIES
from contacts.models import Contact, CustomField

from . import dates, emails
from .columns import CUSTOM, Custom
from .country_names import COUNTRY_NAMES
from .dates import EARLIEST, Bad
from .words import GENDERS, LANGUAGES, RELATIONS, plain

#: Takes a cell as tidied by `tidy`; gives the value. Raises Bad.
Cell = Callable[[str], Any]

#: What people cannot see but programs leave behind.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
_BLANKS = re.compile(r"\s+")
_MOJIBAKE = re.compile(
    "[ÃÂÅâ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_CANADIAN = re.compile(r"([A-Za-z]\d[A-Za-z])[\s-]?(\d[A-Za-z]\d)")
_CANADIAN_LETTERS = re.compile(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d")
_WHOLE = re.compile(r"[+-]?\d{1,18}(?:[.,]0+)?")
_DECIMAL = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?")
_UNCLEAR_COMMA = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_NEVER_TWICE = frozenset(("email", "note", "consent_proof", "first_name", "last_name", "company"))
_ESCAPED = ("=", "+", "-", "@", "\t", "\r")


def tidy(text: str, several_lines: bool = False) -> str:
    """A cell without what nobody sees: blanks around, doubled blanks, the ' that an export put before a formula. Raises Bad."""
    if text[:1] == "'" and text[1:2] in _ESCAPED:
        text = text[1:]
    if text.isascii():
        if text.isprintable() and "  " not in text:
            return text.strip()
    else:
        if "\ufffd" in text:
            raise Bad("mixed_encoding")
        text = _INVISIBLE.sub("", text)
        if _MOJIBAKE.search(text) and (meant := _meant(text)):
            raise Bad("mojibake", meant=meant[:80])
        if text.isprintable() and "  " not in text:
            return text.strip()
    if _CONTROL.search(text.replace("\r\n", "\n").replace("\r", "\n")):
        raise Bad("control_character")
    if several_lines:
        return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()
    if "\n" in text.strip() and "@" in text:
        raise Bad("several_lines")
    return _BLANKS.sub(" ", text).strip()


def for_target(target: str, customs: dict[str, Custom], order: str, today: date) -> Cell:
    """What reads the cells of a target. `order` = order of days in this column; `today` in the client's zone."""
    read = _reader(target, customs, order, today)
    # The same few words and days come again and again.
    return read if target in _NEVER_TWICE else lru_cache(maxsize=4096)(read)


def _reader(target: str, customs: dict[str, Custom], order: str, today: date) -> Cell:
    if target.startswith(CUSTOM):
        return _for_custom(customs[target].type, order)
    if target == "birth_date":
        return lambda text: _birth(dates.day(text, order), today)
    if target == "consent_on":
        return lambda text: _consent(dates.day(text, order), today)
    return _PLAIN.get(target) or _text(target)


def _text(target: str) -> Callable[[str], str]:
    most = getattr(Contact._meta.get_field(target), "max_length", None)

    def read(text: str) -> str:
        if most and len(text) > most:
            raise Bad("too_long", most=most)
        return text

    return read


def _for_custom(kind: str, order: str) -> Cell:
    if kind == CustomField.Type.DATE:
        return lambda text: dates.day(text, order).isoformat()
    if kind == CustomField.Type.INTEGER:
        return _whole
    return _decimal if kind == CustomField.Type.DECIMAL else str


def _language(text: str) -> str:
    if (known := LANGUAGES.get(plain(text))) is None:
        raise Bad("language")
    return known


def _relation(text: str) -> str:
    if (known := RELATIONS.get(plain(text))) is None:
        raise Bad("relation")
    return known


def _gender(text: str) -> str:
    if (known := GENDERS.get(plain(text))) is None:
        raise Bad("gender")
    return known


def _country(text: str) -> str:
    code = text.upper()
    if code in COUNTRIES:
        return code
    if (known := COUNTRY_NAMES.get(plain(text))) is None:
        raise Bad("country")
    return known


def _postal_code(text: str) -> str:
    """A Canadian code as A1A 1A1; what has another shape stays as it is, since other countries have theirs."""
    found = _CANADIAN.fullmatch(text)
    if found:
        text = f"{found[1]} {found[2]}".upper()
        if not _CANADIAN_LETTERS.fullmatch(text):
            raise Bad("postal_code")
    return _POSTAL_TEXT(text)


def is_canadian(code: str) -> bool:
    """Whether a postal code can be one of Canada's."""
    return bool(_CANADIAN_LETTERS.fullmatch(code))


def _birth(day: date, today: date) -> str:
    if not EARLIEST <= day <= today:
        raise Bad("birth_date_range")
    return day.isoformat()


def _consent(day: date, today: date) -> str:
    if day > today:
        raise Bad("consent_in_future")
    return day.isoformat()


def _bare_number(text: str) -> str:
    return re.sub(r"[\s$€%]|(?<=\d)['’](?=\d{3})", "", text)


def _whole(text: str) -> int:
    number = _bare_number(text)
    if _THOUSANDS.fullmatch(number):
        number = number.replace(",", "")
    elif _UNCLEAR_COMMA.fullmatch(number):
        raise Bad("number_unclear")
    if not _WHOLE.fullmatch(number):
        raise Bad("whole_number")
    return int(re.split("[.,]", number)[0])


def _decimal(text: str) -> int | float:
    number = _bare_number(text)
    if _THOUSANDS.fullmatch(number):
        number = number.replace(",", "")
    elif _UNCLEAR_COMMA.fullmatch(number):
        raise Bad("number_unclear")
    elif number.count(",") == 1 and "." not in number:
        number = number.replace(",", ".")
    if not _DECIMAL.fullmatch(number):
        raise Bad("decimal_number")
    value = float(number)
    return int(value) if value.is_integer() else value


def _meant(text: str) -> str:
    """What the text was before its UTF-8 was taken for Windows-1252, or "" when that did not happen."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""


_POSTAL_TEXT = _text("postal_code")
_PLAIN: dict[str, Cell] = {
    "email": emails.address,
    "gender": _gender,
    "language": _language,
    "country": _country,
    "postal_code": _postal_code,
    "consent_relation": _relation,
}
