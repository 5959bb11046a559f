"""Exports as staff see them: the list, asking for one, how far it is, and the file."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    QueryDict,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import policy
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import ScopedAdmin, ScopedPage, rights
from cyberadmin.sync.listing import BoundedPaginator
from cyberadmin.sync.pages import FormPage
from cyberadmin.sync.uploads import UploadError

from . import services, sources
from .addresses import narrowing
from .models import ExportJob

TONES = {"waiting": "info", "making": "info", "ready": "good", "failed": "bad", "gone": "quiet"}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def label_of(job: ExportJob) -> str:
    """The list that was exported, in words."""
    source = sources.SOURCES.get(job.source)
    return str(source.label) if source else job.source


class ExportForm(PageForm):
    """Which list, and as what."""

    source = forms.ChoiceField(label=gettext_lazy("List"))
    form = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=ExportJob.Form.choices, widget=forms.RadioSelect, initial="csv"
    )

    def __init__(self, *args: Any, chosen: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["source"]
        field.choices = [
            (name, source.label) for name, source in sources.SOURCES.items() if name == chosen or not source.of_row
        ]
        if chosen:
            field.initial, field.widget = chosen, forms.HiddenInput()


class AskPage(RecentPassword, FormPage):
    """Ask for an export: of the screen one came from, or of a whole list."""

    form_class: ClassVar[type[PageForm]] = ExportForm
    template_name = "exports/ask.html"
    title = gettext_lazy("Export")
    submit_label = gettext_lazy("Make the file")

    @property
    def chosen(self) -> str:
        """The list in the address, or ""."""
        source = self.request.GET.get("source", "")
        return source if source in sources.SOURCES else ""

    def form_kwargs(self) -> dict[str, Any]:
        return {"chosen": self.chosen}

    def show(self, form: Any, **context: Any) -> HttpResponse:
        chosen = sources.SOURCES.get(self.chosen)
        return super().show(
            form,
            label=chosen.label if chosen else "",
            narrowed=bool(chosen and narrowing(self.request.GET)),
            cancel_url=reverse("admin:exports_exportjob_changelist"),
            **context,
        )

    def perform(self, form: Any) -> ExportJob:
        source = form.cleaned_data["source"]
        query = self.request.GET if source == self.chosen else QueryDict()
        return services.ask(self.user, self.account, source, form.cleaned_data["form"], query)

    def announce(self, outcome: Any) -> None:
        """The next page tells how far it is."""

    def done_url(self, outcome: Any) -> str:
        if outcome is None:
            return reverse("admin:exports_exportjob_changelist")
        return reverse("admin:exports_exportjob_change", args=[outcome.pk])


class JobPage(ScopedPage):
    """One export: how far it is, then the button that downloads it."""

    right: ClassVar[policy.Right] = "edit"
    template_name = "exports/job.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        job: ExportJob = self.obj
        self.title = _("Export: %(list)s") % {"list": label_of(job)}
        return self.render(job=job, tone=TONES[job.state], moving=job.state in ExportJob.OPEN)


class JobStatus(ScopedPage):
    """Whether it is over, for the page that waits for it."""

    right: ClassVar[policy.Right] = "edit"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        return JsonResponse({"final": self.obj.state not in ExportJob.OPEN, "rows": self.obj.rows})


class FilePage(ScopedPage):
    """The file, as a download that no browser opens by itself."""

    right: ClassVar[policy.Right] = "edit"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        job: ExportJob = self.obj
        if job.state != ExportJob.State.READY:
            raise Http404
        try:
            pieces = services.read_file(self.user, job)
        except UploadError:
            messages.error(request, _("The file is no longer there. Export the list again."))
            raise Http404 from None
        source = sources.SOURCES.get(job.source)
        name = f"{source.name if source else job.source}-{job.account.slug}-{job.pk}.{job.form}"
        response = StreamingHttpResponse(pieces, content_type=TYPES[job.form])
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
        return response


class ExportJobAdmin(ScopedAdmin):
    """The exports of one client, newest first, for who may export."""

    list_display = ("what", "format", "state_shown", "number", "by", "asked")
    list_display_links = ("what",)
    list_select_related = ("account",)
    sortable_by = ()
    addable = True
    paginator = BoundedPaginator
    many = gettext_lazy("exports")
    empty_text = gettext_lazy("No export yet. Use “Export” on a list: the file holds exactly what that list shows.")
    pages = (
        ("add/", "add", AskPage),
        ("<int:object_id>/", "change", JobPage),
        ("<int:object_id>/status/", "status", JobStatus),
        ("<int:object_id>/file/", "file", FilePage),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if rights(request).edit else rows.none()

    @display(description=gettext_lazy("List"))
    def what(self, obj: ExportJob) -> str:
        return str(capfirst(label_of(obj)))

    @display(description=gettext_lazy("Format"))
    def format(self, obj: ExportJob) -> str:
        return str(obj.get_form_display())

    @display(description=gettext_lazy("Rows"))
    def number(self, obj: ExportJob) -> str:
        return str(number_format(obj.rows, use_l10n=True, force_grouping=True))

    @display(description=gettext_lazy("By"))
    def by(self, obj: ExportJob) -> str:
        return obj.actor_name

    @display(description=gettext_lazy("State"))
    def state_shown(self, obj: ExportJob) -> str:
        return format_html('<span class="ca-badge {}">{}</span>', TONES[obj.state], obj.get_state_display())

    @display(description=gettext_lazy("Asked for"))
    def asked(self, obj: ExportJob) -> str:
        return moment_text(obj.created_at, obj.account)


admin.site.register(ExportJob, ExportJobAdmin)
