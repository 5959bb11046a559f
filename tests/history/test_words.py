"""Every action that anything records has its words, in both languages, and says what was recorded."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from campaigns.models import Approval
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.history import values
from cyberadmin.history.words import EDITS, KINDS, WORDS, Kind, actions
from cyberadmin.sync.models import Change, Edit, HeldSweep

PACKAGES = ("cyberadmin", "contacts", "groups", "templates", "campaigns")
#: What writes an entry: audit.record itself, and the helpers that pass an action on to it.
WRITERS = {"record", "_audited", "note"}
CODE = re.compile(r"[a-z_]+(\.[a-z_]+)?")
#: Actions put together from a state, with all that the state can be there.
COMPOSED = {
    "sweep.": {HeldSweep.State.APPROVED, HeldSweep.State.DISMISSED},
    "campaign.": {Approval.State.REFUSED, Approval.State.WITHDRAWN},
    "case.": {"acknowledgement_sent", "answer_sent"},
}


def calls() -> Iterator[tuple[ast.Call, dict[str, str]]]:
    """Every call of a writer, with the constants of its file."""
    for package in PACKAGES:
        for path in sorted((Path(settings.BASE_DIR) / package).rglob("*.py")):
            if "sandbox" in path.parts or "migrations" in path.parts:
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    if name in WRITERS and (name != "record" or ast.unparse(node.func) == "audit.record"):
                        yield node, _constants(tree)


def _constants(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Tuple)
        ):
            pairs = zip(node.targets[0].elts, node.value.elts, strict=True)
        elif isinstance(node, ast.Assign):
            pairs = zip(node.targets, [node.value], strict=True)
        else:
            continue
        for target, value in pairs:
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[target.id] = value.value
    return found


def recorded() -> set[str]:
    """Every action that the code records."""
    found: set[str] = set()
    for call, constants in calls():
        for argument in call.args:
            if isinstance(argument, ast.JoinedStr) and isinstance(argument.values[0], ast.Constant):
                prefix = str(argument.values[0].value)
                found |= {f"{prefix}{state}" for state in COMPOSED[prefix]}
                continue
            for node in ast.walk(argument):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                    found.add(node.value)
                elif isinstance(node, ast.Name) and node.id in constants:
                    found.add(constants[node.id])
    return found


def test_every_recorded_action_has_words() -> None:
    missing = recorded() - set(WORDS)
    assert len(recorded()) > 70
    assert missing == set()


def test_no_words_are_left_over() -> None:
    assert set(WORDS) - recorded() == set()


def test_every_kind_can_be_asked_for() -> None:
    assert set(KINDS) == set(Kind)
    assert sorted(action for kind in Kind for action in actions(kind)) == sorted(WORDS)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_entry_that_recorded_nothing_still_reads(language: str) -> None:
    with translation.override(language):
        for action in WORDS:
            said = values.sentence(AuditEvent(action=action, detail={}))
            assert said
            assert "%" not in said


def test_every_verb_of_an_edit_has_words() -> None:
    assert set(EDITS) == set(Change.Verb.values)
    edit = Edit(change=Change(verb="regroup", object_label="zoe@example.com"))
    assert values.edit_sentence(edit) == "changed the groups of zoe@example.com"


def test_an_unknown_action_is_shown_as_it_is() -> None:
    assert values.sentence(AuditEvent(action="later.version 100%", detail={})) == "later.version 100%"


def test_codes_become_words() -> None:
    refused = AuditEvent(action="token.not_made", detail={"refusal": "not_made"})
    assert "Make one in the application" in values.sentence(refused)
    role = AuditEvent(action="access.set", detail={"user": "anne", "role": "send"})
    assert values.sentence(role) == "gave anne this role: edit and send"
    role.detail["role"] = None
    assert values.sentence(role) == "took the role of anne on this client away"
    edited = AuditEvent(
        action="account.edited", detail={"before": {"language": "fr"}, "after": {"language": "en", "time_zone": "x"}}
    )
    assert [(one.label, one.before, one.after) for one in values.differences(edited)] == [
        ("Main language", "French", "English"),
        ("Time zone", None, "x"),
    ]
