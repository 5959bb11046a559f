"""The never-back guard: no write of ours brings back somebody who unsubscribed or bounced (promise P6, product.md 3d-1).

One gate, in one place, that every write to a person passes: when it is recorded and again right before it is sent. There
is no switch. What the vendor would do with such a write does not matter, since it is never made.
"""

from collections.abc import Iterable
from typing import Any

from . import registry
from .models import Change

#: Verbs that could make, keep or invite a subscription; unsubscribing and deleting are always allowed.
REVIVING = frozenset(
    {Change.Verb.CREATE, Change.Verb.UPDATE, Change.Verb.REGROUP, Change.Verb.OPTIN, Change.Verb.CONSENT}
)
PROTECTED = frozenset({"unsubscribed", "bounced"})
#: Verbs of the vendor's batches that could bring somebody back; the others only ever take somebody away.
REVIVING_BATCHES = frozenset({"add"})


def forbids(verb: str, obj: Any) -> bool:
    """Whether this write must not be made because of the state of the person it is about."""
    return verb in REVIVING and getattr(obj, "state", "") in PROTECTED


def refusals(account_id: int, kind: str, verb: str, labels: Iterable[str]) -> dict[str, str]:
    """Who among many must not be written to: {label as given: reason code}, those who may be are absent."""
    if verb not in REVIVING and verb not in REVIVING_BATCHES:
        return {}
    return registry.get(kind).protected(account_id, labels)
