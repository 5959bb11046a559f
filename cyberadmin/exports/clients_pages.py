"""Exports over several clients, outside all of them: each belongs to who asked for it alone."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.my_clients import MyClientsPage
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.history import timeline
from cyberadmin.sync.pages import FormPage

from . import services
from .addresses import narrowing
from .models import ExportJob
from .pages import TONES, ExportForm, FilePage, JobPage, JobStatus

SOURCE = "history_clients"


class ClientsAskPage(RecentPassword, MyClientsPage, FormPage):
    """Ask for the history over several clients, as the screen one came from narrows it."""

    form_class: ClassVar[type[PageForm]] = ExportForm
    template_name = "exports/ask_clients.html"
    title = gettext_lazy("Export the history")
    submit_label = gettext_lazy("Make the file")

    def form_kwargs(self) -> dict[str, Any]:
        return {"people": 0}

    def show(self, form: Any, **context: Any) -> HttpResponse:
        reach = timeline.reach(self.user, self.request.GET, "edit")
        mine = ExportJob.objects.filter(account=None, actor=self.user).order_by("-id")[:10]
        held = Account.objects.all() if reach is None else reach
        context |= {
            "narrowed": bool(narrowing(self.request.GET)),
            "covered": held.order_by("name"),
            "whole": reach is None,
            "mine": [(job, TONES[job.state], _job_url(job)) for job in mine],
            "not_offered": not held.exists(),
            "cancel_url": reverse("admin:history_clients"),
        }
        return super().show(form, **context)

    def perform(self, form: Any) -> ExportJob:
        return services.ask(self.user, None, SOURCE, form.cleaned_data["form"], self.request.GET)

    def announce(self, outcome: Any) -> None:
        """The next page tells how far it is."""

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:history_clients") if outcome is None else _job_url(outcome)

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("History"), reverse("admin:history_clients"))]


def _job_url(job: ExportJob) -> str:
    return reverse("admin:exports_exportjob_clients_change", args=[job.pk])


class OwnPage(MyClientsPage):
    """A page about an export over several clients, for who asked for it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.obj = self.find(kwargs["object_id"])
        return super().dispatch(request, *args, **kwargs)

    def rows(self) -> QuerySet[ExportJob]:
        return ExportJob.objects.filter(account=None, actor=self.user)

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("History"), reverse("admin:history_clients"))]


class ClientsJobPage(OwnPage, JobPage):
    """How far it is."""


class ClientsJobStatus(OwnPage, JobStatus):
    """Whether it is over."""


class ClientsFilePage(OwnPage, FilePage):
    """The file."""


PAGES = (
    ("clients/add/", "clients_add", ClientsAskPage),
    ("clients/<int:object_id>/", "clients_change", ClientsJobPage),
    ("clients/<int:object_id>/status/", "clients_status", ClientsJobStatus),
    ("clients/<int:object_id>/file/", "clients_file", ClientsFilePage),
)
