"""Typing mistakes in addresses are suggested, and right addresses are left alone."""

from __future__ import annotations

import pytest

from contacts.consent.typos import COMMON, suggestion


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("marie@gmial.com", "marie@gmail.com"),
        ("marie@gmail.con", "marie@gmail.com"),
        ("marie@gmail.ca", "marie@gmail.com"),
        ("marie@gmailcom", "marie@gmail.com"),
        ("marie@GMAL.com", "marie@gmail.com"),
        ("marie@hotmial.ca", "marie@hotmail.ca"),
        ("marie@hotmil.com", "marie@hotmail.com"),
        ("marie@videotron.com", "marie@videotron.ca"),
        ("marie@vidéotron.ca", "marie@videotron.ca"),
        ("marie@sympatico.com", "marie@sympatico.ca"),
        ("marie@simpatico.ca", "marie@sympatico.ca"),
        ("marie@yahoo.cca", "marie@yahoo.ca"),
        ("marie@erable.qc", "marie@erable.qc.ca"),
        ("marie@erable.con", "marie@erable.com"),
        ("marie@outlook,com", "marie@outlook.com"),
    ],
)
def test_what_was_probably_meant(typed: str, meant: str) -> None:
    assert suggestion(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "marie",
        "@gmail.com",
        "marie@example.com",
        "marie@erable.qc.ca",
        "marie@mail.com",
        "marie@ymail.com",
        "marie@bell.ca",
    ],
)
def test_nothing_is_suggested_for_what_may_be_right(typed: str) -> None:
    assert suggestion(typed) == ""


def test_every_usual_domain_is_right() -> None:
    for domain in COMMON:
        assert suggestion(f"marie@{domain}") == ""
