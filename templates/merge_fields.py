"""Merge fields by name: what stands for a person's own data in a body.

The vendor publishes neither their list nor how a custom field is written: its reference shows `[CONTENU]` in a template and
no more (api/README.md 4.8, api/openapi.yaml, `createTemplate`). So nothing is invented here. Offered is what this client's
own bodies hold already, made in the vendor's editor or here. A custom field is offered by its name once some body shows how
it is written; until then it is named, with what to do. Apps above this one bring custom fields and more bodies.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cyberadmin.accounts.models import Account

from .models import EmailTemplate

_FIELD = re.compile(r"\[[^\W\d_][\w '’.-]{1,48}\]")
#: How merge fields are written elsewhere: {{ name }}, *|NAME|*, %%name%%, ${name}.
_FOREIGN = re.compile(r"\{\{ ?[\w.-]{1,40} ?\}\}|\*\|[\w:.-]{1,40}\|\*|%%[A-Za-z_]\w{0,40}%%|\$\{[\w.]{1,40}\}")
#: What mail programs read as instructions, not as text: brackets in it are no merge fields.
_UNREAD = (("<!--", "-->"), ("<![", "]>"), ("<style", "</style"), ("<script", "</script"))
#: How many templates are looked through, newest change first, and how many fields are offered.
TEMPLATES, MOST = 50, 40

Texts = Callable[[Account], Iterable[str]]
_bodies: list[Texts] = []
_custom_names: list[Texts] = []


@dataclass(frozen=True)
class Custom:
    """A custom field of the client. `field`: how a body of this client writes it, "" when none does."""

    name: str
    field: str


@dataclass(frozen=True)
class Offer:
    """What a page offers: fields by the name they show, custom fields that can be written, and names of those that cannot."""

    fields: list[str]
    custom: list[Custom]
    unseen: list[str]


def register_bodies(source: Texts) -> None:
    """Have bodies of another app looked through too; call it in `AppConfig.ready()`."""
    _add(_bodies, source)


def register_custom_names(source: Texts) -> None:
    """Tell the names of a client's custom fields; call it in `AppConfig.ready()`."""
    _add(_custom_names, source)


def _add(sources: list[Texts], source: Texts) -> None:
    if source not in sources:
        sources.append(source)


def used_in(body: str) -> list[str]:
    """The merge fields of one body, each once, in their order."""
    return list(dict.fromkeys(_FIELD.findall(_read_part(body))))


def foreign_in(body: str) -> list[str]:
    """What looks like merge fields of another tool, each once, in their order."""
    return list(dict.fromkeys(_FOREIGN.findall(_read_part(body))))


def known(account: Account) -> list[str]:
    """The merge fields that this client's bodies use, the most used first."""
    rows = EmailTemplate.objects.filter(account=account, gone_at=None).order_by("-updated_on", "-pk")
    counted: Counter[str] = Counter()
    for html, text in rows.values_list("body_html", "body_text")[:TEMPLATES].iterator():
        counted.update(set(used_in(html)) | set(used_in(text)))
    for source in _bodies:
        for body in source(account):
            counted.update(set(used_in(body)))
    return [field for field, _count in counted.most_common(MOST)]


def custom(account: Account, fields: Iterable[str]) -> list[Custom]:
    """The client's custom fields, each with the one of `fields` that has its name."""
    written = {name_key(field): field for field in fields}
    names = dict.fromkeys(name for source in _custom_names for name in source(account))
    return [Custom(name, written.get(name_key(name), "")) for name in names]


def offer(account: Account) -> Offer:
    """What the pages offer for this client."""
    fields = known(account)
    found = custom(account, fields)
    written = {one.field for one in found if one.field}
    return Offer(
        [field for field in fields if field not in written],
        [one for one in found if one.field],
        [one.name for one in found if not one.field],
    )


def name_key(name: str) -> str:
    """How names are compared: letters and digits only, without accents or letter case."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _read_part(body: str) -> str:
    for opener, closer in _UNREAD:
        first, *others = re.split(re.escape(opener), body, flags=re.IGNORECASE)
        body = first + "".join(_after(other, closer) for other in others)
    return body


def _after(text: str, closer: str) -> str:
    found = re.search(re.escape(closer), text, re.IGNORECASE)
    return text[found.end() :] if found else ""
