"""Every code has words, and every word a code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.utils import translation

from contacts.imports import columns, reading, reasons
from contacts.imports.problems import Problem, Refused

PACKAGE = Path(reasons.__file__).parent
FRONT = (
    "cells columns convert dates emails encodings header reading separators survey textrows workbook xlsx xlsx_child xlsx_parts"
).split()


def said(name: str) -> set[str]:
    """The codes that a module of the package raises with `name("code", ...)`, whatever the file."""
    found = set()
    for module in FRONT:
        for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def literals() -> set[str]:
    return {
        str(node.value)
        for module in FRONT
        for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_refusal_has_words_and_every_word_a_refusal() -> None:
    codes = said("Refused") | set(reading._REFUSED.values())
    assert codes
    assert codes <= set(reasons.FILES)
    assert set(reasons.FILES) <= literals()


def test_every_problem_has_words_and_every_word_a_problem() -> None:
    codes = said("Bad") | said("Problem")
    assert codes
    assert codes <= set(reasons.CELLS)
    assert set(reasons.CELLS) <= literals()


def test_every_guess_has_words() -> None:
    guesses = columns.guess(["Courriel", "Nom", "Contact", "Date de consentement", "adresse email du client", "?"])
    assert {guess.reason for guess in guesses} <= set(reasons.GUESSES)
    assert set(reasons.GUESSES) <= literals()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_sentences_name_what_they_promise_in_both_languages(language: str) -> None:
    detail = {"most": 5, "sheet": "Feuil1", "row": 7, "meant": "François"}
    with translation.override(language):
        for code in reasons.FILES:
            assert "%(" not in reasons.refusal(Refused(code, **detail))
        for code in reasons.CELLS:
            assert "%(" not in reasons.sentence(Problem(code, 2, "Courriel", "x", detail))


def test_a_problem_says_where_it_is_and_survives_storage() -> None:
    problem = Problem("too_long", 27, "Note", "abc", {"most": 40})
    assert Problem.from_json(problem.as_json()) == problem
    assert reasons.where(problem) == "column AB, Note"
    assert reasons.where(Problem("too_long", 27)) == "column AB"
    assert reasons.where(Problem("header_again")) == ""
