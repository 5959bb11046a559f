"""Templates of mailings (api/README.md 4.8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from cyberadmin.api.types import fields
from cyberadmin.api.types.fields import UNSET, Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSummary:
    """A template as lists show it: without its body. The title can be empty."""

    id: int
    title: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(**_summary_fields(row))


def _summary_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": fields.integer(row, "id"),
        "title": fields.text(row, "title"),
        "created_at": fields.instant(row, "createdOn"),
        "updated_at": fields.instant(row, "updatedOn"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Template(TemplateSummary):
    """A template with its bodies; one of them can be empty."""

    body_html: str = field(repr=False)
    body_text: str = field(repr=False)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one object of the API; SchemaError when a field is missing or of a wrong type."""
        return cls(
            body_html=fields.text(row, "bodyHtml"), body_text=fields.text(row, "bodyText"), **_summary_fields(row)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateWrite:
    """A whole template. In a replacement the vendor resets a body that is UNSET (api/README.md 4.8)."""

    title: str
    body_html: str | Unset = field(default=UNSET, repr=False)
    body_text: str | Unset = field(default=UNSET, repr=False)

    def to_json(self) -> dict[str, Any]:
        """The body of POST or PUT; ValueError when both bodies are empty."""
        if not (self.body_html or self.body_text):
            raise ValueError("a template needs a body")
        body: dict[str, Any] = {"title": self.title}
        if self.body_html is not UNSET:
            body["bodyHtml"] = self.body_html
        if self.body_text is not UNSET:
            body["bodyText"] = self.body_text
        return body
