"""The lists of campaigns and of mailings."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.scoping import ScopedAdmin
from cyberadmin.sync.listing import BoundedPaginator

from .models import Campaign
from .pages.campaign import CampaignPage
from .pages.common import STATE_TONES
from .pages.write import BodyPage, CampaignAddPage, CopyPage, DeletePage, LanguagePage, RenamePage, WritePage


class StateFilter(SimpleListFilter):
    """How far a campaign is."""

    title = _("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Campaign.State.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() else queryset


class CampaignAdmin(ScopedAdmin):
    """Campaigns of one client, the last touched first."""

    addable = True
    paginator = BoundedPaginator
    list_select_related = ("account",)
    list_display = ("name_shown", "languages", "state_shown", "touched")
    list_filter = (StateFilter,)
    search_fields = ("name",)
    search_help_text = _("Name")
    sortable_by = ()
    ordering = ("-updated_at",)
    many = _("campaigns")
    empty_text = _("No campaign yet. A campaign is one communication, in French, in English or in both.")
    pages = (
        ("add/", "add", CampaignAddPage),
        ("<int:object_id>/", "change", CampaignPage),
        ("<int:object_id>/body/", "body", BodyPage),
        ("<int:object_id>/write/", "write", WritePage),
        ("<int:object_id>/languages/", "languages", LanguagePage),
        ("<int:object_id>/rename/", "rename", RenamePage),
        ("<int:object_id>/copy/", "copy", CopyPage),
        ("<int:object_id>/delete/", "delete", DeletePage),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("editions")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        wanted = search_term.strip()[:200]
        return (queryset.filter(name__icontains=wanted) if wanted else queryset), False

    @display(description=_("Name"))
    def name_shown(self, obj: Campaign) -> str:
        return obj.name

    @display(description=_("Languages"))
    def languages(self, obj: Campaign) -> str:
        return ", ".join(str(edition.get_language_display()) for edition in obj.editions.all())

    @display(description=_("State"))
    def state_shown(self, obj: Campaign) -> str:
        return format_html('<span class="ca-badge {}">{}</span>', STATE_TONES[obj.state], obj.get_state_display())

    @display(description=_("Changed"))
    def touched(self, obj: Campaign) -> str:
        return moment_text(obj.updated_at, obj.account)


admin.site.register(Campaign, CampaignAdmin)
