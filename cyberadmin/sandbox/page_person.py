"""One person as the vendor holds them, in words: what the look-up of the page shows."""

from __future__ import annotations

from collections.abc import Iterator

from cyberadmin.sandbox.page_forms import Holding
from cyberadmin.sandbox.page_html import Html, html, joined, pairs
from cyberadmin.sandbox.page_words import Words
from cyberadmin.sandbox.wire import Json

STATES = ("members", "unsubscribed", "bounced")
PLAIN = ("id", "email", "firstname", "lastname", "company", "postalCode", "country", "language", "gender", "birthdate",
         "note")  # fmt: skip
DATES = ("joinedOn", "updatedOn", "unsubscribedOn", "hardBouncedOn")


def people_part(say: Words, holding: Holding, email: str, dump: Json) -> Html:
    """``dump`` is the answer of the control route ``state``, narrowed to ``email``."""
    found = [one for name in STATES for one in _objects(dump.get(name))]
    if not found:
        text = say("nobody", account=holding.name, email=email)
        return html('<p class="found">{text}</p>', text=text)
    tables = joined(pairs(_rows(say, holding, one)) for one in found)
    return html('<div class="found">{tables}</div>', tables=tables)


def _objects(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _rows(say: Words, holding: Holding, person: Json) -> Iterator[tuple[str, object]]:
    yield say("state"), say(str(person["state"]))
    for name in PLAIN:
        yield say(name), _shown(person.get(name))
    custom = person.get("customFields")
    values = custom if isinstance(custom, dict) else {}
    for number, title in holding.fields.items():
        yield title, _shown(values.get(str(number)))
    yield say("groups"), _shown(_titles(holding, person.get("groups")))
    yield say("consent"), _shown(_consent(person.get("consent")))
    for name in DATES:
        if name in person:
            yield say(name), _shown(person[name])


def _titles(holding: Holding, ids: object) -> str:
    joined_ids = ids if isinstance(ids, list) else []
    return ", ".join(title for number, title, _, _ in holding.groups if number in joined_ids)


def _consent(consent: object) -> str:
    return ", ".join(str(one) for one in consent.values() if one) if isinstance(consent, dict) else ""


def _shown(value: object) -> object:
    return "—" if value in (None, "") else value
