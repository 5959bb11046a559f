"""Answers that a browser keeps as a file and never opens by itself."""

from typing import TypeVar

from django.http import HttpResponseBase
from django.utils.http import content_disposition_header

Answer = TypeVar("Answer", bound=HttpResponseBase)


def as_file(response: Answer, name: str) -> Answer:
    """`response` as a file of this name, whatever letters the name has."""
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
