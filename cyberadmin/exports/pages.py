"""Asking for an export, how far it is, and the file: of one client, and (clients_pages.py) over several."""

from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import policy
from cyberadmin.accounts.downloads import as_file
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import ScopedPage
from cyberadmin.sync.pages import FormPage
from cyberadmin.sync.uploads import UploadError

from . import services, sources
from .addresses import narrowing
from .fields import CountField
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
    """As what, and the number of people where it must be typed."""

    form = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=ExportJob.Form.choices, widget=forms.RadioSelect, initial="csv"
    )
    typed_count = CountField(
        label=gettext_lazy("Number of people, typed"), required=False, min_value=0, widget=forms.TextInput
    )

    def __init__(self, *args: Any, people: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        typed: Any = self.fields["typed_count"]
        # The service, not the form, refuses a missing number.
        typed.needed = True
        typed.widget.attrs.update(inputmode="numeric", autocomplete="off")
        if not services.count_to_type(people):
            del self.fields["typed_count"]


class AskPage(RecentPassword, FormPage):
    """Ask for an export of the list in the address; without one, choose a list."""

    form_class: ClassVar[type[PageForm]] = ExportForm
    template_name = "exports/ask.html"
    title = gettext_lazy("Export")
    submit_label = gettext_lazy("Make the file")

    @cached_property
    def chosen(self) -> str:
        """The list in the address, or ""."""
        wanted = self.request.GET.get("source", "")
        source = sources.SOURCES.get(wanted)
        return wanted if source is not None and source.reach is None else ""

    @cached_property
    def people(self) -> int:
        """How many people the file would name."""
        return services.people_in(self.user, self.account, self.chosen, self.request.GET)

    def form_kwargs(self) -> dict[str, Any]:
        return {"people": self.people}

    def lists(self) -> list[tuple[Any, str]]:
        """The lists to choose from, when the address names none: (label, address)."""
        if self.chosen:
            return []
        found = [(one.label, name) for name, one in sources.SOURCES.items() if not one.of_row and one.reach is None]
        return [(label, f"{self.request.path}?source={name}") for label, name in found]

    def show(self, form: Any, **context: Any) -> HttpResponse:
        chosen = sources.SOURCES.get(self.chosen)
        return super().show(
            form,
            label=chosen.label if chosen else "",
            lists=self.lists(),
            people=self.people,
            narrowed=bool(chosen and narrowing(self.request.GET)),
            cancel_url=reverse("admin:exports_exportjob_changelist"),
            **context,
        )

    def perform(self, form: Any) -> ExportJob:
        values = form.cleaned_data
        return services.ask(
            self.user, self.account, self.chosen, values["form"], self.request.GET, values.get("typed_count")
        )

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
        return self.render(
            job=job,
            tone=TONES[job.state],
            moving=job.state in ExportJob.OPEN,
            status_url=f"{request.path}status/",
            file_url=f"{request.path}file/",
        )


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
        of = job.account.slug if job.account else _("clients")
        name = f"{source.name if source else job.source}-{of}-{job.pk}.{job.form}"
        return as_file(StreamingHttpResponse(pieces, content_type=TYPES[job.form]), name)
