"""The exports of one client as a list."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.numbers import grouped
from cyberadmin.accounts.scoping import ScopedAdmin, rights
from cyberadmin.sync.listing import BoundedPaginator

from . import clients_pages
from .models import ExportJob
from .pages import TONES, AskPage, FilePage, JobPage, JobStatus, label_of


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
        *clients_pages.PAGES,
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
        return grouped(obj.rows)

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
