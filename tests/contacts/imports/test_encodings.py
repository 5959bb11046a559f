"""Accents come out right, whatever program wrote the file."""

from __future__ import annotations

import io

import pytest

from contacts.imports import encodings, reading, separators
from contacts.imports.reading import Options, opener_of, pasted

ROWS = [
    ["Prénom", "Nom", "Courriel", "Note"],
    ["Hélène", "Lévesque", "helene@example.com", "a dit « oui » à l’été"],
    ["Gaël", "Côté", "gael@example.com", "reçu à Sept-Îles"],
    ["Maïté", "Désilets", "maite@example.com", ""],
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16", "utf-32", "cp1252", "mac_roman"]
#: Short lists, as they come: one accent each, in every place where French puts one.
WORDS = (
    "Hélène|HÉLÈNE|Éric|ÉRIC|Zoé|François|FRANÇOIS|Gaëlle|Noël|NOËL|Benoît|BENOÎT|Côté|CÔTÉ|Anaïs|Jérôme|Maïté|Loïc|Thaïs"
    "|Québec|Montréal|Trois-Rivières|Bécancour|Île-Perrot|Sept-Îles|Lévis|Chloé|Léa|Désirée|Agnès|Geneviève|Michèle|Solène"
    "|Bélanger|Gagné|Lévesque|Bérubé|Pépin|Thérèse|Angèle|Désilets|Gélinas|Théberge|À Montréal|Déjà vu|à côté|où çà|sœur"
    "|Cœur-de-Marie|l’été|d’Amours|« Les Ormes »|l’Étang|Jusqu’à|Marie-Hélène|boîte|août|naïf|Citroën|Müller|Señor|Grâce|Pâquet|Lemaître|Fête|Forêt"
).split("|")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", separators.CANDIDATES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_with_every_separator_and_line_end(encoding: str, separator: str, end: str) -> None:
    # Mac Roman has no narrow space and the like, but all of this.
    data = (end.join(separator.join(row) for row in ROWS) + end).encode(encoding)
    source = reading.open_source(opener_of(data))
    assert list(source.header) == ROWS[0]
    assert [[*row.cells, ""][:4] for row in source.rows()] == ROWS[1:]
    assert source.separator == separator


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "mac_roman"])
def test_one_accent_is_enough(encoding: str) -> None:
    wrong = []
    for word in WORDS:
        text = f"Nom;Courriel\n{word};a@example.com\n"
        data = text.encode(encoding)
        found = encodings.detect(io.BytesIO(data))
        if data.decode(found.name) != text:
            wrong.append((word, found.name))
    assert wrong == []


def test_dos_of_excel_is_found_too() -> None:
    text = "Nom;Courriel\nHélène Lévesque;a@example.com\nFrançois Côté;b@example.com\n"
    assert encodings.detect(io.BytesIO(text.encode("cp850"))).name == "cp850"


def test_an_accent_on_the_last_line_of_a_long_list_counts() -> None:
    lines = "".join(f"a{index}@example.com;Marie\n" for index in range(60_000))
    for encoding in ("utf-8", "cp1252"):
        data = f"{lines}z@example.com;Zoé\n".encode(encoding)
        assert encodings.detect(io.BytesIO(data)).name == encoding


def test_plain_letters_and_what_was_pasted_are_utf_8() -> None:
    assert encodings.detect(io.BytesIO(b"a;b\n")) == encodings.Encoding("utf-8")
    source = reading.open_source(pasted("Courriel\tPrénom\na@example.com\tZoé\n"))
    assert (source.encoding, source.separator, source.encoding_sure) == ("utf-8", "\t", True)
    assert reading.open_source(pasted("Courriel\n\ud800@example.com")).encoding == "utf-8"


def test_a_person_may_say_otherwise() -> None:
    data = "Prénom,Courriel\nZoé,a@example.com\n".encode("mac_roman")
    source = reading.open_source(opener_of(data), Options(encoding="cp1252", separator=";", header_row=0))
    assert (source.encoding, source.separator, source.header_row) == ("cp1252", ";", None)
    again = reading.open_source(opener_of(data), Options.of(source.layout()))
    assert again.layout() == source.layout()


def test_bytes_that_do_not_fit_stay_in_their_own_cell() -> None:
    data = "Prénom;Nom\nZoé;Côté\n".encode() + "Éric;Roy\n".encode("cp1252")
    source = reading.open_source(opener_of(data))
    assert source.mixed_encoding
    assert [(row.cells, row.faults) for row in source.rows()] == [
        (["Zoé", "Côté"], {}),
        (["Éric", "Roy"], {0: "mixed_encoding"}),
    ]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a@example.com\nb@example.com\n", ","),
        ("Nom, prénom;Courriel\nRoy, Zoé;a@example.com\nCôté, Guy;b@example.com\n", ";"),
        ("Solde;Courriel\n1,5;a@example.com\n2,5;b@example.com\n", ";"),
        ('Nom,Courriel\n"Roy; Zoé",a@example.com\n"Côté; Guy",b@example.com\n', ","),
        ("sep=|\nA|B\n1|2\n", "|"),
        ("Courriel,Autres\na@example.com,x;y;z\nb@example.com,x;y;z\n", ","),
    ],
)
def test_the_separator_is_the_one_that_leaves_addresses_whole(text: str, separator: str) -> None:
    assert reading.open_source(opener_of(text.encode())).separator == separator
