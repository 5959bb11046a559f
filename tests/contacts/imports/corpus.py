"""Malformed lists, each with what must be said about it: a refusal of the file, or problems by row and column.

Made in code, so that every byte that is wrong can be read here. `CASES`: name -> (bytes, refusal or problems); a problem is
(row, column, code), column -1 = the whole row.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable

from tests.contacts.imports.books import NS, REL, Raw, book, parts_of, sheet_xml, zipped

Expected = str | list[tuple[int, int, str]]
#: A list whose mapping is fixed by its header, so that each cell below can be broken alone.
HEADER = [
    "Courriel",
    "Prénom",
    "Langue",
    "Sexe",
    "Date de naissance",
    "Code postal",
    "Pays",
    "Note",
    "Points",
    "Solde",
    "Membre depuis",
]
GOOD = [
    "marie@example.com",
    "Marie",
    "fr",
    "F",
    "1980-02-29",
    "H2X 1Y4",
    "Canada",
    "Bonjour",
    "12",
    "1,5",
    "2020-01-31",
]
CASES: dict[str, tuple[bytes, Expected]] = {}


def csv_of(*rows: Iterable[str], separator: str = ";", encoding: str = "utf-8", end: str = "\n") -> bytes:
    return "".join(separator.join(row) + end for row in rows).encode(encoding)


def broken(column: int, text: str) -> list[str]:
    row = list(GOOD)
    row[column] = text
    return row


def refused(name: str, data: bytes, code: str) -> None:
    CASES[name] = (data, code)


def found(name: str, data: bytes, *problems: tuple[int, int, str]) -> None:
    CASES[name] = (data, list(problems))


# --- one bad cell, in each column -------------------------------------------------------------------------------------
_BAD_CELLS: list[tuple[int, str, str]] = [
    (0, "", "email_missing"),
    (0, "   ", "email_missing"),
    (0, "marie", "email_no_at"),
    (0, "marie@", "email_domain"),
    (0, "@example.com", "email_invalid"),
    (0, "marie@example", "email_domain"),
    (0, "marie@@example.com", "email_invalid"),
    (0, "marie..t@example.com", "email_invalid"),
    (0, "marie t@example.com", "email_blank_inside"),
    (0, "marié@example.com", "email_accent"),
    (0, "marie@[127.0.0.1]", "email_domain"),
    (0, "a@example.com, b@example.com", "email_two"),
    (0, "a@example.com b@example.com", "email_two"),
    (0, "a@example.com/b@example.com", "email_two"),
    (0, "A <a@example.com>, B <b@example.com>", "email_two"),
    (0, f"{'a' * 250}@example.com", "too_long"),
    (0, "marie@exam\x00ple.com", "control_character"),
    (1, "x" * 201, "too_long"),
    (1, "Mar\x07ie", "control_character"),
    (1, "FranÃ§ois", "mojibake"),
    (1, "Fran\ufffdois", "mixed_encoding"),
    (2, "espéranto", "language"),
    (2, "bilingue", "language"),
    (3, "oui", "gender"),
    (4, "03/04/1980", "date_ambiguous"),
    (4, "31/02/1980", "date_impossible"),
    (4, "29/02/1981", "date_impossible"),
    (4, "1981-02-29", "date_impossible"),
    (4, "13/13/1980", "date_impossible"),
    (4, "17/06/80", "date_short_year"),
    (4, "juin 1980", "date_no_day"),
    (4, "1980", "date_unknown"),
    (4, "hier", "date_unknown"),
    (4, "1870-01-01", "date_impossible"),
    (4, "2999-01-01", "date_impossible"),
    (4, "2098-01-01", "birth_date_range"),
    (4, "999999", "date_unknown"),
    (5, "D2X 1Y4", "postal_code"),
    (5, "H2X 1O4", "postal_code"),
    (5, "9" * 41, "too_long"),
    (5, "75001", "postal_code"),
    (6, "Québec", "country"),
    (6, "XX", "country"),
    (8, "12,5", "whole_number"),
    (8, "douze", "whole_number"),
    (8, "1,234", "number_unclear"),
    (8, "1" * 30, "whole_number"),
    (9, "1,234", "number_unclear"),
    (9, "1.2.3", "decimal_number"),
    (9, "NaN", "decimal_number"),
    (9, "inf", "decimal_number"),
    (9, "1e999", "decimal_number"),
    (10, "05/06/2020", "date_ambiguous"),
    (10, "45-13-2020", "date_impossible"),
]
for index, (column, text, code) in enumerate(_BAD_CELLS):
    found(f"cell {index:02} {code}", csv_of(HEADER, GOOD, broken(column, text)), (3, column, code))

# --- text files -------------------------------------------------------------------------------------------------------
refused("empty", b"", "empty_file")
refused("only blank lines", b"\n\r\n  \n\t\n", "no_rows")
refused("only a mark", b"\xef\xbb\xbf", "no_rows")
refused("only a UTF-16 mark", b"\xff\xfe", "no_rows")
refused("random bytes", bytes((index * 197 + 31) % 256 for index in range(4096)), "not_a_list")
refused("only zeroes", b"\x00" * 5000, "not_a_list")
refused("one NUL", b"\x00", "not_a_list")
found("NUL in a name", csv_of(HEADER, broken(1, "Ma\x00rie")), (2, 1, "control_character"))
found("escape codes", csv_of(HEADER, broken(7, "\x1b[31mrouge")), (2, 7, "control_character"))
found(
    "Windows-1252 line in UTF-8",
    csv_of(HEADER, GOOD) + csv_of(broken(1, "Éric"), encoding="cp1252"),
    (3, 1, "mixed_encoding"),
)
found(
    "Mac line in UTF-8", csv_of(HEADER, GOOD) + csv_of(broken(1, "Zoé"), encoding="mac_roman"), (3, 1, "mixed_encoding")
)
found(
    "UTF-8 line in Windows-1252",
    csv_of(HEADER, broken(1, "Éric"), broken(7, "déjà là, très tôt, à côté"), encoding="cp1252")
    + csv_of(broken(1, "Zoé")),
    (4, 1, "mojibake"),
)
found(
    "mark of UTF-8 before Windows-1252",
    b"\xef\xbb\xbf"
    + csv_of(["Courriel", "Prénom"], ["a@example.com", "x"])
    + csv_of(["b@example.com", "Montréal"], encoding="cp1252"),
    (3, 1, "mixed_encoding"),
)
found(
    "odd byte at the end of UTF-16", csv_of(HEADER, GOOD, encoding="utf-16-le") + b"x\x00\xff", (3, 0, "mixed_encoding")
)
found(
    "lone surrogate in UTF-16",
    b"\xff\xfe"
    + csv_of(HEADER, encoding="utf-16-le")
    + "a@example.com;A".encode("utf-16-le")
    + b"\x00\xd8"
    + "B\n".encode("utf-16-le"),
    (2, 1, "mixed_encoding"),
)
found("CESU surrogates in UTF-8", csv_of(HEADER, GOOD) + b"b@example.com;A\xed\xa0\x80B\n", (3, 1, "mixed_encoding"))
found("quote never closed", csv_of(HEADER) + b'"a@example.com;Marie\n' + csv_of(GOOD), (2, -1, "open_quote"))
found("quote never closed on the last line", csv_of(HEADER, GOOD) + b'"a@example.com;Marie', (3, -1, "open_quote"))
found(
    "two quotes never closed",
    csv_of(HEADER) + b'"a@example.com;Marie\n' + csv_of(GOOD) + b'b@example.com;"Zoe\n' + csv_of(GOOD),
    (2, -1, "open_quote"),
    (4, -1, "open_quote"),
)
refused("quotes broken all over", csv_of(HEADER) + b'a@example.com;"Marie";"x\n' * 3000, "quotes_broken")
found(
    "rows run together in quotes",
    csv_of(HEADER) + b'a@example.com;"Marie\nb@example.com";fr\n' + csv_of(GOOD),
    (2, 1, "several_lines"),
)
found("too few cells", csv_of(HEADER, ["a@example.com"], [""] * 4 + ["1980-01-01"]), (3, 0, "email_missing"))
found("too many cells", csv_of(HEADER, [*GOOD, "", "more"]), (2, 12, "beyond_header"))
found(
    "an unquoted separator",
    csv_of(HEADER, [GOOD[0], "Tremblay", *GOOD[1:]]),
    (2, 2, "language"),
    (2, 3, "gender"),
    (2, 4, "date_unknown"),
    (2, 6, "country"),
    (2, 8, "whole_number"),
    (2, 10, "date_unknown"),
    (2, 11, "beyond_header"),
)
found(
    "commas in a semicolon file",
    csv_of(HEADER, GOOD, GOOD) + csv_of(GOOD[:9] + ["2", "2020-01-01"], separator=","),
    (4, -1, "other_separator"),
)
found("tabs in a semicolon file", csv_of(HEADER, GOOD, GOOD) + csv_of(GOOD, separator="\t"), (4, -1, "other_separator"))
found("header twice", csv_of(HEADER, GOOD, HEADER, GOOD), (3, -1, "header_again"))
found(
    "header thrice, in capitals of its own",
    csv_of(HEADER, HEADER, GOOD, HEADER),
    (2, -1, "header_again"),
    (4, -1, "header_again"),
)
found(
    "a line of three million characters",
    csv_of(HEADER, GOOD) + b"x" * 3_000_000 + b"\n" + csv_of(GOOD),
    (3, -1, "line_too_long"),
)
found(
    "a cell of 200,000 characters",
    csv_of(HEADER) + b"a@example.com;" + b"x" * 200_000 + b"\n" + csv_of(GOOD),
    (2, -1, "open_quote"),
)
found(
    "a row of 20,000 cells", csv_of(HEADER, GOOD) + b"x;" * 20_000 + b"x\n" + csv_of(GOOD), (3, -1, "too_many_columns")
)
refused("a header of 20,000 cells", b"x;" * 20_000 + b"y\n", "too_many_columns")
found(
    "title rows with nothing below",
    csv_of(["Liste du salon"], ["Montréal"], HEADER, broken(0, "x")),
    (4, 0, "email_no_at"),
)
found("no header", csv_of(["a@example.com", "x"], ["b@example", "y"], ["c@example.com", "z"]), (2, 0, "email_domain"))
found("old Mac line ends", csv_of(HEADER, broken(0, "x"), end="\r"), (2, 0, "email_no_at"))
found(
    "line ends mixed",
    csv_of(HEADER, end="\r\n") + csv_of(GOOD, end="\r") + csv_of(broken(0, "x"), end="\n"),
    (3, 0, "email_no_at"),
)
found("a formula as text", csv_of(HEADER, broken(0, '=HYPERLINK(""x"")')), (2, 0, "email_no_at"))
found("a command as text", csv_of(HEADER, broken(0, "=cmd|' /C calc'!A0")), (2, 0, "email_no_at"))
found(
    "Excel's error texts",
    csv_of(HEADER, broken(0, "#N/A"), broken(4, "########")),
    (2, 0, "email_no_at"),
    (3, 4, "date_unknown"),
)

# --- other kinds of files ---------------------------------------------------------------------------------------------
refused("old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000, "old_excel")
refused(
    "workbook with a password",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000 + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 99,
    "protected",
)
refused("PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf")
refused("PDF named csv", b"%PDF-1.4 courriel;nom", "pdf")
refused("JPEG", b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 99, "picture")
refused("PNG", b"\x89PNG\r\n\x1a\n" + b"\x00" * 99, "picture")
refused("GIF", b"GIF89a" + b"\x00" * 99, "picture")
refused("iPhone picture", b"\x00\x00\x00\x18ftypheic" + b"\x00" * 99, "picture")
refused("web page", b"<!DOCTYPE html><html><table><tr><td>a@example.com</td></tr></table></html>", "html")
refused(
    "web page named xls", b"\r\n  <html xmlns:x='urn:schemas-microsoft-com:office:excel'><table></table></html>", "html"
)
refused("web page in UTF-16", b"\xff\xfe" + "<html><table>".encode("utf-16-le"), "html")
refused("XML of Excel 2003", b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "xml")
refused("RTF", b"{\\rtf1\\ansi a@example.com}", "rtf")
refused("gzip", b"\x1f\x8b\x08" + zlib.compress(b"a@example.com"), "archive")
refused("7z", b"7z\xbc\xaf\x27\x1c" + b"\x00" * 99, "archive")
refused("program", b"MZ\x90\x00" + b"\x00" * 500, "not_a_list")
refused("SQLite", b"SQLite format 3\x00" + b"\x00" * 500, "not_a_list")
refused("zip of a CSV", zipped({"liste.csv": "courriel\na@example.com\n"}), "archive")
refused("empty zip", zipped({}), "archive")
refused(
    "ods",
    zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"}),
    "open_document",
)
refused("docx", zipped({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}), "other_office")
refused("pptx", zipped({"[Content_Types].xml": "<x/>", "ppt/presentation.xml": "<x/>"}), "other_office")
refused("xlsb", zipped({"[Content_Types].xml": "<x/>", "xl/workbook.bin": b"\x00"}), "xlsb")
refused("Numbers", zipped({"Index/Document.iwa": b"\x00", "Metadata/Properties.plist": b"\x00"}), "numbers_app")

# --- workbooks --------------------------------------------------------------------------------------------------------
_ROWS = [["Courriel", "Prénom"], ["a@example.com", "Marie"]]
_GOOD = parts_of({"Feuil1": sheet_xml(_ROWS)})


def changed(**parts: str | bytes | None) -> bytes:
    """The good workbook with parts replaced or taken out (`sheet`, `workbook`, `rels`, `shared`, `styles`)."""
    names = {
        "sheet": "xl/worksheets/sheet1.xml",
        "workbook": "xl/workbook.xml",
        "rels": "xl/_rels/workbook.xml.rels",
        "shared": "xl/sharedStrings.xml",
        "styles": "xl/styles.xml",
    }
    made = dict(_GOOD)
    for short, content in parts.items():
        if content is None:
            del made[names[short]]
        else:
            made[names[short]] = content
    return zipped(made)


def sheet_of(data: str) -> bytes:
    return changed(sheet=f"<worksheet {NS}><sheetData>{data}</sheetData></worksheet>")


#: Three million letters that hardly pack.
_NOISE = "".join(f"{index * 2_654_435_761 % 2**32:08x}" for index in range(375_000))
_DTD = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">%s]>'
_LAUGHS = "".join(f'<!ENTITY lol{i} "{f"&lol{i - 1};" * 10}">' for i in range(2, 10)).replace("&lol1;", "&lol;")
refused("billion laughs", changed(sheet=_DTD % _LAUGHS + "<worksheet>&lol9;</worksheet>"), "xml_entities")
refused(
    "billion laughs in shared texts",
    changed(shared=_DTD % _LAUGHS + "<sst><si><t>&lol9;</t></si></sst>"),
    "xml_entities",
)
refused(
    "external entity",
    changed(sheet='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet>&e;</worksheet>'),
    "xml_entities",
)
refused("external DTD", changed(workbook='<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><workbook/>'), "xml_entities")
refused("no sheet data", changed(sheet=None), "no_sheet")
refused("no relations", changed(rels=None), "workbook_broken")
refused(
    "relations to nowhere",
    changed(rels=f'<R xmlns="x"><Relationship Id="rId1" Type="{REL}/worksheet" Target="../../../etc/passwd"/></R>'),
    "no_sheet",
)
refused("empty sheet", changed(sheet=sheet_xml([])), "no_rows")
refused("sheet cut off", changed(sheet=sheet_xml(_ROWS)[:-30]), "workbook_broken")
refused("sheet is not XML", changed(sheet="Courriel;Nom"), "workbook_broken")
refused("sheet is empty", changed(sheet=""), "workbook_broken")
refused("tags crossed", sheet_of("<row><c></row></c>"), "workbook_broken")
refused("zip cut off", book(_ROWS)[:-40], "workbook_broken")
refused("zip cut in half", book(_ROWS)[: len(book(_ROWS)) // 2], "workbook_broken")
refused("zip with rubbish inside", book(_ROWS).replace(b"PK\x01\x02", b"PK\x09\x09"), "workbook_broken")
refused("shared text that is not there", sheet_of('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'), "workbook_broken")
refused("shared text before the first", sheet_of('<row r="1"><c r="A1" t="s"><v>-1</v></c></row>'), "workbook_broken")
refused("column beyond the last", sheet_of('<row r="1"><c r="XFE1"><v>1</v></c></row>'), "too_many_columns")
refused("column with a giant name", sheet_of(f'<row r="1"><c r="{"A" * 5000}1"><v>1</v></c></row>'), "workbook_broken")
refused("column without letters", sheet_of('<row r="1"><c r="11"><v>1</v></c></row>'), "workbook_broken")
refused("row beyond the last", sheet_of('<row r="1048577"><c r="A1048577"><v>1</v></c></row>'), "too_many_rows")
refused("120 parts", zipped({**_GOOD, **{f"xl/media/{i}.png": b"x" for i in range(120)}}), "too_many_parts")
refused("a giant attribute", sheet_of(f'<row r="1" x="{_NOISE}"/>'), "workbook_broken")
found(
    "formulas without values",
    book(
        [
            ["Courriel", "Prénom"],
            ["a@example.com", Raw('<c r="{ref}"><f>A2</f></c>')],
            [Raw('<c r="{ref}"><f>B1</f></c>'), "x"],
        ]
    ),
    (2, 1, "formula_without_value"),
    (3, 0, "formula_without_value"),
)
found(
    "errors of Excel",
    book([["Courriel", "Prénom"], [Raw('<c r="{ref}" t="e"><f>A1</f><v>#REF!</v></c>'), "x"]]),
    (2, 0, "error_value"),
)
found(
    "a stray cell in the last corner",
    book([*_ROWS, ["b@example.com", "x", *[None] * 16_381, "y"]]),
    (3, 16_383, "beyond_header"),
)
found(
    "rows numbered backwards",
    sheet_of('<row r="5"><c r="A5" t="str"><v>Courriel</v></c></row><row r="2"><c r="A2" t="str"><v>x@</v></c></row>'),
    (6, 0, "email_domain"),
)
found(
    "29 February 1900",
    book([["Courriel", "Date de naissance"], ["a@example.com", Raw('<c r="{ref}" s="1"><v>60</v></c>')]]),
    (2, 1, "date_unknown"),
)
found(
    "a date far in the future",
    book([["Courriel", "Date de naissance"], ["a@example.com", Raw('<c r="{ref}" s="1"><v>9999999</v></c>')]]),
    (2, 1, "date_unknown"),
)
found(
    "a negative date",
    book([["Courriel", "Date de naissance"], ["a@example.com", Raw('<c r="{ref}" s="1"><v>-5</v></c>')]]),
    (2, 1, "date_unknown"),
)
found(
    "a number that is none",
    book([["Courriel", "Date de naissance"], ["a@example.com", Raw('<c r="{ref}"><v>abc</v></c>')]]),
    (2, 1, "date_unknown"),
)
found("a logical value as an address", book([["Courriel", "Prénom"], [True, "x"]]), (2, 0, "email_no_at"))
found("a number as an address", book([["Courriel", "Prénom"], [5145550000, "x"]]), (2, 0, "email_no_at"))
found(
    "a cell of 200,000 characters in a workbook",
    book([["Courriel", "Prénom"], ["a@example.com", "x" * 200_000]]),
    (2, 1, "too_long"),
)


# --- zips that lie ----------------------------------------------------------------------------------------------------
def bomb(size: int, *, shared: bool = False) -> bytes:
    """A workbook of some kilobytes whose sheet or texts unpack to `size` bytes."""
    row = '<row><c t="inlineStr"><is><t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</t></is></c></row>'
    item = f"<si><t>{'a' * 60}</t></si>"
    if shared:
        return changed(shared=f"<sst {NS}>{item * (size // len(item))}</sst>")
    return sheet_of(row * (size // len(row)))


def overlapping(size: int) -> bytes:
    """Fifty sheets that all point at the same packed bytes."""
    names = [f"S{i}" for i in range(50)]
    parts = parts_of({name: "x" for name in names})
    content = {name: data for name, data in parts.items() if "sheet" not in name.rsplit("/", 1)[-1]}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
        row = '<row><c t="inlineStr"><is><t>aaaaaaaaaaaaaaaaaaaaaaaa</t></is></c></row>'
        xml = f"<worksheet {NS}><sheetData>{row * (size // len(row))}</sheetData></worksheet>"
        archive.writestr("xl/worksheets/sheet1.xml", xml)
        first = archive.getinfo("xl/worksheets/sheet1.xml")
        for index in range(2, 51):
            again = zipfile.ZipInfo(f"xl/worksheets/sheet{index}.xml")
            for field in ("compress_type", "CRC", "compress_size", "file_size", "header_offset", "flag_bits"):
                setattr(again, field, getattr(first, field))
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
    return out.getvalue()


refused("bomb of 60 MB in a sheet", bomb(60_000_000), "too_much_inside")
refused("bomb of 60 MB in shared texts", bomb(60_000_000, shared=True), "too_much_inside")
refused("overlapping sheets", overlapping(30_000_000), "too_much_inside")
