"""Every code of this package in words: what is wrong, and what to do about it.

Closed lists: a test walks the code of the package and fails on a code without words. Sentences are translated when shown.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from .problems import WHOLE_ROW, Problem, Refused, letters

Text = str | Promise

_AS_XLSX = lazy("Open it in your spreadsheet, save it as an Excel workbook (.xlsx) or as CSV, and upload that.")
_REPAIR = lazy("Open it in Excel, save it under a new name as .xlsx, and upload that.")
_SMALLER = lazy("Keep only the sheet and the columns you need, save it as CSV, and upload that.")

#: Why a file cannot be read as a list: what is wrong, what to do.
FILES: dict[str, tuple[Text, Text]] = {
    "empty_file": (lazy("The file is empty."), lazy("Choose the file that holds your list.")),
    "no_rows": (lazy("There is no row in it."), lazy("Choose another sheet, or the file that holds your list.")),
    "old_excel": (lazy("This is an old Excel file (.xls) or another old Office file."), _AS_XLSX),
    "protected": (
        lazy("This workbook is closed by a password."),
        lazy("Open it in Excel, take the password off (File, Info, Protect Workbook), save it, and upload it again."),
    ),
    "xlsb": (lazy("This is a binary Excel workbook (.xlsb)."), _AS_XLSX),
    "open_document": (lazy("This is a LibreOffice or OpenOffice file."), _AS_XLSX),
    "numbers_app": (
        lazy("This is a file of Numbers, Pages or Keynote."),
        lazy("In Numbers, choose File, Export To, Excel or CSV, and upload that."),
    ),
    "other_office": (
        lazy("This is a text document or a presentation, not a list."),
        lazy("Copy its table into Excel, save it as .xlsx, and upload that."),
    ),
    "archive": (
        lazy("This is an archive (zip or the like), not a list."),
        lazy("Unpack it and upload the file that holds your list."),
    ),
    "pdf": (
        lazy("This is a PDF, from which a list cannot be read surely."),
        lazy("Ask for the list as Excel or CSV. A PDF can be attached as proof of consent."),
    ),
    "picture": (
        lazy("This is a picture."),
        lazy("Type the list into Excel or paste it here. A picture can be attached as proof of consent."),
    ),
    "html": (lazy("This is a web page, even if its name says otherwise."), _AS_XLSX),
    "xml": (lazy("This is an XML file."), _AS_XLSX),
    "rtf": (
        lazy("This is a text document (RTF)."),
        lazy("Copy its table into Excel, save it as .xlsx, and upload that."),
    ),
    "not_a_list": (lazy("This is neither a text nor an Excel workbook."), _AS_XLSX),
    "workbook_broken": (lazy("This workbook is damaged or incomplete."), _REPAIR),
    "damaged": (
        lazy("The kept file was damaged on this server's disk."),
        lazy("Upload it again, and tell your administrator."),
    ),
    "xml_entities": (lazy("This workbook holds a construction that is used for attacks."), _REPAIR),
    "too_many_parts": (lazy("This workbook has too many parts: %(most)s at most."), _SMALLER),
    "too_much_inside": (lazy("Far more is packed into this workbook than a list needs."), _SMALLER),
    "too_much_text": (lazy("There is too much text in this workbook."), _SMALLER),
    "too_scattered": (lazy("Almost all cells of this sheet are empty, with others far to the right."), _SMALLER),
    "no_sheet": (lazy("There is no sheet with cells in this workbook."), _REPAIR),
    "sheet_gone": (lazy("There is no sheet named “%(sheet)s” in it."), lazy("Choose one of its sheets.")),
    "too_many_rows": (
        lazy("The list is too long: %(most)s rows at most."),
        lazy("Split it and import the parts one after the other."),
    ),
    "too_many_columns": (lazy("There are too many columns: %(most)s at most."), _SMALLER),
    "quotes_broken": (
        lazy("Quotation marks are opened and never closed, in very many rows up to row %(row)s."),
        lazy("Open it in Excel, save it as .xlsx, and upload that."),
    ),
}

_SAY_ORDER = lazy("Say whether the day or the month comes first.")
_DATE_FORM = lazy("Write it as year-month-day, such as 2025-04-03.")

#: Why a row, a cell or a mapping cannot be taken: what is wrong, what to do.
CELLS: dict[str, tuple[Text, Text]] = {
    # whole rows
    "open_quote": (
        lazy("A quotation mark is opened in this row and never closed."),
        lazy("Close it or take it out."),
    ),
    "line_too_long": (lazy("This row is far too long to be a contact."), lazy("Look at it in the file.")),
    "too_many_columns": (
        lazy("This row has more cells than a sheet can have columns."),
        lazy("Look at it in the file."),
    ),
    "other_separator": (
        lazy("In this row the columns are separated by another character than in the others."),
        lazy("Separate all rows alike."),
    ),
    "header_again": (
        lazy("This row repeats the names of the columns."),
        lazy("Nothing to do: it is not a contact."),
    ),
    # cells as the file holds them
    "beyond_header": (
        lazy("There is a cell right of the last named column, so this row has probably slipped."),
        lazy("Put text with a separator in it between quotation marks, or name the column."),
    ),
    "mixed_encoding": (
        lazy("Accents of this cell are written in another way than in the rest of the file."),
        lazy("Type the cell anew, or choose the encoding of the file."),
    ),
    "mojibake": (
        lazy("Accents of this cell were broken before. Probably meant: “%(meant)s”."),
        lazy("Export the list again from where it comes, or type the cell anew."),
    ),
    "control_character": (
        lazy("This cell holds a character that cannot be seen or stored."),
        lazy("Type the cell anew."),
    ),
    "several_lines": (
        lazy("This cell holds several lines, of which one is an address: rows have probably run together."),
        lazy("Look for a missing quotation mark."),
    ),
    "formula_without_value": (
        lazy("This cell is a formula, and the file does not hold its result."),
        lazy("Open the file in Excel, let it calculate, save it, and upload it again."),
    ),
    "error_value": (lazy("Excel shows an error in this cell."), lazy("Correct the formula or type the value.")),
    "too_long": (lazy("This is too long: %(most)s characters at most."), lazy("Shorten it.")),
    # addresses
    "email_missing": (lazy("There is no e-mail address in this row."), lazy("Add it, or leave the row out.")),
    "email_no_at": (lazy("This is not an e-mail address: it has no @."), lazy("Correct it.")),
    "email_two": (
        lazy("There are two addresses in one cell."),
        lazy("Keep one, and give the other a row of its own with its own consent."),
    ),
    "email_blank_inside": (lazy("There is a blank inside the address."), lazy("Take it out or correct it.")),
    "email_accent": (lazy("Before the @ there is an accent or another special letter."), lazy("Correct it.")),
    "email_domain": (lazy("What follows the @ is not a domain such as example.com."), lazy("Correct it.")),
    "email_invalid": (lazy("This is not a valid e-mail address."), lazy("Correct it.")),
    # words
    "language": (
        lazy("This is not a language that cyberadmin knows."),
        lazy("Write French or English (fr, en), or leave it empty."),
    ),
    "relation": (
        lazy("This is not understood as a relation."),
        lazy("Write it as Cyberimpact calls it, such as active clients or information request."),
    ),
    "gender": (
        lazy("This is not understood as a gender."),
        lazy("Write M, F or X, or leave it empty."),
    ),
    "country": (
        lazy("This is not understood as a country."),
        lazy("Write its name in French or English, or its two letters, such as CA."),
    ),
    "postal_code": (
        lazy("This is not a Canadian postal code."),
        lazy("Write it as H2X 1Y4; the letters D, F, I, O, Q and U are never used."),
    ),
    # days
    "date_ambiguous": (lazy("This day can be read in two ways."), _SAY_ORDER),
    "date_other_order": (
        lazy("This day can only be read the other way round than the rest of the column."),
        _DATE_FORM,
    ),
    "date_impossible": (lazy("There is no such day."), _DATE_FORM),
    "date_no_day": (lazy("The day is missing: there are only a month and a year."), _DATE_FORM),
    "date_short_year": (lazy("The year has only two digits, so the century is not certain."), _DATE_FORM),
    "date_unknown": (lazy("This is not understood as a day."), _DATE_FORM),
    "birth_date_range": (lazy("A birth date lies between 1900 and today."), lazy("Correct it.")),
    "consent_in_future": (
        lazy("This day has not come yet: nobody can have consented on it."),
        lazy("Correct it."),
    ),
    # numbers
    "number_unclear": (
        lazy("The comma of this number can stand for thousands or for decimals."),
        lazy("Write 1234 or 1.234, without a comma."),
    ),
    "whole_number": (lazy("This is not a whole number."), lazy("Write it as 12.")),
    "decimal_number": (lazy("This is not a number."), lazy("Write it as 149.95.")),
    # mappings
    "no_email_column": (lazy("No column is said to hold the e-mail address."), lazy("Choose it.")),
    "target_twice": (lazy("Two columns are said to hold the same."), lazy("Choose one and ignore the other.")),
    "target_gone": (
        lazy("Cyberimpact no longer has this custom field for this client."),
        lazy("Choose another field or ignore the column."),
    ),
    "target_unknown": (lazy("This is not a field of a contact."), lazy("Choose another field.")),
    "column_gone": (lazy("The file has no such column."), lazy("Choose the columns again.")),
}

#: Why a column was recognised or left alone (columns.Guess.reason).
GUESSES: dict[str, Text] = {
    "header": lazy("recognised by its name"),
    "part_of_header": lazy("part of its name says so; please check"),
    "custom_field": lazy("named like a custom field of this client"),
    "content": lazy("its cells are addresses"),
    "full_name": lazy("may hold first and last name together; choose yourself"),
    "second_of_kind": lazy("another column seems to hold the same; choose yourself"),
    "consent_to_choose": lazy("seems to be about consent; nobody claims that for you, choose yourself"),
    "unknown": lazy("not recognised"),
}

#: Encodings as people may have heard of them (encodings.CHOICES).
ENCODINGS: dict[str, Text] = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252",
    "mac_roman": "Mac Roman",
    "cp850": "DOS (850)",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16 (big endian)",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32 (big endian)",
}

#: Characters between columns (separators.CANDIDATES).
SEPARATORS: dict[str, Text] = {
    ";": lazy("semicolon"),
    ",": lazy("comma"),
    "\t": lazy("tab"),
    "|": lazy("vertical bar"),
}


def refusal(refused: Refused) -> str:
    """Why a file cannot be read and what to do, in the person's language."""
    return refusal_of(refused.code, refused.detail)


def refusal_of(code: str, detail: dict[str, object]) -> str:
    """The same for a refusal that was kept as code and detail."""
    what, then = FILES[code]
    return _both(what, then, detail)


def sentence(problem: Problem) -> str:
    """What is wrong with a cell or row and what to do, in the person's language."""
    what, then = CELLS[problem.code]
    return _both(what, then, problem.detail)


def where(problem: Problem) -> str:
    """The column a problem is in ("column C, Courriel"), or "" for the whole row."""
    if problem.column == WHOLE_ROW:
        return ""
    if not problem.header:
        return _("column %(letters)s") % {"letters": letters(problem.column)}
    return _("column %(letters)s, %(header)s") % {"letters": letters(problem.column), "header": problem.header}


def _both(what: Text, then: Text, detail: dict[str, object]) -> str:
    return f"{str(what) % detail} {str(then) % detail}"
