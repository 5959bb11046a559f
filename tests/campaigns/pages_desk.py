"""What tests of the pages share: a person at the console, and the pages of one client."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from cyberadmin.accounts.models import Account

HTML = "<html><body><h1>Bonjour</h1><p><a href='https://example.org/'>Lire</a> [DESABONNEMENT]</p></body></html>"


class PagesDesk:
    """One person working on one client in one language."""

    def __init__(self, account: Account, user: User, language: str = "en") -> None:
        self.account, self.user = account, user
        self.client = Client(headers={"accept-language": f"{language}-CA"})
        self.client.force_login(user)

    def url(self, path: str) -> str:
        """An address inside the client."""
        return f"/c/{self.account.slug}/campaigns/{path}"

    def get(self, path: str, **query: Any) -> Any:
        """Open a page."""
        return self.client.get(self.url(path), query)

    def text(self, path: str, **query: Any) -> str:
        """What a page says."""
        response = self.get(path, **query)
        assert response.status_code == 200, (path, response.status_code)
        return str(response.content.decode())

    def form(self, path: str, **query: Any) -> dict[str, Any]:
        """The values that the form of a page would send back."""
        shown = self.get(path, **query).context["form"]
        values: dict[str, Any] = {}
        for name in shown.fields:
            value = shown[name].value()
            if value is None or value is False:
                continue
            values[name] = [str(one) for one in value] if isinstance(value, (list, tuple)) else str(value)
        return values

    def post(self, path: str, **values: Any) -> Any:
        """Send a form with a one-time id of its own."""
        return self.client.post(self.url(path), {"form_token": str(uuid.uuid4()), **values})

    def submit(self, path: str, **values: Any) -> Any:
        """Open the form of a page, change some values and send it."""
        return self.client.post(self.url(path), {**self.form(path), **values})


def words(response: HttpResponse) -> str:
    """The text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))
