"""The sandbox's own page: what the vendor holds and received, with buttons for what people do there.

Plain HTML forms, no script: a button posts to the page, the page calls the control route that has the effect and sends
the browser back with a notice.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

import orjson

from cyberadmin.sandbox import journal, page_forms, page_log
from cyberadmin.sandbox.asking import Ask
from cyberadmin.sandbox.page_actions import ACTIONS, Step
from cyberadmin.sandbox.page_forms import HOME, Form
from cyberadmin.sandbox.page_html import Html, html, joined
from cyberadmin.sandbox.page_person import people_part
from cyberadmin.sandbox.page_style import STYLE
from cyberadmin.sandbox.page_words import Words, words_for
from cyberadmin.sandbox.wire import JSON_TYPE, ApiProblem, Json, Reply, Request, not_found

if TYPE_CHECKING:
    from cyberadmin.sandbox.app import SandboxApp

FORM_TYPE = "application/x-www-form-urlencoded"
LAST = 25
NOTICES_KEPT = 50
HEADERS = {
    "Cache-Control": "no-store",
    # "no-referrer" would make the browser hide the page's own origin when a form is posted.
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Language",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'",
}
DOCUMENT = (
    '<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>'
    "<body>{notice}{body}</body></html>"
)


class Page:
    """``perform`` carries out a control request and answers what its route answers."""

    def __init__(self, app: SandboxApp, perform: Callable[[Request], Reply]) -> None:
        self._app = app
        self._perform = perform
        # Notices stay here and only their key travels: no link can put words into the page.
        self._notices: deque[tuple[str, Html]] = deque(maxlen=NOTICES_KEPT)

    def answer(self, request: Request) -> Reply:
        """The page for GET; for POST the button's effect and a redirect back. Raises ApiProblem for anything else."""
        say = words_for(request.headers.get("accept-language", ""))
        if request.method == "POST":
            return self._act(request, say)
        if request.method not in ("GET", "HEAD"):
            raise ApiProblem(405, "The page knows GET and POST", headers={"Allow": "GET, HEAD, POST"})
        body = self._render(request, say).encode()
        return Reply(200, raw=body, headers=dict(HEADERS), content_type="text/html; charset=utf-8")

    # -- buttons ---------------------------------------------------------------------------------------------------

    def _act(self, request: Request, say: Words) -> Reply:
        posted = _read_form(request)
        section = "top"
        try:
            action = ACTIONS.get(posted.get("do", ""))
            if action is None:
                raise not_found("No such action")
            step = action(Ask(self._app, request, {}, dict(posted)), say)
            section = step.section
            refusal = self._carry_out(step)
        except ApiProblem as problem:
            refusal = problem.message
        except ValueError as error:
            refusal = str(error)
        text = say.refusal(refusal) if refusal else say(step.notice, **step.values)
        return self._back(posted, section, self._note(text, refused=bool(refusal)))

    def _carry_out(self, step: Step) -> str:
        """Why the control route refused; empty when it did not."""
        reply = self._control(step.method, step.path, step.body, {})
        if reply.status == 200:
            return ""
        answer = reply.payload if isinstance(reply.payload, dict) else {}
        errors = answer.get("errors")
        first = next(iter(errors.values()), None) if isinstance(errors, dict) else None
        return str(first[0] if first else answer.get("message"))

    def _control(self, method: str, path: str, body: Json, query: dict[str, str]) -> Reply:
        segments = ("_control", *path.split("/"))
        sent = orjson.dumps(body) if body else b""
        headers = {"content-type": JSON_TYPE}
        return self._perform(Request(method, "/" + "/".join(segments), segments, query, headers, sent))

    def _note(self, text: str, *, refused: bool) -> str:
        key = secrets.token_hex(8)
        kind = "notice refused" if refused else "notice"
        self._notices.append((key, html('<p class="{kind}" role="status">{text}</p>', kind=kind, text=text)))
        return key

    def _back(self, posted: dict[str, str], section: str, notice: str) -> Reply:
        """Back to the page; a person who was acted on is looked up again."""
        person = {name: posted[name] for name in ("account", "email") if posted.get("email") and posted.get(name)}
        location = f"{HOME}?{urlencode({**person, 'notice': notice})}#{section}"
        return Reply(303, raw=b"", headers={**HEADERS, "Location": location})

    # -- the page --------------------------------------------------------------------------------------------------

    def _render(self, request: Request, say: Words) -> Html:
        with self._app.store.read() as conn:
            holdings = page_forms.read_holdings(self._app.store, conn)
            entries = journal.read(conn, last=LAST)
        page = Form(say, holdings, request.parameter("account"), request.parameter("email"))
        app = self._app
        body = (
            page_log.heading(say, app.store.clock),
            _section("holds", say("holds"), page_forms.accounts_part(page)),
            html('<h3 class="over" id="look-up">{title}</h3>', title=say("look_up")),
            page_forms.look_up_form(page),
            self._person(page),
            _section("act", say("act"), _hint(say("act_hint")), page_forms.act_part(page)),
            _section("trouble", say("trouble"), _hint(say("trouble_hint")), page_forms.trouble_part(page)),
            page_forms.rules_part(page, app.rules.all()),
            _section("received", say("received"), page_log.effects(say, entries)),
            page_log.requests(say, app.requests.newest(LAST)),
            page_log.settings(say, app.store.settings),
        )
        notice = dict(self._notices).get(request.parameter("notice"), "")
        style = Html(STYLE)
        return html(DOCUMENT, language=say.language, title=say("title"), style=style, notice=notice, body=joined(body))

    def _person(self, page: Form) -> Html:
        holding = next((one for one in page.holdings if str(one.id) == page.account), None)
        if holding is None or not page.email:
            return Html("")
        reply = self._control("GET", "state", {}, {"account": page.account, "email": page.email})
        return people_part(page.say, holding, page.email, orjson.loads(reply.body()))


def _read_form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise ApiProblem(415, "The page takes its own forms only")
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _section(anchor: str, title: str, *parts: Html) -> Html:
    template = '<h2 id="{anchor}">{title}</h2>{parts}'
    return html(template, anchor=anchor, title=title, parts=joined(parts))


def _hint(text: str) -> Html:
    return html('<p class="soft">{text}</p>', text=text)
