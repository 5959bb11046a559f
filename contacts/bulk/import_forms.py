"""Forms of the import. They only carry what was typed; what may be is decided in uploads.py and by the plan."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.consent import proofs
from contacts.forms import DayField, GroupChoiceField
from contacts.imports import encodings, reading, reasons, separators
from contacts.imports.columns import IGNORE, TARGETS, Custom
from contacts.models import Contact, ImportFile, Relation
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.models import Account

from . import words

#: Columns that are offered for mapping; the others of a very wide sheet are left out.
MOST_COLUMNS = 250
COLUMN = "column-"
LIST_TYPES = ".xlsx,.csv,.tsv,.txt,text/csv,text/plain"


def _not_optional(form: forms.Form, *names: str) -> None:
    """Fields that the page must not call optional, although the service and not the form refuses an empty one."""
    for name in names:
        form.fields[name].needed = True  # type: ignore[attr-defined]


class UploadForm(PageForm):
    """A file, or a list pasted from a spreadsheet."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": LIST_TYPES}),
        help_text=_("Excel (.xlsx), CSV, TSV or text. It is kept encrypted and deleted after a while."),
    )
    pasted = forms.CharField(
        label=_("Or paste the list"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "data-no-draft": ""}),
        help_text=_("With its line of column names, as copied from a spreadsheet."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _not_optional(self, "file", "pasted")

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        values = super().clean() or {}
        if not values.get("file") and not (values.get("pasted") or "").strip():
            self.add_error("file", _("Choose a file or paste a list."))
        elif values.get("file") and (values.get("pasted") or "").strip():
            self.add_error("pasted", _("There are a file and a pasted list. Take one of them away."))
        return values


def target_choices(customs: Iterable[Custom]) -> list[tuple[Any, Any]]:
    """What a column can hold."""
    plain: list[tuple[Any, Any]] = [(name, _target_label(name)) for name in TARGETS]
    own = [(custom.target, custom.name) for custom in customs]
    named: list[tuple[Any, Any]] = [(IGNORE, _("— ignore —")), *plain]
    return [*named, (_("Custom fields"), own)] if own else named


def _target_label(name: str) -> Any:
    about_consent = {
        "consent_relation": _("Relation with these people"),
        "consent_on": _("Date of consent"),
        "consent_proof": _("Proof of consent"),
    }
    return about_consent.get(name) or words.field_name(0, name)


class ColumnsForm(PageForm):
    """What the columns hold, and what counts for the whole list."""

    date_order = forms.ChoiceField(
        label=_("Dates such as 03/04/2025"),
        required=False,
        choices=[
            ("", _("not said")),
            ("day", _("the day comes first: 3 April")),
            ("month", _("the month comes first: March 4")),
        ],
        widget=forms.RadioSelect,
    )
    relation = forms.ChoiceField(
        label=_("Relation with these people"),
        required=False,
        choices=[("", "—"), *Relation.choices],
        help_text=_(
            "What the consent rests on. If the list mixes several, choose the column that says it for each row; this one "
            "then counts for rows without."
        ),
    )
    mixed_sure = forms.BooleanField(
        label=_("This list mixes relations that nobody can tell apart any more"), required=False
    )
    consent_on = DayField(
        label=_("Date of consent for rows without one"),
        help_text=_("The day of the last purchase, inquiry or signature; never the day of the import."),
    )
    how = forms.CharField(label=_("How it was given"), required=False, max_length=200)
    place = forms.CharField(label=_("Where it was given"), required=False, max_length=200)
    proof = forms.CharField(
        label=_("Proof of consent"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The wording that people agreed to; for a contest, the text of its rules."),
    )
    proof_file = forms.FileField(
        label=_("Proof as a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": proofs.ACCEPTED}),
        help_text=_("A scan or a screenshot: PDF, JPEG, PNG or text."),
    )
    language = forms.ChoiceField(
        label=_("Language where none is given"),
        required=False,
        choices=[("", _("leave it empty")), *Contact.Language.choices],
    )
    why = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Where the list comes from. Kept in the history with your name."),
    )

    def __init__(
        self,
        *args: Any,
        account: Account,
        file: ImportFile,
        customs: list[Custom],
        may_know_overlap: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if may_know_overlap:
            self.fields["known_overlap"] = forms.BooleanField(
                label=_("These people belong to this client as well: I have checked it"),
                required=False,
                help_text=_("Only an agency administrator can say so; it is kept in the history."),
            )
        self.customs = customs
        choices = target_choices(customs)
        header = list(file.layout.get("columns", ()))
        self.columns = offered(header, file.mapping)
        for column in self.columns:
            self.fields[f"{COLUMN}{column}"] = forms.ChoiceField(
                label=header[column] or _("column %(letters)s") % {"letters": column + 1},
                choices=choices,
                required=False,
            )
        _not_optional(self, "relation", "consent_on")
        self.left_out = len(header) - len(self.columns)
        self.fields["groups"] = GroupChoiceField(account=account, label=_("Groups"), required=False)

    def mapping(self) -> dict[int, str]:
        """{column: target} as chosen; ignored columns left out."""
        chosen = {column: self.cleaned_data.get(f"{COLUMN}{column}") or IGNORE for column in self.columns}
        return {column: target for column, target in chosen.items() if target != IGNORE}


def offered(header: list[str], mapping: dict[str, str]) -> list[int]:
    """The columns that can be mapped: all, or of a very wide sheet the mapped and the first named ones."""
    if len(header) <= MOST_COLUMNS:
        return list(range(len(header)))
    mapped = {int(column) for column in mapping}
    named = [column for column, name in enumerate(header) if name and column not in mapped]
    return sorted([*mapped, *named[: MOST_COLUMNS - len(mapped)]])


class ReadingForm(forms.Form):
    """How the file is read, where the machine read it wrongly."""

    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    encoding = forms.ChoiceField(label=_("Encoding"), required=False)
    separator = forms.ChoiceField(label=_("Between the columns"), required=False)
    header_row = forms.IntegerField(
        label=_("Row with the names of the columns"),
        required=False,
        min_value=0,
        max_value=reading.GLANCE,
        help_text=_("0 = there is none."),
    )

    def __init__(self, data: Any, layout: dict[str, Any], sheets: Iterable[str] = ()) -> None:
        super().__init__(data, initial=layout, label_suffix="")
        sheet: Any = self.fields["sheet"]
        encoding: Any = self.fields["encoding"]
        separator: Any = self.fields["separator"]
        sheet.choices = [(name, name) for name in sheets]
        encoding.choices = [(name, reasons.ENCODINGS[name]) for name in encodings.CHOICES]
        separator.choices = [(name, reasons.SEPARATORS[name]) for name in separators.CANDIDATES]
        for name in ("encoding", "separator") if layout.get("kind") == "xlsx" else ("sheet",):
            del self.fields[name]

    def options(self) -> reading.Options:
        """What was chosen."""
        values = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        return reading.Options(**values)
