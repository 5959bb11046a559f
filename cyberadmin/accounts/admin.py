"""The history of a client. Log-ins have pages of their own (`cyberadmin.people`)."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.contrib.auth.models import Group as AuthGroup
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from .localtime import moment_text
from .models import AuditEvent
from .scoping import ScopedAdmin, account_of, rights


def is_administrator(request: HttpRequest) -> bool:
    """Whether the request is by an agency administrator."""
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


class AuditEventAdmin(ScopedAdmin):
    """Who did what, when and why; to read only. Outside any client administrators see what is about no client."""

    list_display = ("at_shown", "by", "action", "detail_shown", "why")
    list_display_links = None
    many = _("entries")
    sortable_by = ()
    empty_text = _("Nothing was decided about this client yet.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = AuditEvent.objects.select_related("account")
        if account_of(request) is None and is_administrator(request):
            return rows.filter(account=None)
        return self.scope(request, rows)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if account_of(request) is None:
            return is_administrator(request)
        return rights(request).can("view")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if account_of(request) is None and is_administrator(request):
            context = {"title": _("History"), "empty_text": self.empty_text}
            response: HttpResponse = ModelAdmin.changelist_view(self, request, context)
            return response
        return super().changelist_view(request, extra_context)

    @display(description=_("When"))
    def at_shown(self, obj: AuditEvent) -> str:
        return moment_text(obj.at, obj.account)

    @display(description=_("By"))
    def by(self, obj: AuditEvent) -> str:
        return obj.actor_name

    @display(description=_("Details"))
    def detail_shown(self, obj: AuditEvent) -> str:
        return " · ".join(f"{name}: {value}" for name, value in obj.detail.items())


# Django's own pages about log-ins know neither sessions nor history; roles come from AccountAccess, never from groups.
admin.site.unregister([User, AuthGroup])
admin.site.register(AuditEvent, AuditEventAdmin)
