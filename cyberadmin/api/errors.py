"""What can go wrong in a call, one class per decision the caller has to make.

The closed table from class to outcome belongs to the engine; a class exists here only when that
table treats it apart. Messages name the method, the path *pattern* (a filled path holds e-mail
addresses) and the status: never the token, a filled path or a body. The vendor's own words are kept
apart in `vendor_message`, since they may quote personal data.
"""

VENDOR_MESSAGE_LIMIT = 500


class SchemaError(ValueError):
    """A JSON value does not have the shape the API promises. Names the field, never its value."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class ApiError(Exception):
    """Base of every failure of a call.

    retryable: the same request may succeed later, without anybody changing anything. Whether it is
    safe to repeat depends on the method and is decided by the caller.
    retry_after: seconds the vendor asked to wait, as sent (not clamped), or None.
    """

    default_retryable = False

    def __init__(
        self,
        message: str,
        *,
        method: str,
        path: str,
        status: int | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        vendor_message: str = "",
        field_errors: dict[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.method = method
        self.path = path
        self.status = status
        self.retryable = self.default_retryable if retryable is None else retryable
        self.retry_after = retry_after
        self.request_id = request_id
        self.vendor_message = vendor_message[:VENDOR_MESSAGE_LIMIT]
        self.field_errors: dict[str, list[str]] = field_errors or {}


class NotSent(ApiError):
    """No byte of the request left: name not resolved, refused, connect time-out, address not allowed."""

    default_retryable = True


class PerhapsSent(ApiError):
    """The request left but no whole answer came back: it may or may not have been applied.

    Read time-out, reset, truncated, unreadable or oversized answer, deadline. A `status` means that
    a success had been announced before the answer broke off.
    """

    default_retryable = True


class TlsFailed(ApiError):
    """The server could not prove its identity, or no common TLS exists. Nothing was sent."""


class Redirected(ApiError):
    """Any 3xx. Never followed, so the token stayed here; `location_host` tells where it pointed."""

    location_host: str = ""


class InvalidToken(ApiError):
    """401: the token is missing, malformed, expired or deleted."""


class PaymentRequired(ApiError):
    """402: the account is not in order at the vendor."""


class Forbidden(ApiError):
    """403."""


class NotFound(ApiError):
    """404."""


class Conflict(ApiError):
    """409: the object exists already (api/README.md 4.1)."""


class Rejected(ApiError):
    """400, 405, 406, 415, 422: refused as it stands; `vendor_message` and `field_errors` say why."""


class TooLarge(ApiError):
    """413."""


class RateLimited(ApiError):
    """429; `retry_after` when the vendor gave a readable one."""

    default_retryable = True


class ServerError(ApiError):
    """408 and every 5xx: it may or may not have been applied."""

    default_retryable = True


class UnexpectedResponse(ApiError):
    """An answer that means nothing to us: a 2xx without the promised JSON, or a status not known."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: Rejected,
    401: InvalidToken,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    405: Rejected,
    406: Rejected,
    408: ServerError,
    409: Conflict,
    413: TooLarge,
    415: Rejected,
    422: Rejected,
    429: RateLimited,
}


def class_for_status(status: int) -> type[ApiError]:
    """The error class of a status that is neither 200 nor 201."""
    if 300 <= status <= 399:
        return Redirected
    if 500 <= status <= 599:
        return ServerError
    return _BY_STATUS.get(status, UnexpectedResponse)
