"""What a fault rule does with a request: refuse, wait, apply without answering, apply twice, and so on.

Each action gets an ``Exchange`` and returns the answer, or raises ``DropConnection``. Bodies are in fault_bodies.py,
lists and objects in fault_lists.py. To add one, write the function and name it in ``ACTIONS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cyberadmin.sandbox import fault_bodies, fault_lists
from cyberadmin.sandbox.faults import Rule
from cyberadmin.sandbox.store import Account
from cyberadmin.sandbox.wire import JSON_TYPE, ApiProblem, DropConnection, Reply, Request

if TYPE_CHECKING:
    from cyberadmin.sandbox.app import SandboxApp

FOREVER = 3_600.0


class Apply(Protocol):
    """Runs the handler, perhaps with a changed request, hints for it, or on the state of some seconds ago."""

    def __call__(
        self, changed: Request | None = None, hints: dict[str, object] | None = None, stale: float = 0
    ) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request in the hands of a rule."""

    request: Request
    apply: Apply
    app: SandboxApp
    account: Account
    rule: Rule


def status(exchange: Exchange) -> Reply:
    """``code``, ``headers``, ``body`` (JSON or text); applied first when ``apply`` is true."""
    rule = exchange.rule
    if rule.args.get("apply"):
        exchange.apply()
    headers = rule.args.get("headers")
    sent = {str(k): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
    code = int(rule.number("code", 500))
    body = rule.args.get("body")
    if isinstance(body, str):
        return Reply(code, raw=body.encode(), headers=sent, content_type=rule.text("content_type", "text/plain"))
    if body is None:
        return _with_headers(exchange.app.refusal(ApiProblem(code, "Refused by a fault rule")), sent)
    return Reply(code, body, headers=sent, content_type=rule.text("content_type", JSON_TYPE))


def _with_headers(reply: Reply, headers: dict[str, str]) -> Reply:
    reply.headers.update(headers)
    return reply


def delay(exchange: Exchange) -> Reply:
    """Answer ``ms`` later."""
    exchange.rule.wait(exchange.rule.number("ms", 1000) / 1000)
    return exchange.apply()


def hang(exchange: Exchange) -> Reply:
    """Never applied; the connection closes after ``seconds`` or when the rule is cleared."""
    exchange.rule.wait(exchange.rule.number("seconds", FOREVER))
    raise DropConnection


def apply_then_hang(exchange: Exchange) -> Reply:
    exchange.apply()
    return hang(exchange)


def hold(exchange: Exchange) -> Reply:
    """A barrier: wait for the rule's release before applying, or after (``when``: before or after)."""
    reply = exchange.apply() if exchange.rule.text("when", "before") == "after" else None
    exchange.rule.wait(exchange.rule.number("seconds", FOREVER))
    return reply if reply is not None else exchange.apply()


def drop_before(exchange: Exchange) -> Reply:
    raise DropConnection(reset=bool(exchange.rule.args.get("reset")))


def drop_after(exchange: Exchange) -> Reply:
    exchange.apply()
    raise DropConnection(reset=bool(exchange.rule.args.get("reset")))


def apply_twice(exchange: Exchange) -> Reply:
    """The vendor's own doubling: one request, two effects; the first answer is given."""
    reply = exchange.apply()
    exchange.apply()
    return reply


def redirect(exchange: Exchange) -> Reply:
    location = exchange.rule.text("location", "http://127.0.0.1:9/elsewhere")
    return Reply(int(exchange.rule.number("code", 302)), raw=b"", headers={"Location": location})


def stale_reads(exchange: Exchange) -> Reply:
    """GETs are answered from the state of ``seconds`` ago; other methods pass."""
    if exchange.request.method != "GET":
        return exchange.apply()
    return exchange.apply(stale=exchange.rule.number("seconds", 90))


def revoke(exchange: Exchange) -> Reply:
    """The token used is deleted in the application at this very moment."""
    credential = exchange.request.headers.get("authorization", "").partition(" ")[2].strip()
    with exchange.app.store.write() as conn:
        conn.execute("DELETE FROM tokens WHERE token = ?", (credential,))
    exchange.app.sign_in.forget()
    return exchange.app.refusal(ApiProblem(exchange.app.store.settings.status("bad_token_status"), "Unauthorized"))


def stuck_batch(exchange: Exchange) -> Reply:
    """The batch never leaves PROCESSING and is never carried out."""
    return exchange.apply(hints={"batch_stuck": True})


def lost_batch(exchange: Exchange) -> Reply:
    """An id is answered that nobody knows later; carried out all the same when ``apply`` is true."""
    return exchange.apply(hints={"batch_hidden": True, "batch_stuck": not exchange.rule.args.get("apply")})


def late_batch(exchange: Exchange) -> Reply:
    """The batch starts ``seconds`` later than usual."""
    return exchange.apply(hints={"batch_late": exchange.rule.number("seconds", 3600)})


def late_mailing(exchange: Exchange) -> Reply:
    """The mailing starts ``seconds`` after its time, and nothing says so."""
    return exchange.apply(hints={"mailing_late": exchange.rule.number("seconds", 3600)})


def batch_result(exchange: Exchange) -> Reply:
    """The result will be ``kind``: empty, strangers or duplicates."""
    return exchange.apply(hints={"batch_result": exchange.rule.text("kind", "empty")})


Action = Callable[[Exchange], Reply]
ACTIONS: dict[str, Action] = {
    **{
        action.__name__: action
        for action in (
            status,
            delay,
            hang,
            apply_then_hang,
            hold,
            drop_before,
            drop_after,
            apply_twice,
            redirect,
            stale_reads,
            revoke,
            stuck_batch,
            lost_batch,
            late_batch,
            late_mailing,
            batch_result,
        )  # fmt: skip
    },
    **fault_bodies.ACTIONS,
    **fault_lists.ACTIONS,
}
