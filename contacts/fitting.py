"""Making what the vendor says about a person fit our columns, in the same way wherever it is read.

Nobody knows how long the vendor's texts can be (api/README.md 6, 37). A text beyond its column's width is cut, NUL
characters (which PostgreSQL cannot store) are left out, and numbers beyond an integer column are capped. Since every read
passes here, both sides of a comparison are cut alike and no false conflict arises.
"""

from dataclasses import fields, replace
from operator import le
from typing import Any, TypeVar

from cyberadmin.api.types.members import ContactFields, Member

from .models import Contact

_TEXTS = ("first_name", "last_name", "company", "gender", "language", "postal_code", "country", "consent_type")
_WIDTHS = tuple(Contact._meta.get_field(name).max_length or 0 for name in _TEXTS)  # type: ignore[union-attr]
#: What an integer column of PostgreSQL holds.
_MOST = 2**31 - 1

M = TypeVar("M", bound=ContactFields)


def fit(member: M) -> M:
    """The member as our columns can hold it; itself when nothing has to be cut, which is nearly always."""
    texts = tuple(getattr(member, name) for name in _TEXTS)
    custom = [value for value in member.custom_values.values() if isinstance(value, str)]
    fits = all(map(le, map(len, texts), _WIDTHS))
    if fits and not _counts_too_much(member) and "\x00" not in "".join((*texts, member.note, member.email, *custom)):
        return member
    changes: dict[str, Any] = {
        field.name: value.replace("\x00", "")
        for field in fields(member)
        if isinstance(value := getattr(member, field.name), str)
    }
    changes |= {name: changes[name][:width] for name, width in zip(_TEXTS, _WIDTHS, strict=True)}
    changes["custom_values"] = {
        number: value.replace("\x00", "") if isinstance(value, str) else value
        for number, value in member.custom_values.items()
    }
    if isinstance(member, Member):
        counters = ("mailings_received", "mailings_opened", "mailings_clicked")
        changes |= {name: min(getattr(member, name), _MOST) for name in counters}
    return replace(member, **changes)


def _counts_too_much(member: ContactFields) -> bool:
    if not isinstance(member, Member):
        return False
    return max(member.mailings_received, member.mailings_opened, member.mailings_clicked) > _MOST
