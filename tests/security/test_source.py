"""What must never stand in the source, read from its syntax trees (docs/security.md, lines 20, 32, 33 and 38)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

pytestmark = pytest.mark.any_database

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cyberadmin", "contacts", "groups", "templates", "campaigns")
#: Where text is declared to be markup, each with a constant or a picture that we drew ourselves.
MARKUP = {"cyberadmin/people/pages/factor.py", "cyberadmin/sync/listing.py"}
#: Where statements are written by hand.
BY_HAND = {"cyberadmin/sync/claim.py", "cyberadmin/sync/upsert.py", "contacts/search.py"}
#: What a person sent.
SENT = {"GET", "POST", "FILES", "COOKIES", "META", "headers"}
#: Ways to leave a certificate unread.
UNVERIFIED = {"CERT_NONE", "CERT_OPTIONAL", "_create_unverified_context", "disable_warnings"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def spread(tree: ast.AST) -> Iterator[ast.expr]:
    """What is spread into the arguments of a call, or into a dictionary that is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg is None:
                    yield keyword.value


def is_sent(value: ast.AST) -> bool:
    """Whether it is, or is made of, what a request carries."""
    return any(
        isinstance(node, ast.Attribute) and node.attr in SENT and "request" in ast.unparse(node.value)
        for node in ast.walk(value)
    )


def requests_spread(tree: ast.AST) -> list[str]:
    """Calls whose keywords somebody else chooses."""
    return [ast.unparse(value) for value in spread(tree) if is_sent(value)]


@pytest.mark.parametrize(
    "careless",
    [
        "Contact.objects.filter(**request.GET)",
        "Contact.objects.filter(**request.GET.dict())",
        "rows.filter(**dict(self.request.POST.items()))",
        "make(**{key: value for key, value in request.POST.items()})",
        "make(**{**request.headers})",
    ],
)
def test_a_careless_call_is_seen(careless: str) -> None:
    assert requests_spread(ast.parse(careless))


def test_no_request_chooses_the_keywords_of_a_call() -> None:
    assert [(name, found) for name, tree in sources() if (found := requests_spread(tree))] == []


def test_sql_is_written_by_hand_in_few_places_and_from_constants() -> None:
    """Statements of our own take what they are about as parameters, never as part of their text."""
    found = set()
    for name, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            if getattr(node.func, "attr", "") == "raw" or getattr(node.func, "id", "") == "RawSQL":
                found.add(name)
                assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), (name, node.lineno)
            assert getattr(node.func, "attr", "") != "extra", (name, node.lineno)
    assert found <= BY_HAND


def test_certificates_are_always_read() -> None:
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg in ("verify", "check_hostname"):
                assert not (isinstance(node.value, ast.Constant) and node.value.value is False), (name, node.lineno)
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Attribute) and target.attr in ("verify", "check_hostname")
                for target in node.targets
            ):
                assert ast.unparse(node.value) == "True", (name, node.lineno)
            assert not (isinstance(node, ast.Attribute) and node.attr in UNVERIFIED), (name, node.lineno)


def test_text_is_declared_to_be_markup_in_few_places() -> None:
    found = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("mark_safe", "SafeString")
    }
    assert found <= MARKUP
    pages = [path for package in PACKAGES for path in (ROOT / package).rglob("*.html")]
    assert len(pages) > 50
    for path in pages:
        text = path.read_text()
        assert "|safe" not in text, path
        assert "autoescape off" not in text, path


def test_nobodys_expression_is_searched_by() -> None:
    """No look-up by regular expression, and none compiled from what somebody sent."""
    for name, tree in sources():
        if name.startswith("cyberadmin/sandbox/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg is not None:
                assert not node.arg.endswith(("__regex", "__iregex")), (name, node.lineno)
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
                assert not is_sent(node.args[0]), (name, node.lineno)


def test_nothing_is_kept_in_a_cache() -> None:
    """What is in no cache is in nobody else's: the product uses none of Django's."""
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("django.core.cache"), name
                assert "cache_page" not in {alias.name for alias in node.names}, name


def test_the_framework_has_its_security_fixes() -> None:
    assert django.VERSION[:2] == (5, 2)
    assert django.VERSION >= (5, 2, 9)
