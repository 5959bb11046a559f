"""Workbooks made by hand, good and bad: the XML is written here so that every quirk can be planted."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
#: Styles: 0 plain, 1 built-in date (14), 2 own date format, 3 own number format, 4 a time only.
STYLES = (
    f'<styleSheet {NS}><numFmts count="3"><numFmt numFmtId="164" formatCode="[$-C0C]d mmmm yyyy"/>'
    '<numFmt numFmtId="165" formatCode="&quot;day&quot; 0.00 [Red]"/><numFmt numFmtId="166" formatCode="hh:mm"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/>'
    '<xf numFmtId="165"/><xf numFmtId="166"/></cellXfs></styleSheet>'
)


def letters(column: int) -> str:
    name = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


class Raw(str):
    """XML of a cell, used as it is; `{ref}` becomes its place."""


def cell_xml(column: int, row: int, value: Any) -> str:
    reference = f"{letters(column)}{row}"
    if value is None:
        return ""
    if isinstance(value, Raw):
        return value.replace("{ref}", reference)
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{reference}"><v>{value!r}</v></c>'
    return f'<c r="{reference}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def sheet_xml(rows: Iterable[Iterable[Any]], after: str = "") -> str:
    lines = []
    for number, row in enumerate(rows, 1):
        cells = "".join(cell_xml(column, number, value) for column, value in enumerate(row))
        lines.append(f'<row r="{number}">{cells}</row>')
    return f"<worksheet {NS}><sheetData>{''.join(lines)}</sheetData>{after}</worksheet>"


def book_xml(names: Iterable[tuple[str, str]], date1904: bool = False) -> tuple[str, str]:
    sheets = "".join(
        f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"{state}/>' for i, (name, state) in enumerate(names, 1)
    )
    count = sheets.count("<sheet ")
    relations = "".join(
        f'<Relationship Id="rId{i}" Type="{REL}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, count + 1)
    )
    properties = '<workbookPr date1904="1"/>' if date1904 else "<workbookPr/>"
    return (
        f'<workbook {NS} xmlns:r="{REL}">{properties}<sheets>{sheets}</sheets></workbook>',
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>',
    )


def zipped(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def parts_of(
    sheets: Mapping[str, str],
    *,
    hidden: Iterable[str] = (),
    date1904: bool = False,
    shared: Iterable[str] | None = None,
) -> dict[str, str | bytes]:
    states = [(name, ' state="hidden"' if name in hidden else "") for name in sheets]
    workbook, relations = book_xml(states, date1904)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": relations,
        "xl/styles.xml": STYLES,
    }
    if shared is not None:
        texts = "".join(f"<si><t>{escape(text)}</t></si>" for text in shared)
        parts["xl/sharedStrings.xml"] = f"<sst {NS}>{texts}</sst>"
    parts |= {f"xl/worksheets/sheet{i}.xml": xml for i, xml in enumerate(sheets.values(), 1)}
    return parts


def book(rows: Iterable[Iterable[Any]], **more: Any) -> bytes:
    """A workbook of one sheet with these rows."""
    return zipped(parts_of({"Feuil1": sheet_xml(rows)}, **more))
