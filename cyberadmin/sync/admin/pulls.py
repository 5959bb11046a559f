"""The passes over what the vendor holds: how far, how complete, and what was found odd."""

from typing import Any

from django.contrib.admin import display
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.scoping import ScopedAdmin, ScopedPage
from cyberadmin.sync import reasons
from cyberadmin.sync.listing import BoundedPaginator
from cyberadmin.sync.models import PullRun

TONES = {"queued": "info", "running": "info", "complete": "good", "incomplete": "warn", "failed": "bad"}


class RunPage(ScopedPage):
    """One pass."""

    template_name = "sync/run.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.title = f"{self.obj.get_scope_display()} · {self.obj.get_state_display()}"
        return self.render(run=self.obj, explained=reasons.explain_run(self.obj))


class PullRunAdmin(ScopedAdmin):
    """The latest pulls of one client."""

    change_list_template = "sync/pulls.html"
    list_display = ("started", "reads", "outcome", "found", "asked_by")
    list_display_links = ("started",)
    list_select_related = ("requested_by", "account")
    paginator = BoundedPaginator
    sortable_by = ()
    ordering = ("-id",)
    pages = (("<int:object_id>/", "change", RunPage),)
    empty_text = _("Nothing was read from Cyberimpact for this client yet.")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"pull_url": reverse("admin:account_pull"), **(extra_context or {})})

    @display(description=_("Started"))
    def started(self, obj: PullRun) -> str:
        return moment_text(obj.started_at or obj.created_at, obj.account)

    @display(description=_("Reads"))
    def reads(self, obj: PullRun) -> str:
        return obj.get_scope_display()

    @display(description=_("Asked for by"))
    def asked_by(self, obj: PullRun) -> str:
        return obj.requested_by.get_username() if obj.requested_by else "cyberadmin"

    @display(description=_("State"))
    def outcome(self, obj: PullRun) -> str:
        return format_html(
            '<span class="ca-badge {}">{}</span>', TONES.get(obj.state, "quiet"), obj.get_state_display()
        )

    @display(description=_("Read"))
    def found(self, obj: PullRun) -> str:
        return f"{obj.progress_done} / {obj.progress_total}" if obj.progress_total else "–"
