"""The console's admin site: what needs one over all clients, and everything else inside the client in the address.

Only the views named here exist. The theme's search over all models, Django's app pages, its "view on site" redirect and
its per-object history are left out: none of them knows which client it speaks of.
"""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from cyberadmin.accounts.scoping import account_of
from cyberadmin.cases.urls import case_urls
from cyberadmin.console.clients import client_urls
from cyberadmin.console.home import ClientPage, ClientsPage, LiveStatus
from cyberadmin.console.monday import MondayPage
from cyberadmin.console.restored import RestoredPage
from cyberadmin.history.pages import history_urls
from cyberadmin.offboarding.urls import offboarding_urls
from cyberadmin.people.urls import people_urls


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]
    """The only admin site."""

    site_title = "cyberadmin"
    site_header = "cyberadmin"
    index_title = _("Clients")
    empty_value_display = "–"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        urls: list[URLPattern | URLResolver] = [
            path("", self.admin_view(self.index), name="index"),
            path("autocomplete/", self.admin_view(self.autocomplete_view), name="autocomplete"),
            path("jsi18n/", self.admin_view(self.i18n_javascript, cacheable=True), name="jsi18n"),
            path("clients/", self.admin_view(ClientsPage.as_view(site=self)), name="clients"),
            path("status/", self.admin_view(LiveStatus.as_view(site=self)), name="live_status"),
            path("restored/", self.admin_view(RestoredPage.as_view(site=self)), name="restored"),
            *client_urls(self),
            *people_urls(self),
            *case_urls(self),
            *history_urls(self),
            *offboarding_urls(self),
        ]
        for model, model_admin in self._registry.items():
            opts = model._meta
            urls.append(path(f"{opts.app_label}/{opts.model_name}/", include(model_admin.urls)))
        urls.append(re_path(r"(?P<url>.*)$", self.admin_view(self.catch_all_view)))
        return urls

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        page = MondayPage if account_of(request) is None else ClientPage
        return page.as_view(site=self)(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Nothing: the sidebar is the shell's own, and building this list would ask every admin for its rights."""
        return []

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff whose session was looked up by people.middleware, which leaves nobody in half way; without it, nobody."""
        return request.user.is_active and request.user.is_staff and getattr(request, "staff_session", None) is not None
