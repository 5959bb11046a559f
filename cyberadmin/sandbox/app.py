"""The WSGI application: route, credential, throttle, fault rules, handler, error body (api/README.md 2, 3 and 6)."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from cyberadmin.sandbox import control, due, routes
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.dates import STYLES
from cyberadmin.sandbox.fault_actions import ACTIONS, Exchange
from cyberadmin.sandbox.faults import FaultRules
from cyberadmin.sandbox.journal import Received, RequestLog
from cyberadmin.sandbox.lists import choice_parameter
from cyberadmin.sandbox.store import Account, Store
from cyberadmin.sandbox.throttle import Throttle
from cyberadmin.sandbox.wire import ApiProblem, DropConnection, Reply, Request, not_found

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
REASONS = {
    200: "OK", 201: "Created", 301: "Moved Permanently", 302: "Found", 303: "See Other",
    307: "Temporary Redirect", 308: "Permanent",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    409: "Conflict", 413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip
HTML_ERROR = "<!DOCTYPE html><html><body><h1>{status}</h1><p>{message}</p></body></html>"


class SandboxApp:
    """Serves the API at the root and the control routes under ``/_control/``."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rules = FaultRules()
        self.requests = RequestLog()
        self.throttle = Throttle()
        self.sign_in = SignIn(store)
        self.control = control.Control(self)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request = read_request(environ)
        if request.segments[:1] == ("_control",):
            reply = self.control.answer(request)
        else:
            reply = self._logged(request)
        body: Iterable[bytes] = reply.stream if reply.stream is not None else [reply.body()]
        length = reply.length if reply.length is not None else sum(map(len, body)) if reply.stream is None else None
        headers = [("Content-Type", reply.content_type), ("Date", self.store.clock.http_date())]
        if length is not None:
            headers.append(("Content-Length", str(length)))
        start_response(f"{reply.status} {REASONS.get(reply.status, 'Status')}", [*headers, *reply.headers.items()])
        return body

    def _logged(self, request: Request) -> Reply:
        entry = Received(
            method=request.method,
            path=request.path,
            query=urlencode(request.query),
            token=request.headers.get("authorization", "")[-4:],
            started=time.monotonic(),
        )
        try:
            reply = self._answer(request, entry)
            entry.status = reply.status
        except DropConnection:
            entry.status = None
            raise
        finally:
            entry.seconds = time.monotonic() - entry.started
            self.requests.add(entry)
        return reply

    def _answer(self, request: Request, entry: Received) -> Reply:
        try:
            template, params = self._template(request)
            methods = routes.methods_of(template)
            if request.method not in methods:
                allowed = ", ".join(methods)
                raise ApiProblem(405, "Method not allowed", headers={"Allow": allowed})
            route = methods[request.method]
            entry.operation = route.operation
            due.run_due(self.store)
            account = self.sign_in.account(request)
        except ApiProblem as problem:
            return self.refusal(problem)
        entry.account = account.name

        def apply(changed: Request | None = None, hints: dict[str, object] | None = None, stale: float = 0) -> Reply:
            return self.apply(route, changed or request, params, account, hints or {}, stale)

        rule = self.rules.take(request.method, template, request.path, (account.name, account.username, account.id))
        if rule is None:
            return apply()
        entry.fault = rule.id
        exchange = Exchange(request, apply, self, account, rule)
        return ACTIONS[rule.action](exchange)

    def _template(self, request: Request) -> tuple[str, dict[str, str]]:
        matched = routes.match(request.segments)
        if matched is None:
            raise not_found()
        return matched

    def apply(
        self,
        route: routes.Route,
        request: Request,
        params: dict[str, str],
        account: Account,
        hints: dict[str, object],
        stale: float = 0,
    ) -> Reply:
        """Run a handler in its transaction; refusals become error answers."""
        try:
            self._check_size(request)
            throttled = self.throttle.problem(self.store, account.id, route.operation)
            if throttled is not None and not self.store.settings.flag("throttle_applied"):
                raise throttled
            reply = self._handle(route, request, params, account, hints, stale)
            if throttled is not None:
                raise throttled
        except ApiProblem as problem:
            return self.refusal(problem)
        return reply

    def _check_size(self, request: Request) -> None:
        cap = self.store.settings.amount("request_size_limit")
        if cap and len(request.body) > cap:
            raise ApiProblem(413, "Request too large")

    def _handle(
        self,
        route: routes.Route,
        request: Request,
        params: dict[str, str],
        account: Account,
        hints: dict[str, object],
        stale: float,
    ) -> Reply:
        store = self.store
        call_args = (store.settings, store.clock.now(), account, request, route.operation, params, hints, store.secret)
        if route.writes:
            with store.write() as conn:
                call = Call(conn, *call_args)
                choice_parameter(call, "dateReturnFormat", STYLES)
                reply = route.handler(call)
                store.next_due_at = due.next_due(conn)
            if route.operation.startswith("createToken"):
                self.sign_in.forget()
            return reply
        seconds = stale or self._stale_seconds(route.operation)
        with store.read_stale(seconds) if seconds else store.read() as conn:
            call = Call(conn, *call_args)
            choice_parameter(call, "dateReturnFormat", STYLES)
            return route.handler(call)

    def _stale_seconds(self, operation: str) -> float:
        settings = self.store.settings
        if settings.text("stale_read_scope") == "lists" and not operation.startswith("list"):
            return 0
        return settings.amount("stale_read_seconds")

    def refusal(self, problem: ApiProblem) -> Reply:
        """An error answer in the shape of the ``error_body`` setting (api/README.md 6, row 1)."""
        shape = self.store.settings.text("error_body")
        if shape == "empty":
            return Reply(problem.status, raw=b"", headers=problem.headers)
        if shape == "html":
            page = HTML_ERROR.format(status=problem.status, message=problem.message)
            return Reply(problem.status, raw=page.encode(), headers=problem.headers, content_type="text/html")
        payload: dict[str, object] = {"message": problem.message}
        if problem.errors:
            payload["errors"] = dict(problem.errors)
        return Reply(problem.status, payload, headers=problem.headers)


class SignIn:
    """Bearer tokens and the legacy user name and password (api/README.md 2)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[Account, int]] | None = None
        self._logins: dict[tuple[str, str], Account] = {}

    def forget(self) -> None:
        """Read tokens and accounts again at the next request."""
        with self._lock:
            self._tokens = None

    def _load(self) -> dict[str, tuple[Account, int]]:
        with self._lock:
            if self._tokens is None:
                with self._store.read() as conn:
                    accounts = {one.id: one for one in self._store.accounts(conn)}
                    rows = conn.execute("SELECT token, account_id, expires_on FROM tokens").fetchall()
                self._logins = {(one.username, one.password): one for one in accounts.values()}
                self._tokens = {token: (accounts[owner], expires) for token, owner, expires in rows}
            return self._tokens

    def account(self, request: Request) -> Account:
        """The account of the credential. Raises ApiProblem."""
        scheme, _, credential = request.headers.get("authorization", "").partition(" ")
        tokens = self._load()
        account: Account | None = None
        if scheme.lower() == "bearer":
            account, expires = tokens.get(credential.strip(), (None, 0))
            if expires <= self._store.clock.now():
                account = None
        elif scheme.lower() == "basic":
            account = self._logins.get(decode_login(credential))
        if account is None:
            raise ApiProblem(self._store.settings.status("bad_token_status"), "Unauthorized")
        return account


def decode_login(credential: str) -> tuple[str, str]:
    """User name and password of a Basic credential; two empty texts when it is malformed."""
    try:
        text = base64.b64decode(credential.strip(), validate=True).decode()
    except ValueError:
        return "", ""
    username, _, password = text.partition(":")
    return username, password


def read_request(environ: Environ) -> Request:
    """The request of a WSGI environment; ``sandbox.path`` is the path before percent-decoding."""
    path = str(environ["sandbox.path"])
    length = int(environ.get("CONTENT_LENGTH") or 0)
    query: dict[str, str] = {}
    for name, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True):
        # A repeated parameter has no meaning anywhere: joined, its values fit nothing and are refused.
        query[name] = f"{query[name]},{value}" if name in query else value
    headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers["content-type"] = str(environ.get("CONTENT_TYPE", ""))
    return Request(
        method=str(environ["REQUEST_METHOD"]),
        path=path,
        segments=tuple(unquote(part) for part in path[1:].split("/")),
        query=query,
        headers=headers,
        body=environ["wsgi.input"].read(length) if length else b"",
    )
