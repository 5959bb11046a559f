"""The client's custom fields: read-only, since the vendor lets them be defined in its own application alone."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.scoping import ScopedAdmin


class CustomFieldAdmin(ScopedAdmin):
    """A list to read."""

    list_display = ("name", "type", "remote_id")
    list_display_links = None
    sortable_by = ("name", "remote_id")
    empty_text = _(
        "This client has defined no custom field at Cyberimpact. They are made there, and appear here after the next pull."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(gone_at=None)
