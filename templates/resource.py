"""Templates on the wire. A replacement is whole: what it leaves out is reset, so it starts from a fresh read
(api/README.md 4.8). Creating one is a POST without a key; its title and bodies are the mark to look for.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

from cyberadmin.api import errors, types
from cyberadmin.api.client import ApiClient
from cyberadmin.sync.models import Change
from cyberadmin.sync.pull import PullContext
from cyberadmin.sync.resource import AlreadyThere, GoneThere, Resource, Seen, Sent, Values

from .models import EmailTemplate, mark, title_key
from .pull import pull_templates, seen_template
from .services import clean


class TemplateResource(Resource):
    """Binds `EmailTemplate` to the vendor's /templates."""

    kind = "template"
    model = EmailTemplate
    keyless = frozenset({Change.Verb.CREATE.value})

    def values(self, obj: EmailTemplate) -> Values:
        return {"title": obj.title, "body_html": obj.body_html, "body_text": obj.body_text}

    def assign(self, obj: EmailTemplate, values: Values) -> None:
        for name, value in values.items():
            setattr(obj, name, value)
        obj.title_key = title_key(obj.title)
        obj.html_bytes = len(obj.body_html.encode("utf-8", "surrogatepass"))

    def clean(self, obj: EmailTemplate, values: Values) -> Values:
        cleaned = clean({**self.values(obj), **values})
        return {name: cleaned[name] for name in values}

    def label(self, obj: EmailTemplate) -> str:
        return obj.title

    # --- pushing ---
    def read(self, client: ApiClient, obj: EmailTemplate) -> Seen:
        try:
            return seen_template(client.templates.get(cast(int, obj.remote_id)))
        except errors.NotFound:
            raise GoneThere from None

    def fence(self, client: ApiClient, change: Change, obj: EmailTemplate) -> Values:
        there = all_summaries(client)
        wanted = _wanted(change)
        mirrored = EmailTemplate.objects.filter(account_id=obj.account_id).exclude(remote_id=None)
        known = set(mirrored.values_list("remote_id", flat=True))
        strangers = [one.id for one in there if one.id not in known and _same_title(one.title, wanted)]
        if strangers and not change.reason_detail.get("make_another"):
            found = _read_all(client, strangers)
            if found:
                raise AlreadyThere(found)
        ids = [one.id for one in there]
        return {"ids": ids, "newest": max(ids, default=0)}

    def look(self, client: ApiClient, change: Change, obj: EmailTemplate) -> list[Seen]:
        before = set((change.fence or {}).get("ids", []))
        wanted = _wanted(change)
        new = [one.id for one in all_summaries(client) if one.id not in before and _same_title(one.title, wanted)]
        found = _read_all(client, new)
        # Somebody may have made another one of that title at that moment: the one that says the same is ours.
        return [seen for seen in found if mark(**seen.values) == mark(**wanted)] or found

    def send(self, client: ApiClient, change: Change, obj: EmailTemplate, wanted: Values) -> Sent:
        verb = Change.Verb(change.verb)
        if verb == Change.Verb.CREATE:
            return Sent(seen_template(client.templates.create(_written(_wanted(change)))))
        if verb == Change.Verb.UPDATE:
            # Not the row's other values: somebody may have changed them there, and they would be put back.
            whole = {**self.read(client, obj).values, **wanted}
            return Sent(seen_template(client.templates.replace(cast(int, obj.remote_id), _written(whole))))
        with suppress(errors.NotFound):
            client.templates.delete(cast(int, obj.remote_id))
        return Sent(gone=True)

    # --- pulling ---
    def pull(self, context: PullContext) -> Iterator[None]:
        return pull_templates(context)

    def confirm_gone(self, client: ApiClient, obj: EmailTemplate) -> bool:
        try:
            self.read(client, obj)
        except GoneThere:
            return True
        return False


def all_summaries(client: ApiClient) -> list[types.TemplateSummary]:
    """Every template of the account, without bodies, page after page."""
    found: list[types.TemplateSummary] = []
    number = 1
    while True:
        page = client.templates.list(page=number)
        found += page.items
        if not page.items or len(found) >= page.total_count:
            return found
        number += 1


def _read_all(client: ApiClient, ids: list[int]) -> list[Seen]:
    """These templates with their bodies; one that was deleted meanwhile is left out."""
    found = []
    for number in ids:
        with suppress(errors.NotFound):
            found.append(seen_template(client.templates.get(number)))
    return found


def _wanted(change: Change) -> dict[str, Any]:
    """What this creation carries: the row's own values may have been edited since."""
    return {name: str(change.fields.get(name, {}).get("want") or "") for name in ("title", "body_html", "body_text")}


def _same_title(title: str, wanted: Values) -> bool:
    return title_key(title) == title_key(wanted["title"])


def _written(values: Values) -> types.TemplateWrite:
    return types.TemplateWrite(title=values["title"], body_html=values["body_html"], body_text=values["body_text"])
