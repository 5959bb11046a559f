"""The sandbox's page used as a browser without scripts uses it: read the forms, post one, follow the redirect."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.sandbox.conftest import VendorApi

EMAIL = "ann@example.com"
FRENCH = {"Accept-Language": "fr-CA,fr;q=0.9,en;q=0.5"}


class Forms(HTMLParser):
    """Every form of a page: its method and address, its controls with the values a browser would send."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({"method": given["method"], "action": given["action"], "choices": {}, "buttons": []})
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option":
            self.forms[-1]["choices"].setdefault(self._select, []).append(given["value"])
        elif tag == "input" and "name" in given:
            self.forms[-1]["choices"][given["name"]] = [given["value"]]
        elif tag == "button":
            self.forms[-1]["buttons"].append(given.get("value", ""))


class Browser:
    """Posts the forms of the page for one account."""

    def __init__(self, api: VendorApi) -> None:
        self.api = api
        self.url = f"{api.server.control_url}/"
        self.account = str(api.account["id"])
        self.session = requests.Session()
        self.session.trust_env = False

    def read(self, headers: dict[str, str] | None = None, **query: str) -> str:
        answer = self.session.get(self.url, params=query, headers=headers, timeout=20)
        assert answer.status_code == 200
        return answer.text

    def post(self, headers: dict[str, str] | None = None, **form: str) -> requests.Response:
        """Raw: the answer to a post, not followed."""
        return self.session.post(self.url, data=form, headers=headers, allow_redirects=False, timeout=20)

    def press(self, do: str, headers: dict[str, str] | None = None, **filled: str) -> str:
        """Press a button that the page offers, with values that its form offers or takes; answers the notice."""
        offered = [one for one in Forms(self.read()).forms if do in one["buttons"]]
        assert offered, f"no button {do}"
        assert {(one["method"], one["action"]) for one in offered} == {("post", "/_control/")}
        for name, value in filled.items():
            choices = [choice for one in offered for choice in one["choices"][name]]
            assert value in choices or choices == [""], f"{name} cannot be {value}"
        answer = self.post(headers, do=do, **filled)
        return notice(self.follow(answer, headers))

    def follow(self, answer: requests.Response, headers: dict[str, str] | None = None) -> str:
        """The page that an answer to a post sends the browser to."""
        assert answer.status_code == 303
        location = urlsplit(answer.headers["Location"])
        assert (location.scheme, location.netloc, location.path) == ("", "", "/_control/")
        return self.read(headers, **dict(parse_qsl(location.query)))

    def person(self, what: str, value: str = "", email: str = EMAIL, **more: Any) -> str:
        return self.press("act_on_person", account=self.account, email=email, what=what, value=value, **more)


def notice(text: str) -> str:
    found = re.search(r'<p class="notice[^"]*" role="status">(.*?)</p>', text)
    return unescape(found[1]) if found else ""
