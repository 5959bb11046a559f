"""Importing a list, up to its plan: upload or paste, look at the columns, choose what counts for the whole list."""

from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.contrib.admin import display
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.bulk import uploads
from contacts.bulk.import_forms import COLUMN, ColumnsForm, ReadingForm, UploadForm
from contacts.consent import terms
from contacts.imports import columns, reading, reasons
from contacts.imports.planning import customs_of, opener_of
from contacts.imports.problems import Refused, letters
from contacts.models import ImportFile, ProofFile, Relation
from cyberadmin.accounts import policy
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.scoping import ScopedAdmin
from cyberadmin.sync.models import ChangeSet
from cyberadmin.sync.pages import FormPage, add_refusal
from cyberadmin.sync.uploads import UploadError

SAMPLES = 3


def file_url(file: ImportFile) -> str:
    """The page where the columns of a list are chosen."""
    return reverse("admin:contacts_importfile_change", args=[file.pk])


def set_url(change_set: ChangeSet) -> str:
    """The page of the plan."""
    return reverse("admin:sync_changeset_change", args=[change_set.pk])


class ImportPage(FormPage):
    """A page of an import, on the way from the contacts."""

    def crumbs(self) -> list[tuple[Any, str]]:
        return [
            (_("Contacts"), reverse("admin:contacts_contact_changelist")),
            (_("Bulk changes"), reverse("admin:sync_changeset_changelist")),
        ]


class UploadPage(ImportPage):
    """Upload or paste a list."""

    form_class = UploadForm
    template_name = "contacts/import_upload.html"
    title = gettext_lazy("Import a list")
    submit_label = gettext_lazy("Look at the list")

    def make_form(self, data: QueryDict | None = None) -> PageForm:
        return UploadForm(data, self.request.FILES if data is not None else None)

    def perform(self, form: Any) -> ImportFile:
        upload = form.cleaned_data["file"]
        if upload:
            return uploads.receive(self.user, self.account, upload.name, upload)
        opener = reading.pasted(form.cleaned_data["pasted"])
        return uploads.receive(self.user, self.account, _("pasted list"), opener())

    def show(self, form: PageForm, **context: Any) -> HttpResponse:
        listed = reverse("admin:contacts_contact_changelist")
        return super().show(form, cancel_url=listed, **context)

    def announce(self, outcome: Any) -> None:
        """The next page says it all."""

    def done_url(self, outcome: Any) -> str:
        return file_url(outcome)

    def repeat_url(self) -> str:
        return reverse("admin:contacts_importfile_changelist")


class ColumnsPage(ImportPage):
    """What each column holds, groups, relation, date and proof of consent; then the plan is made."""

    right = "edit"
    form_class = ColumnsForm
    template_name = "contacts/import_columns.html"
    title = gettext_lazy("Columns and consent")
    submit_label = gettext_lazy("Make the plan")

    def initial(self) -> dict[str, Any]:
        file: ImportFile = self.obj
        parameters = file.change_set.parameters
        mapped = {f"{COLUMN}{column}": target for column, target in file.mapping.items()}
        return {
            **mapped,
            "date_order": file.date_order,
            "groups": parameters.get("groups", []),
            "relation": parameters.get("relation", ""),
            "consent_on": parameters.get("consent_on", ""),
            "how": parameters.get("how", ""),
            "place": parameters.get("place", ""),
            "proof": parameters.get("proof_typed", ""),
            "language": parameters.get("language", ""),
            "why": file.change_set.why,
        }

    def make_form(self, data: QueryDict | None = None) -> PageForm:
        return ColumnsForm(
            data,
            self.request.FILES if data is not None else None,
            initial=self.initial(),
            account=self.account,
            file=self.obj,
            customs=customs_of(self.account.pk),
            may_know_overlap=self.user.is_superuser and uploads.overlap(self.obj.change_set) is not None,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "read_again" in request.POST:
            return self.read_again()
        problem = self.keep_proof()
        if problem is None:
            return super().post(request, *args, **kwargs)
        form = self.make_form(request.POST)
        form.is_valid()
        add_refusal(form, problem)
        return self.show(form)

    def read_again(self) -> HttpResponse:
        """Open the file in the way that the person chose."""
        form = self.reading_form(self.request.POST)
        if form.is_valid():
            try:
                uploads.read_as(self.obj, form.options())
            except ValidationError as refusal:
                messages.error(self.request, " ".join(refusal.messages))
            else:
                messages.success(self.request, _("Read again. Check the columns below."))
                return HttpResponseRedirect(file_url(self.obj))
        else:
            messages.error(self.request, _("The file could not be read like that. Check what you chose."))
        return self.show(self.make_form())

    def keep_proof(self) -> ValidationError | None:
        """Keep the proof at once: a browser sends a file only once, even when something else has to be corrected."""
        upload = self.request.FILES.get("proof_file")
        if upload is None:
            return None
        try:
            uploads.keep_proof(self.user, self.obj, upload.name or "", cast(BinaryIO, upload))
        except ValidationError as refusal:
            return refusal
        return None

    def reading_form(self, data: QueryDict | None = None, source: reading.Source | None = None) -> ReadingForm:
        """The form about how the file is read."""
        layout = self.obj.layout
        asked = str(data.get("sheet") or "") if data else ""
        sheets = source.sheets if source else (asked or str(layout.get("sheet", "")),)
        return ReadingForm(data, layout, sheets)

    def source(self) -> reading.Source | str:
        """The file as it is read now, or why it cannot be."""
        file: ImportFile = self.obj
        if not file.stored_name:
            return _("The file is no longer kept here. Upload it again.")
        try:
            options = reading.Options.of(file.layout)
            return reading.open_source(opener_of(file), options, customs_of(file.account_id))
        except Refused as refused:
            return reasons.refusal(refused)
        except UploadError as error:
            return error.sentence

    def show(self, form: Any, **context: Any) -> HttpResponse:
        file: ImportFile = self.obj
        change_set = file.change_set
        source = self.source()
        readable = isinstance(source, reading.Source)
        is_open = change_set.state in uploads.OPEN and change_set.started_at is None
        kept = change_set.parameters.get("proof_file")
        return super().show(
            form,
            file=file,
            change_set=change_set,
            plan_url=set_url(change_set),
            not_offered=not is_open or not readable,
            problem="" if readable else source,
            source=source if readable else None,
            listed=columns_shown(form, source) if isinstance(source, reading.Source) else [],
            reading_form=self.reading_form(source=source) if isinstance(source, reading.Source) else None,
            encoding=reasons.ENCODINGS.get(source.encoding, "") if isinstance(source, reading.Source) else "",
            proof_kept=ProofFile.objects.filter(account=self.account, pk=kept).first() if kept else None,
            express=[str(Relation(value).label) for value in Relation.values if value in terms.EXPRESS],
            cancel_url=set_url(change_set),
            other_client=self.other_client(),
            **context,
        )

    def other_client(self) -> str:
        """The name of the client whose list this one looks like, for who may see that client; "" for everybody else."""
        other = uploads.overlap(self.obj.change_set)
        seen = policy.accounts_for(self.user).filter(pk=other).first() if other is not None else None
        return seen.name if seen else ""

    def perform(self, form: Any) -> ChangeSet:
        values = form.cleaned_data
        chosen = uploads.Chosen(
            mapping=form.mapping(),
            date_order=values["date_order"],
            groups=list(values["groups"]),
            relation=values["relation"],
            consent_on=values["consent_on"],
            how=values["how"],
            place=values["place"],
            proof=values["proof"],
            proof_file=self.obj.change_set.parameters.get("proof_file"),
            language=values["language"],
            why=values["why"],
            mixed_sure=values["mixed_sure"],
            known_overlap=bool(values.get("known_overlap")),
        )
        return uploads.choose(self.user, self.obj, chosen)

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("The plan is being made. Nothing is sent before you apply it."))

    def done_url(self, outcome: Any) -> str:
        return set_url(self.obj.change_set)


def columns_shown(form: ColumnsForm, source: reading.Source) -> list[dict[str, Any]]:
    """Each column that can be mapped: its name, some of its cells, what it seems to be, and its field of the form."""
    guesses = {guess.column: guess for guess in columns.guess(source.header, source.sample, form.customs)}
    shown = []
    for column in form.columns:
        cells = [row.cells[column] for row in source.sample if column < len(row.cells) and row.cells[column].strip()]
        guess = guesses.get(column)
        shown.append(
            {
                "letters": letters(column),
                "name": source.header[column],
                "samples": [cell[:60] for cell in cells[:SAMPLES]],
                "guess": reasons.GUESSES[guess.reason] if guess and cells else "",
                "unsure": bool(guess and not guess.preset and guess.reason not in ("unknown",)),
                "field": form[f"{COLUMN}{column}"],
            }
        )
    return shown


class ImportFileAdmin(ScopedAdmin):
    """The lists of one client that were uploaded, newest first."""

    list_display = ("name", "state", "by", "uploaded")
    list_display_links = ("name",)
    list_select_related = ("change_set", "uploaded_by", "account")
    sortable_by = ()
    ordering = ("-id",)
    addable = True
    pages = (
        ("add/", "add", UploadPage),
        ("<int:object_id>/", "change", ColumnsPage),
    )
    empty_text = gettext_lazy("No list was imported for this client yet.")

    @display(description=gettext_lazy("File"))
    def name(self, obj: ImportFile) -> str:
        return obj.original_name or _("list")

    @display(description=gettext_lazy("State"))
    def state(self, obj: ImportFile) -> str:
        return obj.change_set.get_state_display()

    @display(description=gettext_lazy("By"))
    def by(self, obj: ImportFile) -> str:
        return obj.uploaded_by.get_username() if obj.uploaded_by else "–"

    @display(description=gettext_lazy("Uploaded"))
    def uploaded(self, obj: ImportFile) -> str:
        return moment_text(obj.uploaded_at, obj.account)
