"""The catalogue tools agree with what Django reads, and complain about what is incomplete."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest

from cyberadmin.console import catalogues
from cyberadmin.console.catalogues import Message

PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

#. a note
msgid "Group"
msgstr "Groupe"

msgctxt "verb"
msgid "empty"
msgstr "vider"

msgid "%(number)s \\"thing\\""
msgid_plural "%(number)s things"
msgstr[0] "%(number)s chose"
msgstr[1] ""
"%(number)s choses"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "django.po"
    path.write_text(PO, encoding="utf-8")
    return path


def test_a_compiled_catalogue_is_read_by_gettext(source: Path) -> None:
    with catalogues.compile_po(source).open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.gettext("Group") == "Groupe"
    assert compiled.pgettext("verb", "empty") == "vider"
    assert compiled.ngettext('%(number)s "thing"', "%(number)s things", 1) == "%(number)s chose"
    assert compiled.ngettext('%(number)s "thing"', "%(number)s things", 2) == "%(number)s choses"
    assert compiled.gettext("unknown") == "unknown"


def test_what_the_code_and_the_templates_mark_is_found(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "code.py").write_text(
        "from django.utils.translation import gettext_lazy as lazy, ngettext\n"
        'lazy("one " "long")\nngettext("a", "b", 1)\nlazy(name)\nother("not marked")\n'
    )
    (tmp_path / "templates" / "page.html").write_text(
        '{% load i18n %}{% translate "it\'s (so)" %}{% blocktranslate with x=y %}x {{ x }} at 5 %{% endblocktranslate %}'
        "{% blocktranslate trimmed count n=n %} {{ n }} row {% plural %} {{ n }} rows {% endblocktranslate %}"
    )
    assert catalogues.extract([tmp_path]) == {
        Message("one long"),
        Message("a", "b"),
        Message("it's (so)"),
        Message("x %(x)s at 5 %%"),
        Message("%(n)s row", "%(n)s rows"),
    }


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("", "missing: 'Hello %(name)s'"),
        ('msgid "Hello %(name)s"\nmsgstr ""', "not translated: 'Hello %(name)s'"),
        ('#, fuzzy\nmsgid "Hello %(name)s"\nmsgstr "Bonjour %(name)s"', "fuzzy: 'Hello %(name)s'"),
        ('msgid "Hello %(name)s"\nmsgstr "Bonjour %(nom)s"', "placeholders differ: 'Hello %(name)s'"),
    ],
)
def test_an_incomplete_catalogue_is_told(tmp_path: Path, entry: str, said: str) -> None:
    path = tmp_path / "django.po"
    path.write_text(f'msgid ""\nmsgstr ""\n"Language: fr\\n"\n\n{entry}\n')
    assert catalogues.problems({Message("Hello %(name)s")}, catalogues.read(path)) == [said]


def test_an_appended_entry_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "django.po"
    message = Message('a "quoted"\nline \\ slash', "many", "context")
    path.write_text(catalogues.quoted(message))
    (entry,) = catalogues.read(path)
    assert (entry.message, entry.translations) == (message, ["", ""])


def test_many_changes_at_once_have_one_french_word() -> None:
    """A change is a modification; “changement groupé” beside “changement de groupe” would be taken for each other."""
    entries = [entry for source in catalogues.sources() for entry in catalogues.read(source)]
    assert len(entries) > 3_000
    texts = [text.casefold() for entry in entries for text in entry.translations]
    assert not [text for text in texts if "changement groupé" in text or "changements groupés" in text]
