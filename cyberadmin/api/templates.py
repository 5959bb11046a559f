"""Templates (api/README.md 4.8)."""

from cyberadmin.api.calls import Answer, Caller
from cyberadmin.api.pagination import MAX_LIMIT, Page, list_query
from cyberadmin.api.status_map import parse_deleted
from cyberadmin.api.types import Template, TemplateSummary, TemplateWrite


class TemplateEndpoints:
    """/templates. There is no partial edit."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, page: int = 1, limit: int = MAX_LIMIT, sort: str = "") -> Page[TemplateSummary]:
        """One page of templates, without their bodies."""
        return self._caller.get_page(
            "/templates", "templates", TemplateSummary.from_json, list_query(page, limit, sort)
        )

    def create(self, template: TemplateWrite) -> Template:
        """Make a template. The vendor is not known to refuse equal titles: not idempotent."""
        return self._caller.call("POST", "/templates", _parse_template, body=template.to_json())

    def get(self, id: int) -> Template:
        """One template with its bodies."""
        return self._caller.call("GET", "/templates/{id}", _parse_template, fill={"id": id})

    def replace(self, id: int, template: TemplateWrite) -> Template:
        """Replace a template: a body that is UNSET is reset."""
        body = template.to_json()
        return self._caller.call("PUT", "/templates/{id}", _parse_template, fill={"id": id}, body=body)

    def delete(self, id: int) -> None:
        """Delete a template."""
        self._caller.call("DELETE", "/templates/{id}", parse_deleted, fill={"id": id})


def _parse_template(answer: Answer) -> Template:
    return Template.from_json(answer.json)
