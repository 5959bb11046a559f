"""The one-entry answers of deletions and opt-ins: `{"<key>": "deleted"}` (api/README.md 2)."""

from cyberadmin.api.calls import Answer
from cyberadmin.api.errors import SchemaError


def parse_deleted(answer: Answer) -> None:
    """SchemaError unless the answer says that something, and only that, was deleted."""
    only_key(answer, "deleted")


def only_key(answer: Answer, status: str) -> str:
    """The key of the one entry, whose value must be `status`."""
    if len(answer.json) != 1:
        raise SchemaError("body", "not one entry")
    key, value = next(iter(answer.json.items()))
    if value != status:
        raise SchemaError("body", f"the entry is not {status}")
    return key
