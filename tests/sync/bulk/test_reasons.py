"""Every state and result of a bulk change says what happened and what to do (promise P11), in French and English."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.utils import translation

from cyberadmin.sync.bulk import reasons
from cyberadmin.sync.models import Batch, ChangeSet
from tests.world import make_account

ENGINE = Path(reasons.__file__).parent
#: Reasons that tables or other modules hold, which the walk below cannot see.
ELSEWHERE = {"unsubscribed", "bounced", "erased", "restored", "rate_limited", "database_busy", "disk_full"}


def _strings(node: ast.expr) -> set[str]:
    """Literals that may become the value of this expression."""
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    if isinstance(node, ast.BoolOp):
        return {text for value in node.values for text in _strings(value)}
    if isinstance(node, ast.IfExp):
        return _strings(node.body) | _strings(node.orelse)
    return set()


def _positions(name: str) -> tuple[int, ...]:
    """Where functions of the engine take a reason."""
    return {"Paused": (0,), "Refused": (0,), "Held": (1,), "alarm": (0,), "_failed": (1,), "doubt": (2,)}.get(name, ())


def codes() -> set[str]:
    """Every literal that the engine gives as a reason or a result."""
    found: set[str] = set()
    for path in ENGINE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                for position in _positions(name):
                    found |= _strings(node.args[position]) if len(node.args) > position else set()
                for keyword in node.keywords:
                    found |= _strings(keyword.value) if keyword.arg in ("reason", "result") else set()
            elif isinstance(node, ast.Tuple) and len(node.elts) == 3 and getattr(node.elts[0], "id", "") == "row":
                # (row, result, words) of a refusal
                found |= _strings(node.elts[1])
            elif isinstance(node, ast.Return) and path.name == "matching.py" and node.value is not None:
                found |= _strings(node.value)
    return found - {""}


def worded() -> set[str]:
    return {*reasons.SETS, *reasons.ROWS, *reasons.BATCHES}


def test_the_walk_finds_the_reasons_it_should() -> None:
    expected = {"came_back", "account_changed", "same_refusal", "not_taken", "in_outbox", "result_empty", "written_off"}
    assert expected <= codes()


def test_every_code_has_words_and_every_word_a_code() -> None:
    assert codes() - worded() == set()
    table = {"changed_since_plan", "edit_waiting", "nothing_left", "discarded", "replaced", "cancelled"}
    assert worded() - codes() - ELSEWHERE - table == set()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("state", ChangeSet.State.values)
def test_every_state_and_reason_is_explained(language: str, state: str) -> None:
    account = make_account()
    with translation.override(language):
        for reason in ("", *reasons.SETS):
            told = reasons.explain(ChangeSet(account=account, kind="sheet", state=state, reason=reason))
            assert told.state
            assert told.what_happened.endswith(".")
            assert told.next_step.endswith(".")
            assert told.actions


@pytest.mark.parametrize("language", ["fr", "en"])
def test_rows_and_batches_are_explained(language: str) -> None:
    with translation.override(language):
        sentences = [reasons.row_sentence(code) for code in reasons.ROWS]
        sentences += [reasons.batch_sentence(code) for code in reasons.BATCHES]
        assert all(sentence.rstrip("\u00a0")[-1] in ".:" for sentence in sentences)
        assert all(str(label) for label in Batch.State.labels)
