"""Every state says what happened and what to do (promise P11): no reason in the engine's code is without words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.utils import translation

from cyberadmin.accounts.models import Account
from cyberadmin.sync import reasons
from cyberadmin.sync.models import Change, PullRun
from tests.world import make_account

ENGINE = Path(reasons.__file__).parent


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _strings(node: ast.expr) -> set[str]:
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def reasons_in_code() -> set[str]:
    """Every literal that the engine writes into a change's reason."""
    found: set[str] = set()
    for path in ("claim.py", "doubt.py", "outcomes.py", "push.py", "record.py", "services.py", "settle.py"):
        tree = ast.parse((ENGINE / path).read_text())
        for call in _calls(tree):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name == "Outcome":
                found |= _strings(call.args[1])
            if name in ("supersede", "_refused", "refuse") and path != "outcomes.py":
                found |= {text for argument in call.args[1:] for text in _strings(argument)}
            found |= {text for keyword in call.keywords if keyword.arg == "reason" for text in _strings(keyword.value)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "reason":
                        found |= _strings(value)
    return found - {"", "rate"}


def test_the_walk_finds_the_reasons_it_should() -> None:
    assert {"worker_lost", "both_changed", "rejected", "discarded", "deleted_since"} <= reasons_in_code()


def test_every_reason_in_the_code_has_words() -> None:
    assert reasons_in_code() - set(reasons.REASONS) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("state", Change.State.values)
def test_every_state_and_reason_is_explained(language: str, state: str) -> None:
    account = make_account()
    with translation.override(language):
        for reason in ("", *reasons.REASONS):
            change = Change(
                account=account, kind="contact", object_id=1, verb="update", state=state, reason=reason, pk=1
            )
            told = reasons.explain(change)
            assert told.state
            assert told.what_happened
            assert told.next_step
            if state in ("conflict", "parked", "failed"):
                assert told.actions, (state, reason)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_pull_and_pause_is_explained(language: str) -> None:
    with translation.override(language):
        for state in PullRun.State.values:
            assert reasons.explain_run(PullRun(state=state)).next_step
        for reason in Account.Paused.values:
            told = reasons.explain_pause(Account(paused_reason=reason))
            assert told.what_happened
            assert told.next_step


@pytest.mark.django_db
def test_an_unsubscription_offers_no_way_back() -> None:
    change = Change(
        account=make_account(),
        kind="contact",
        object_id=1,
        verb="unsubscribe",
        state="parked",
        reason="tries_used_up",
        pk=1,
    )
    assert reasons.explain(change).actions == ("retry",)


def problems_in_code() -> set[str]:
    """Every literal code with which a pull says that something is odd."""
    root = ENGINE.parent.parent
    files = [*ENGINE.glob("*.py"), *(root / "contacts").glob("pull*.py"), root / "groups" / "pull.py"]
    found: set[str] = set()
    for path in files:
        for call in _calls(ast.parse(path.read_text())):
            if getattr(call.func, "attr", "") in ("veto", "problem") and call.args:
                found |= _strings(call.args[0])
    return found


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_a_pull_found_odd_is_a_sentence(language: str) -> None:
    codes = problems_in_code()
    assert {"duplicate_address", "short_page", "bad_row", "held"} <= codes
    with translation.override(language):
        for code in codes:
            sentence = reasons.explain_problem({"code": code, "list": "members"})
            assert sentence.endswith(".")
            assert code not in sentence
