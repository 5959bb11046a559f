"""The ledger of consent as staff read it: nothing here changes a record."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from contacts.consent import ledger, proofs
from contacts.models import ConsentRecord, email_key
from cyberadmin.accounts import audit
from cyberadmin.accounts.downloads import as_file
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import ScopedAdmin, ScopedPage
from cyberadmin.sync.listing import BoundedPaginator
from cyberadmin.sync.spreadsheet import safe
from cyberadmin.sync.uploads import UploadError

from .departed import LeftPage, MyClientsLeftPage
from .radar import MyClientsRadarPage, RadarPage


class SourceFilter(SimpleListFilter):
    """What happened."""

    title = lazy("What happened")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return ConsentRecord.Source.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(source=self.value()) if self.value() else queryset


class ProofPage(ScopedPage):
    """The proof file of one record, as a download that no browser runs."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.obj.proof_file is None:
            raise Http404
        try:
            response = proofs.download(self.obj.proof_file)
        except UploadError as error:
            return self.render(404, "contacts/consent_proof_missing.html", title=_("Proof"), sentence=error.sentence)
        audit.record("consent.proof_opened", actor=self.user, account=self.account, file=self.obj.proof_file_id)
        return response


class ExportPage(RecentPassword, ScopedPage):
    """Everything that was written down for one address, as a file (product.md 3a, W8)."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        email = request.GET.get("email", "")[:254]
        rows = ledger.of_address(self.account, email) if email_key(email) else ConsentRecord.objects.none()
        if rows.exists():
            audit.record("consent.exported", actor=self.user, account=self.account, object=email)
        response = StreamingHttpResponse(_lines(rows, self.account), content_type="text/csv; charset=utf-8")
        response.headers["Cache-Control"] = "no-store"
        return as_file(response, f"{_('consent')}.csv")


class _Line:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line


def _lines(rows: QuerySet[ConsentRecord], account: Any) -> Iterator[str]:
    """The records as CSV lines, the oldest first; no cell can be taken for a formula."""
    writer: Any = csv.writer(_Line())
    yield "\ufeff"
    yield writer.writerow(
        [
            _("Written down"), _("E-mail address"), _("What happened"), _("When it happened"), _("Type"), _("Relation"),
            _("Given on"), _("Expires on"), _("How"), _("Where"), _("Proof"), _("Proof file"), _("SHA-256 of the file"),
            _("Words"), _("By"),
        ]
    )  # fmt: skip
    for row in rows.order_by("pk").iterator(chunk_size=500):
        yield writer.writerow([safe(cell) for cell in _cells(row, account)])


def _cells(row: ConsentRecord, account: Any) -> list[Any]:
    file = row.proof_file
    return [
        moment_text(row.at, account), row.email_key, row.get_source_display(),
        moment_text(row.happened_at, account) if row.happened_at else "", row.get_consent_type_display(),
        row.relation_label, row.given_on, row.expires_on, row.how, row.place, row.proof, file.original_name if file else "",
        file.sha256 if file else "", row.words, row.actor_name,
    ]  # fmt: skip


class ConsentRecordAdmin(ScopedAdmin):
    """The ledger of one client, newest first, searched by a whole address."""

    list_display = ("email", "happened", "consent", "given", "expires", "kept_proof", "written")
    list_display_links = None
    list_filter = (SourceFilter,)
    search_fields = ("email_key",)
    search_help_text = lazy("Whole e-mail address")
    sortable_by = ()
    ordering = ("-id",)
    list_select_related = ("proof_file", "account")
    paginator = BoundedPaginator
    empty_text = lazy("Nothing was written down yet. Consents are written down when they are set, imported or read.")
    pages = (
        ("export/", "export", ExportPage),
        ("radar/", "radar", RadarPage),
        ("left/", "left", LeftPage),
        ("clients/", "clients", MyClientsRadarPage),
        ("clients/left/", "clients_left", MyClientsLeftPage),
        ("<int:object_id>/proof/", "proof", ProofPage),
    )

    @property
    def many(self) -> Any:
        return lazy("consent records")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (queryset.filter(email_key=email_key(search_term)) if search_term.strip() else queryset), False

    @display(description=lazy("E-mail address"))
    def email(self, obj: ConsentRecord) -> str:
        return obj.email_key or _("(erased)")

    @display(description=lazy("What happened"))
    def happened(self, obj: ConsentRecord) -> str:
        return obj.get_source_display()

    @display(description=lazy("Consent"))
    def consent(self, obj: ConsentRecord) -> str:
        return " · ".join(part for part in (obj.get_consent_type_display(), obj.relation_label) if part)

    @display(description=lazy("Given on"))
    def given(self, obj: ConsentRecord) -> str:
        return date_format(obj.given_on) if obj.given_on else ""

    @display(description=lazy("Expires on"))
    def expires(self, obj: ConsentRecord) -> str:
        return date_format(obj.expires_on) if obj.expires_on else ""

    @display(description=lazy("Proof"))
    def kept_proof(self, obj: ConsentRecord) -> str:
        if obj.proof_file is None:
            return obj.proof
        url = reverse("admin:contacts_consentrecord_proof", args=[obj.pk])
        return format_html('{} <a href="{}">{}</a>', obj.proof, url, obj.proof_file.original_name)

    @display(description=lazy("Written down"))
    def written(self, obj: ConsentRecord) -> str:
        return f"{obj.actor_name}, {moment_text(obj.at, obj.account)}"
