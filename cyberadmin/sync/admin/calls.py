"""Every exchange with the vendor, to read when something went wrong."""

from typing import Any

from django.contrib.admin import SimpleListFilter, display
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.scoping import ScopedAdmin, ScopedPage
from cyberadmin.sync.listing import BoundedPaginator
from cyberadmin.sync.models import ApiCall


class OutcomeFilter(SimpleListFilter):
    """Calls that failed, or that worked."""

    title = _("Outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("failed", _("failed")), ("worked", _("worked"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        worked = Q(status__lt=400, error="")
        if self.value() == "failed":
            return queryset.exclude(worked)
        return queryset.filter(worked) if self.value() == "worked" else queryset


class CallPage(ScopedPage):
    """One exchange, with what was said both ways as far as it is kept."""

    template_name = "sync/call.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.title = f"{self.obj.method} {self.obj.path}"
        return self.render(call=self.obj)


class ApiCallAdmin(ScopedAdmin):
    """The latest calls of one client."""

    list_display = ("at_shown", "what", "outcome", "duration", "change")
    list_filter = (OutcomeFilter,)
    list_display_links = ("at_shown",)
    many = _("calls")
    list_select_related = ("change", "account")
    paginator = BoundedPaginator
    sortable_by = ()
    ordering = ("-id",)
    pages = (("<int:object_id>/", "change", CallPage),)
    empty_text = _("Cyberimpact was not called for this client yet.")

    @display(description=_("When"))
    def at_shown(self, obj: ApiCall) -> str:
        return moment_text(obj.at, obj.account)

    @display(description=_("Call"))
    def what(self, obj: ApiCall) -> str:
        return f"{obj.method} {obj.path}"

    @display(description=_("Answer"))
    def outcome(self, obj: ApiCall) -> str:
        good = obj.status is not None and obj.status < 400 and not obj.error
        said = f"{obj.status or ''} {obj.error}".strip() or "–"
        return format_html('<span class="ca-badge {}">{}</span>', "good" if good else "bad", said)

    @display(description=_("Time taken"))
    def duration(self, obj: ApiCall) -> str:
        return f"{obj.duration_ms} ms"
