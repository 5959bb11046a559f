"""The whole of a failed call, kept sealed for the vendor's support: both sides of it, but never the token.

What lists and pages show of a call is masked and short (`connection.py`). A failed one is kept whole beside it for
`retention.KINDS["exchanges"]`, because the vendor's support asks for "the full request and the full response" (product.md S24).
"""

import json
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from cyberadmin.accounts import secrets
from cyberadmin.api.client import CallRecord

from .models import ApiCall, KeptExchange

MASKED = "[not shown]"


@dataclass(frozen=True)
class Exchange:
    """One exchange, whole. `path` is filled and carries its query; bodies are text, cut at 64 KiB by the client."""

    method: str
    path: str
    request_headers: dict[str, str]
    request_body: str
    status: int | None
    response_headers: dict[str, str]
    response_body: str
    request_id: str
    error: str

    @classmethod
    def of(cls, record: CallRecord) -> "Exchange":
        """The exchange that the client reports."""
        query = f"?{urlencode(record.query)}" if record.query else ""
        body = record.request_body
        return cls(
            method=record.method,
            path=f"{record.path}{query}",
            request_headers={**record.request_headers, "Authorization": MASKED},
            request_body="" if body is None else json.dumps(body, ensure_ascii=False, indent=2),
            status=record.status,
            response_headers=dict(record.response_headers),
            response_body=record.response_body.decode("utf-8", "backslashreplace"),
            request_id=record.request_id or "",
            error=record.error_class or "",
        )


def is_kept(record: CallRecord) -> bool:
    """Whether a call is kept whole: those that failed."""
    return record.error_class is not None


def keep(call: ApiCall, record: CallRecord) -> KeptExchange:
    """The sealed row for a call that was just written (not saved)."""
    kept = KeptExchange(call=call, account_id=call.account_id, at=call.at)
    kept.sealed = secrets.encrypt(json.dumps(asdict(Exchange.of(record)), ensure_ascii=False), kept.context)
    return kept


def read(call: ApiCall) -> Exchange | None:
    """The whole of a call, or None when it worked or was pruned. Raises secrets.SecretUnreadable."""
    kept = KeptExchange.objects.filter(call=call).first()
    if kept is None:
        return None
    values: dict[str, Any] = json.loads(secrets.decrypt(kept.sealed, kept.context))
    return Exchange(**values)


def rotate() -> int:
    """Seal what is kept with the newest key; returns how many rows had another one."""
    turned = 0
    for kept in KeptExchange.objects.iterator(chunk_size=500):
        if secrets.is_current(kept.sealed):
            continue
        kept.sealed = secrets.encrypt(secrets.decrypt(kept.sealed, kept.context), kept.context)
        kept.save(update_fields=["sealed"])
        turned += 1
    return turned
