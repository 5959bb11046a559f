"""Columns are recognised in both languages; headers are found where people put them; consent is never preset."""

from __future__ import annotations

import pytest

from contacts.imports import columns, reading
from contacts.imports.columns import Custom, check_mapping, guess, header_key, preset
from contacts.imports.problems import Refused
from contacts.imports.reading import Options, opener_of
from tests.contacts.imports.books import Raw, book, parts_of, sheet_xml, zipped

CUSTOMS = (Custom(7, "Numéro de client", "integer"), Custom(8, "Points", "integer"))
HEADERS = {
    "cyberimpact": (
        "Courriel|Prénom|Nom|Entreprise|Langue|Sexe|Date de naissance|Code postal|Pays|Note|Date de consentement|Groupes",
        "email|first_name|last_name|company|language|gender|birth_date|postal_code|country|note||",
    ),
    "mailchimp": (
        "Email Address|First Name|Last Name|Address|Phone Number|Birthday|MEMBER_RATING|OPTIN_TIME|NOTES",
        "email|first_name|last_name|||birth_date|||note",
    ),
    "outlook": (
        "First Name|Last Name|Company|E-mail Address|E-mail 2 Address|Business Postal Code|Business Country/Region|Gender",
        "first_name|last_name|company|email||postal_code|country|gender",
    ),
    "outlook in French": (
        "Prénom|Nom|Société|Adresse de messagerie|Adresse de messagerie 2|Code postal (bureau)|Pays/Région (bureau)",
        "first_name|last_name|company|email||postal_code|country",
    ),
    "habits": (
        "NOM DE FAMILLE|PRENOM|Adresse courriel |Compagnie|C.P.|ddn|no|Numéro de client|points",
        "last_name|first_name|email|company||birth_date||custom:7|custom:8",
    ),
    "a sentence": (
        "Quelle est votre adresse courriel?|Votre prénom|Date d'envoi du courriel|Statut courriel",
        "email|first_name||",
    ),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_of_programs_and_people(name: str) -> None:
    header, expected = (text.split("|") for text in HEADERS[name])
    chosen = preset(guess(header, (), CUSTOMS))
    assert [chosen.get(index, "") for index in range(len(header))] == expected


def test_consent_is_offered_and_never_preset() -> None:
    guesses = guess(["Courriel", "Date de consentement", "Preuve"])
    assert [(one.target, one.reason, one.preset) for one in guesses[1:]] == [
        ("consent_on", "consent_to_choose", False),
        ("consent_proof", "consent_to_choose", False),
    ]


def test_a_lone_name_and_a_second_address_are_left_to_the_person() -> None:
    guesses = guess(["Courriel", "Nom", "Email", "Nom complet"])
    assert preset(guesses) == {0: "email"}
    assert [one.reason for one in guesses] == ["header", "full_name", "second_of_kind", "full_name"]


def test_of_two_address_columns_the_fuller_wins() -> None:
    source = reading.open_source(
        opener_of(b"Courriel;E-mail\n;a@example.com\n;b@example.com\nc@example.com;d@example.com\n")
    )
    assert preset(guess(source.header, source.sample)) == {1: "email"}


def test_addresses_are_found_without_a_header_that_says_so() -> None:
    source = reading.open_source(opener_of(b"Qui;Ou\nMarie;a@example.com\nGuy;b@example.com\n"))
    guesses = guess(source.header, source.sample)
    assert (source.header, preset(guesses), guesses[1].reason) == (("Qui", "Ou"), {1: "email"}, "content")
    source = reading.open_source(opener_of(b"Marie;a@example.com\nGuy;b@example.com\n"))
    assert (source.header_row, source.header_key, len(list(source.rows()))) == (None, "", 2)


def test_a_mapping_is_remembered_whatever_the_case_and_accents() -> None:
    assert (
        header_key(["Prénom", " COURRIEL "]) == header_key(["prenom", "Courriel"]) != header_key(["Courriel", "Prénom"])
    )
    assert len(header_key(["a"])) == 64
    assert header_key(["", " "]) == ""


@pytest.mark.parametrize(
    ("mapping", "codes"),
    [
        ({0: "email", 1: "ignore", 2: "custom:7"}, []),
        ({0: "first_name"}, ["no_email_column"]),
        ({0: "email", 1: "email"}, ["target_twice"]),
        ({0: "email", 1: "custom:99"}, ["target_gone"]),
        ({0: "email", 1: "password"}, ["target_unknown"]),
        ({0: "email", 9: "note"}, ["column_gone"]),
        ({0: "email", -1: "note"}, ["column_gone"]),
    ],
)
def test_a_mapping_is_checked(mapping: dict[int, str], codes: list[str]) -> None:
    assert [problem.code for problem in check_mapping(mapping, 3, CUSTOMS)] == codes


def test_titles_empty_rows_and_merged_names_above_the_list() -> None:
    rows = [
        ["Salon de l'habitation 2025"],
        [],
        [None, "Personne", None, "Coordonnées"],
        [None, "Prénom", "Nom", "Courriel", None],
        [None, "Marie", "Roy", "a@example.com", "514 555-0000"],
        [],
        [None, "Zoé", "Côté", "b@example.com"],
        [None, "Guy", "Paré", "c@example.com", "418 555-0000"],
    ]
    source = reading.open_source(opener_of(book(rows)))
    assert source.header_row == 4
    assert source.header == ("", "Prénom", "Nom", "Courriel", "Courriel (2)")
    assert [row.number for row in source.rows()] == [5, 7, 8]
    assert preset(guess(source.header, source.sample)) == {1: "first_name", 2: "last_name", 3: "email"}


def test_a_last_column_without_a_name_is_a_column_and_one_longer_row_is_not() -> None:
    rows = [["Courriel"], ["a@example.com", "x"], ["b@example.com", "y"], ["c@example.com", "z", "slipped"]]
    source = reading.open_source(opener_of(book(rows)))
    assert source.header == ("Courriel", "Courriel (2)")
    assert [row.faults for row in source.rows()] == [{}, {}, {2: "beyond_header"}]
    rows = [["Courriel"], ["a@example.com", None, "x"], ["b@example.com", None, "y"]]
    source = reading.open_source(opener_of(book(rows)))
    assert source.header == ("Courriel", "", "")
    assert [row.faults for row in source.rows()] == [{}, {}]


def test_sheets_are_listed_and_chosen() -> None:
    sheets = {
        "Notes": sheet_xml([["Rien"]]),
        "Janvier": sheet_xml([["Courriel"], ["a@example.com"]]),
        "Février": sheet_xml([["Courriel"], ["b@example.com"], ["c@example.com"]]),
    }
    opener = opener_of(zipped(parts_of(sheets, hidden=["Notes"])))
    first = reading.open_source(opener)
    assert (first.sheets, first.sheet) == (("Notes", "Janvier", "Février"), "Janvier")
    second = reading.open_source(opener, Options(sheet="Février"))
    assert len(list(second.rows())) == 2
    assert reading.open_source(opener, Options.of(second.layout())).layout() == second.layout()
    with pytest.raises(Refused, match="sheet_gone"):
        reading.open_source(opener, Options(sheet="Mars"))


def test_what_excel_keeps_comes_out_as_a_person_would_type_it() -> None:
    cells: list[object] = [
        5145550000,
        0.1,
        1e21,
        12.0,
        True,
        Raw('<c r="{ref}" s="1"><v>45750</v></c>'),
        Raw('<c r="{ref}" s="2"><v>45750.75</v></c>'),
        Raw('<c r="{ref}" s="3"><v>45750</v></c>'),
        Raw('<c r="{ref}" s="4"><v>0.5</v></c>'),
        Raw('<c r="{ref}"><f>1+1</f><v>2</v></c>'),
        Raw('<c r="{ref}" t="str"><f>A1&amp;"x"</f><v>ax</v></c>'),
        Raw('<c r="{ref}" t="s"><v>1</v></c>'),
        Raw('<c r="{ref}" t="inlineStr"><is><r><t>Zo</t></r><r><t>é</t></r></is></c>'),
        Raw("<c><v>7</v></c>"),
    ]
    data = book([[f"c{index}" for index in range(len(cells))], cells], shared=["rien", "Montréal"])
    (row,) = reading.open_source(opener_of(data), Options(header_row=1)).rows()
    assert row.cells == [
        "5145550000", "0.1", "1e+21", "12", "TRUE", "2025-04-03", "2025-04-03 18:00:00", "45750", "0.5", "2", "ax",
        "Montréal", "Zoé", "7",
    ]  # fmt: skip


def test_workbooks_of_the_mac_count_from_1904() -> None:
    data = book([["Courriel", "Jour"], ["a@example.com", Raw('<c r="{ref}" s="1"><v>44288</v></c>')]], date1904=True)
    (row,) = reading.open_source(opener_of(data)).rows()
    assert row.cells[1] == "2025-04-03"


def test_prefixed_names_are_read_too() -> None:
    xml = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row r="1">'
        '<x:c r="A1" t="str"><x:v>Courriel</x:v></x:c></x:row><x:row r="2"><x:c r="A2" t="str"><x:v>a@example.com</x:v>'
        "</x:c></x:row></x:sheetData></x:worksheet>"
    )
    source = reading.open_source(opener_of(zipped(parts_of({"S": xml}))))
    assert [row.cells for row in source.rows()] == [["a@example.com"]]


def test_a_sheet_with_16384_columns_is_read() -> None:
    data = ";".join(["Courriel", *(f"c{index}" for index in range(1, 16_384))]).encode() + b"\na@example.com;x\n"
    source = reading.open_source(opener_of(data))
    assert (len(source.header), columns.preset(guess(source.header, source.sample))) == (16_384, {0: "email"})
