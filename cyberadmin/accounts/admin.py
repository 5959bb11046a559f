"""Staff log-ins, for agency administrators, and the history of a client."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group as AuthGroup
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from .localtime import moment_text
from .models import AuditEvent
from .scoping import ScopedAdmin, account_of, rights, to_home


def is_administrator(request: HttpRequest) -> bool:
    """Whether the request is by an agency administrator."""
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


class StaffAdmin(BaseUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """Staff log-ins. Roles are given on each client's own page, so that nobody gets one by mistake."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    actions = None
    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_superuser")
    list_filter = ()
    change_list_template = "console/change_list.html"
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "usable_password", "password1", "password2", "is_staff")}),)
    filter_horizontal = ()
    many = _("log-ins")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request)
        return rows if is_administrator(request) and account_of(request) is None else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a log-in is made inactive, so that the history keeps its name."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if account_of(request) is not None:
            return to_home(request)
        response: HttpResponse = super().changelist_view(request, {"title": _("Staff"), **(extra_context or {})})
        return response


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


# Django registers both when its admin module is imported; roles come from AccountAccess, never from its groups.
admin.site.unregister([User, AuthGroup])
admin.site.register(User, StaffAdmin)
admin.site.register(AuditEvent, AuditEventAdmin)
