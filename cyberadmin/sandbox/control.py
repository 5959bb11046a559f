"""Routes outside the API: what the API cannot trigger, and the switches of a test (api/README.md 7).

All of them speak JSON under ``/_control/``; ``GET /_control/routes`` lists them; ``/_control/`` itself is a page for
people. No credential is asked for: the server listens on loopback only, and a web page from elsewhere is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson

from cyberadmin.sandbox import (
    control_accounts,
    control_groups,
    control_mailings,
    control_people,
    control_state,
    control_templates,
)
from cyberadmin.sandbox.asking import Ask
from cyberadmin.sandbox.due import run_due
from cyberadmin.sandbox.page import Page
from cyberadmin.sandbox.wire import ApiProblem, Json, Reply, Request

if TYPE_CHECKING:
    from cyberadmin.sandbox.app import SandboxApp

LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)
Answer = Callable[[Ask], object]
ROUTES: dict[tuple[str, str], Answer] = {
    **control_state.ROUTES,
    **control_accounts.ROUTES,
    **control_people.ROUTES,
    **control_groups.ROUTES,
    **control_mailings.ROUTES,
    **control_templates.ROUTES,
}


class Control:
    """Dispatches the control routes of one application."""

    def __init__(self, app: SandboxApp) -> None:
        self._app = app
        self._page = Page(app, self._perform)

    def answer(self, request: Request) -> Reply:
        if is_foreign(request):
            return Reply(403, {"message": "Only the sandbox's own page and programs of this machine may do this"})
        if request.path not in ("/_control", "/_control/"):
            return self._perform(request)
        try:
            return self._page.answer(request)
        except ApiProblem as problem:
            return Reply(problem.status, {"message": problem.message}, headers=problem.headers)

    def _perform(self, request: Request) -> Reply:
        try:
            # A wait would be pointless if it were to hold up the batches of others, and a clock change moves them.
            run_due(self._app.store)
            result = self._dispatch(request)
            run_due(self._app.store)
        except ApiProblem as problem:
            return Reply(problem.status, {"message": problem.message, "errors": problem.errors})
        except (KeyError, ValueError, TypeError) as error:
            return Reply(400, {"message": f"{type(error).__name__}: {error}"})
        return Reply(200, result)

    def _dispatch(self, request: Request) -> object:
        if request.segments == ("_control", "routes"):
            return {"routes": [f"{method} /_control/{path}" for method, path in ROUTES]}
        parts = request.segments[1:]
        paths = {path for _, path in ROUTES if _matches(path, parts) is not None}
        for path in paths:
            answer = ROUTES.get((request.method, path))
            if answer is not None:
                return answer(Ask(self._app, request, _matches(path, parts) or {}, _body(request)))
        raise ApiProblem(405 if paths else 404, "No such control route; see /_control/routes")


def is_foreign(request: Request) -> bool:
    """Did a web page from elsewhere cause this request, under another name of this machine or as another origin?"""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    return LOOPBACK.fullmatch(host) is None or origin not in (None, f"http://{host}")


def _body(request: Request) -> Json:
    if not request.body:
        return {}
    body = orjson.loads(request.body)
    if not isinstance(body, dict):
        raise ValueError("the body is not a JSON object")
    return body


def _matches(path: str, parts: tuple[str, ...]) -> dict[str, str] | None:
    pattern = path.split("/")
    if len(pattern) != len(parts):
        return None
    params: dict[str, str] = {}
    for name, part in zip(pattern, parts, strict=True):
        if name.startswith("{"):
            params[name[1:-1]] = part
        elif name != part:
            return None
    return params
