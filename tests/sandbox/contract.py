"""Checks an answer of the vendor (or of its sandbox) against docs/vendor/openapi.yaml.

Nothing here knows the sandbox's code: the contract is the file, so that both sides of the wire can be held to it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "vendor" / "openapi.yaml"
URI = "urn:vendor"


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(CONTRACT.read_text(), Loader=yaml.CSafeLoader)
    return loaded


@cache
def _registry() -> Registry[Any]:
    return Registry().with_resource(URI, Resource.from_contents(document(), default_specification=DRAFT202012))


@cache
def _validator(pointer: str) -> Draft202012Validator:
    schema = {"$ref": f"{URI}#{pointer}"}
    return Draft202012Validator(schema, registry=_registry(), format_checker=FormatChecker(["email", "date"]))


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Literal paths first, as the contract asks."""
    templates = sorted(document()["paths"], key=lambda one: (one.count("{"), one))
    return [(one, re.compile(re.sub(r"\{\w+\}", "[^/]+", one))) for one in templates]


def template_of(path: str) -> str:
    """The contract's template of a path (without query). Raises LookupError."""
    for template, pattern in _patterns():
        if pattern.fullmatch(path):
            return template
    raise LookupError(f"no such path in the contract: {path}")


def assert_matches(method: str, path: str, status: int, body: object) -> None:
    """The answer is one the contract allows. ``path`` is real or a template; success codes must be listed."""
    template = path if path in document()["paths"] else template_of(path)
    responses = document()["paths"][template][method.lower()]["responses"]
    assert str(status) in responses or status >= 400, f"{method} {template} does not answer {status}"
    _validate(_response_schema(template, method.lower(), str(status) if str(status) in responses else "default"), body)


def assert_is(schema: str, value: object) -> None:
    """The value is an instance of a named schema."""
    _validate(f"/components/schemas/{schema}", value)


def _validate(pointer: str, value: object) -> None:
    errors = sorted(_validator(pointer).iter_errors(value), key=lambda one: str(one.path))
    assert not errors, "\n".join(f"{'/'.join(map(str, one.absolute_path))}: {one.message}" for one in errors[:5])


def _response_schema(template: str, method: str, status: str) -> str:
    response = document()["paths"][template][method]["responses"][status]
    if "$ref" in response:
        pointer = response["$ref"].removeprefix("#")
    else:
        pointer = f"/paths/{template.replace('~', '~0').replace('/', '~1')}/{method}/responses/{status}"
    return f"{pointer}/content/application~1json/schema".replace("{", "%7B").replace("}", "%7D")
