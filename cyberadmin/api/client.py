"""The client: one account's credential, one base URL, one family of methods per kind of object."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import requests

from cyberadmin.api.account import AccountEndpoints
from cyberadmin.api.batches import BatchEndpoints
from cyberadmin.api.calls import Caller, CallRecord
from cyberadmin.api.credentials import Credential
from cyberadmin.api.groups import CustomFieldEndpoints, GroupEndpoints
from cyberadmin.api.mailings import MailingEndpoints
from cyberadmin.api.members import MemberEndpoints
from cyberadmin.api.templates import TemplateEndpoints
from cyberadmin.api.transport import Transport
from cyberadmin.api.wire import ResolveCheck

__all__ = ["ApiClient", "CallRecord"]


class ApiClient:
    """Speaks to the vendor for one account. For one thread; close it, or use it in a `with`.

    Every method makes exactly one exchange, sent at most once, never redirected, never retried, and
    raises an `errors.ApiError` or returns a typed value. ValueError means that the request itself
    made no sense and nothing was done.

    base_url: http(s)://host[:port]. Whether this host may be spoken to is for the caller to decide.
    on_call: called exactly once per exchange, after it, success or failure. What it raises goes through.
    before_call: called with the method before each exchange, e.g. to wait for a slot. What it raises prevents the exchange.
    deadline: seconds for the whole exchange, connecting and the last byte of the answer included.
    max_bytes: largest answer accepted, counted after decompression.
    session: keeps the connections; closed with the client. Its proxies, cookies, hooks and `verify` are not used.
    resolve_check: called with (host name, IP address) before connecting to that very address; whatever it
        raises refuses the address (`NotSent`).
    ca_file: PEM file of the authorities to trust instead of the public ones. Verification has no switch.
    """

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        *,
        on_call: Callable[[CallRecord], None] | None = None,
        before_call: Callable[[str], None] | None = None,
        deadline: float = 45.0,
        max_bytes: int = 64 * 1024 * 1024,
        session: requests.Session | None = None,
        resolve_check: ResolveCheck | None = None,
        ca_file: str | None = None,
    ) -> None:
        self._transport = Transport(
            base_url,
            credential,
            deadline=deadline,
            max_bytes=max_bytes,
            session=session,
            resolve_check=resolve_check,
            ca_file=ca_file,
        )
        caller = Caller(self._transport, credential, on_call, before_call)
        self.account = AccountEndpoints(caller)
        self.batches = BatchEndpoints(caller)
        self.custom_fields = CustomFieldEndpoints(caller)
        self.groups = GroupEndpoints(caller)
        self.mailings = MailingEndpoints(caller)
        self.members = MemberEndpoints(caller)
        self.templates = TemplateEndpoints(caller)

    def close(self) -> None:
        """Close the connections."""
        self._transport.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
