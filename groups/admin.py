"""The list of groups."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from cyberadmin.sync.listing import MirrorAdmin

from .models import Group, title_key
from .pages import DeletePage, EmptyPage, GroupAddPage, GroupPage, members_url


class KindFilter(SimpleListFilter):
    """Static or dynamic, public or private."""

    title = _("Kind")
    parameter_name = "kind"
    CHOICES = {
        "static": {"is_dynamic": False},
        "dynamic": {"is_dynamic": True},
        "public": {"is_public": True},
        "private": {"is_public": False},
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("static", _("static")), ("dynamic", _("dynamic")), ("public", _("public")), ("private", _("private"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**self.CHOICES.get(self.value() or "", {}))


class GroupAdmin(MirrorAdmin):
    """Groups of one client, with the size that the vendor last counted."""

    kind = "group"
    addable = True
    list_display = ("title_shown", "kind_shown", "members", "mailings_count", "push_state")
    list_filter = (KindFilter,)
    search_fields = ("title_key",)
    search_help_text = _("Title")
    sortable_by = ("title_shown", "members")
    ordering = ("title_key",)
    empty_text = _("No group fits. Take a filter away, or create the group.")
    pages = (
        ("add/", "add", GroupAddPage),
        ("<int:object_id>/", "change", GroupPage),
        ("<int:object_id>/empty/", "empty", EmptyPage),
        ("<int:object_id>/delete/", "delete", DeletePage),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        wanted = title_key(search_term[:200])
        return (queryset.filter(title_key__contains=wanted) if wanted else queryset), False

    @display(description=_("Title"), ordering="title_key")
    def title_shown(self, obj: Group) -> str:
        return obj.title

    @display(description=_("Kind"))
    def kind_shown(self, obj: Group) -> str:
        kind = _("dynamic") if obj.is_dynamic else _("static")
        seen = _("public") if obj.is_public else _("private")
        gone = format_html(' <span class="ca-badge bad">{}</span>', _("being deleted")) if obj.deleted_at else ""
        return format_html(
            '<span class="ca-badge quiet">{}</span> <span class="ca-badge {}">{}</span>{}',
            kind,
            "info" if obj.is_public else "quiet",
            seen,
            gone,
        )

    @display(description=_("Contacts"), ordering="members_count")
    def members(self, obj: Group) -> str:
        if obj.members_count < 0:
            return "–"
        return format_html('<a href="{}">{}</a>', members_url(obj), obj.members_count)


admin.site.register(Group, GroupAdmin)
