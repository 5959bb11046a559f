"""A person at the door of the console, in a test client."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from cyberadmin.people import factors, totp
from cyberadmin.people.models import SecondFactor, StaffSession
from cyberadmin.sync import clock

PASSWORD = "a long enough password"


class Visitor(Client):
    """A browser. `address` is where it speaks from."""

    def __init__(self, address: str = "203.0.113.7", language: str = "en", **kwargs: Any) -> None:
        super().__init__(headers={"accept-language": language}, REMOTE_ADDR=address, **kwargs)

    def log_in(self, name: str, password: str = PASSWORD, **more: str) -> Any:
        """Post the log-in form."""
        return self.post("/login/", {"username": name, "password": password, **more})

    def enter(self, user: User, code: str = "") -> Visitor:
        """Log in, with the second factor when the person has one."""
        assert self.log_in(user.username).status_code == 302
        if SecondFactor.objects.filter(user=user).exists():
            assert self.post("/second-factor/", {"code": code or code_of(user)}).status_code == 302
        assert self.is_inside(), user
        return self

    def is_inside(self) -> bool:
        """Whether the first page opens."""
        return bool(self.get("/").status_code == 200)

    def send(self, path: str, **data: Any) -> Any:
        """Post a form of the console, with a one-time id."""
        return self.post(path, {"form_token": str(uuid.uuid4()), **data})


def secret_of(user: User) -> str:
    """The secret in this person's phone."""
    return factors.unseal(user, SecondFactor.objects.get(user=user).secret)


def code_of(user: User, steps: int = 0) -> str:
    """What this person's phone shows, so many steps of 30 seconds away; let a step pass to get a fresh one."""
    return totp.code_at(secret_of(user), totp.step_at(clock.now().timestamp()) + steps)


def give_factor(user: User) -> list[str]:
    """Set a second factor up; the recovery codes. The step that this used up has passed when it returns."""
    secret = factors.start()
    codes = factors.enrol(user, secret, totp.code_at(secret, totp.step_at(clock.now().timestamp())))
    clock.advance(totp.STEP_SECONDS)
    return codes


def session_of(user: User) -> StaffSession:
    """The newest session of this person."""
    return StaffSession.objects.filter(user=user).latest("pk")


def link_in(response: Any) -> str:
    """The path of the one-time link that a page shows."""
    found = re.search(r'value="http://[^/"]+(/link/[^"]+)"', response.content.decode())
    assert found, response.content.decode()
    return found.group(1)
