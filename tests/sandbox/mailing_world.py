"""Shorthands of the tests of mailings: a frozen clock, a group with people, and the body of a mailing."""

from __future__ import annotations

from typing import Any

from tests.sandbox.conftest import VendorApi

NOW = "2025-10-01T12:00:00+00:00"
SEND_AT = "2025-10-02 09:00:00"
HTML = (
    '<!-- ca:1 --><p><a href="https://www.example.org/a">A</a> <a class="x" href=\'https://www.example.org/b?x=1\'>B</a>'
    '<a href="https://www.example.org/a">A</a> <a href="mailto:x@example.org">M</a></p>'
)
LATER = 25 * 3_600 + 60


def freeze(api: VendorApi, at: str = NOW) -> None:
    api.server.control("POST", "clock", mode="frozen", set=at)


def crowd(api: VendorApi, count: int = 4, title: str = "Lecteurs") -> int:
    """A group of r0@example.com, r1@example.com, ..."""
    group = api.group(title)
    for number in range(count):
        api.member(f"r{number}@example.com", groups=str(group))
    return group


def body(groups: object, /, **changes: Any) -> dict[str, Any]:
    """A body of POST /mailings; a change to None leaves the key out."""
    given = {"subject": "Nouveautés", "language": "fr_ca", "groups": str(groups), "sendAt": SEND_AT, "bodyHtml": HTML,
             "bodyText": "Bonjour", **changes}  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def schedule(api: VendorApi, groups: object, **changes: Any) -> int:
    return int(api.post("/mailings", 201, **body(groups, **changes))["id"])


def sent_now(api: VendorApi, groups: list[int], **changes: Any) -> int:
    """A mailing sent in the application at this moment, about which nobody does anything by themselves."""
    made = api.control("POST", "mailings", **{"subject": "Envoi", "groups": groups, "sent": True, "bodyHtml": HTML,
                                              **changes})  # fmt: skip
    return int(made["id"])


def outcome(api: VendorApi, mailing: int, kind: str, *names: str, **more: Any) -> None:
    for name in names:
        api.control("POST", f"mailings/{mailing}/outcome", kind=kind, email=f"{name}@example.com", **more)


def emails(api: VendorApi, mailing: int, part: str = "", **query: Any) -> list[str]:
    """Names before the at sign in one list of recipients."""
    answer = api.get(f"/mailings/{mailing}/recipients" + (f"/{part}" if part else ""), **query)
    return [one["email"].partition("@")[0] for one in answer["recipients"]]


def ids(api: VendorApi, kind: str, **query: Any) -> list[int]:
    return [one["id"] for one in api.get(f"/mailings/{kind}", **query)["mailings"]]
