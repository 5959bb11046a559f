"""The one base under every page of the console: a page is about the client in its address, and about nothing else.

`ScopedAdmin` lists and finds only rows of `request.account`; `ScopedPage` is the only kind of view that may hang beside
it. Rights come from `policy`, never from Django's model permissions, and are asked again on every request. There is no
Django change, add, delete or history view unless an admin names a page for it, so none can be forgotten
(docs/engine.md, security checklist lines 1-10).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, cast

from django.contrib.admin import ShowFacets
from django.contrib.admin.sites import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, get_script_prefix, path, reverse, set_script_prefix
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views import View
from unfold.admin import ModelAdmin

from . import policy
from .middleware import PREFIX
from .models import Account


class Rights:
    """What the person behind a request may do on one account; each right is read from the database once."""

    def __init__(self, user: Any, account: Account | None) -> None:
        self.user = user
        self.account = account
        self._known: dict[str, bool] = {}

    def can(self, right: policy.Right) -> bool:
        """Whether `right` is held now."""
        if right not in self._known:
            self._known[right] = policy.can(self.user, right, self.account)
        return self._known[right]

    @property
    def edit(self) -> bool:
        """For templates: may change contacts and groups."""
        return self.can("edit")

    @property
    def manage(self) -> bool:
        """For templates: may change the client's settings, token and staff."""
        return self.can("manage")


def account_of(request: HttpRequest) -> Account | None:
    """The client in the address, or None outside any client."""
    return getattr(request, "account", None)


def rights(request: HttpRequest) -> Rights:
    """The rights of this request on the client in its address."""
    held: Rights | None = getattr(request, "_rights", None)
    if held is None or held.account != account_of(request):
        held = Rights(getattr(request, "user", None), account_of(request))
        request._rights = held  # type: ignore[attr-defined]
    return held


@contextmanager
def _script_prefix(prefix: str) -> Iterator[None]:
    before = get_script_prefix()
    set_script_prefix(prefix)
    try:
        yield
    finally:
        set_script_prefix(before)


def place(root: str, name: str, *args: Any, account: Account | None = None) -> str:
    """The address of a page inside `account`, or outside every client; `root` is where the console begins, "/" at its end."""
    inside = f"{root}{PREFIX.strip('/')}/{account.slug}/" if account is not None else root
    with _script_prefix(inside):
        return reverse(name, args=args)


def address(request: HttpRequest, name: str, *args: Any, account: Account | None = None) -> str:
    """The address of a page inside `account`, or outside every client when it is None; wherever the request itself is."""
    root = (request.META.get("SCRIPT_NAME") or "").rstrip("/") + "/"
    return place(root, name, *args, account=account)


def to_home(request: HttpRequest) -> HttpResponseRedirect:
    """Send somebody who is outside any client to the list of clients."""
    return HttpResponseRedirect(address(request, "admin:index"))


class ScopedPage(View):
    """A page about the client in the address, optionally about one row of a `ScopedAdmin`.

    Subclasses set `template_name`, `title` and the `right` it needs, and implement `get` / `post`. Without a client the
    chooser is shown; without the right 403; a row that is missing or another client's gives the same 404.
    """

    right: ClassVar[policy.Right] = "view"
    template_name: ClassVar[str] = ""
    title: Any = ""
    model_admin: Any = None
    site: Any = None
    obj: Any = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if account_of(request) is None:
            return to_home(request)
        if not rights(request).can(self.right):
            raise PermissionDenied
        if "object_id" in kwargs:
            self.obj = self.find(kwargs["object_id"])
        return super().dispatch(request, *args, **kwargs)

    @property
    def account(self) -> Account:
        """The client in the address."""
        account = account_of(self.request)
        if account is None:
            raise Http404
        return account

    @property
    def user(self) -> User:
        """The person behind the request; nobody else comes this far."""
        return cast(User, self.request.user)

    def rows(self) -> QuerySet[Any]:
        """The rows this page may show."""
        rows: QuerySet[Any] = self.model_admin.get_queryset(self.request)
        return rows

    def find(self, pk: int) -> Any:
        """One of `rows`. Raises Http404."""
        obj = self.rows().filter(pk=pk).first()
        if obj is None:
            raise Http404
        return obj

    def crumbs(self) -> list[tuple[Any, str]]:
        """The way here: (label, address) pairs, without this page itself."""
        if self.model_admin is None:
            return []
        opts = self.model_admin.opts
        return [(capfirst(opts.verbose_name_plural), reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"))]

    def render(self, status: int = 200, template: str = "", **context: Any) -> HttpResponse:
        """The page, with the site's own context around it."""
        site: AdminSite = self.site or self.model_admin.admin_site
        self.request.current_app = site.name
        values = {
            **site.each_context(self.request),
            "title": self.title,
            "crumbs": self.crumbs(),
            "object": self.obj,
            "rights": rights(self.request),
            "opts": self.model_admin.opts if self.model_admin else None,
            **context,
        }
        return TemplateResponse(self.request, template or self.template_name, values, status=status)


class AgencyPage(ScopedPage):
    """A page outside every client, for agency administrators alone."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if account_of(request) is not None:
            raise Http404
        if not (request.user.is_active and getattr(request.user, "is_superuser", False)):
            raise PermissionDenied
        return View.dispatch(self, request, *args, **kwargs)


class ScopedAdmin(ModelAdmin):  # type: ignore[misc]
    """An admin whose rows all belong to the client in the address.

    `account_lookup` leads from the model to its account; `pages` are the only views besides the list:
    (route, name, ScopedPage subclass), the name completing `admin:<app>_<model>_…`.
    """

    account_lookup: ClassVar[str] = "account"
    pages: ClassVar[tuple[tuple[str, str, type[ScopedPage]], ...]] = ()
    #: Query-string lookups that may reach the ORM as they are; everything else goes through a filter class.
    open_lookups: ClassVar[frozenset[str]] = frozenset()
    #: Whether a page for adding exists, and the right it takes.
    addable: ClassVar[bool] = False
    edit_right: ClassVar[policy.Right] = "edit"

    actions = None
    list_per_page = 50
    list_fullwidth = True
    preserve_filters = False
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    change_list_template = "console/change_list.html"
    #: What an empty list says to do: a sentence, and (name of a page, label) of a button or None.
    empty_text: Any = _("There is nothing here yet.")

    @property
    def many(self) -> Any:
        """What several rows are called below a list."""
        return self.opts.verbose_name_plural

    def scope(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """`rows` limited to the client in the address; none outside a client or without the right to view."""
        account = account_of(request)
        if account is None or not rights(request).can("view"):
            return rows.none()
        return rows.filter(**{self.account_lookup: account.pk})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.scope(request, super().get_queryset(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model | None:
        found: Model | None = super().get_object(request, object_id, None)
        return found

    # --- rights: from the policy alone ---
    def has_module_permission(self, request: HttpRequest) -> bool:
        return rights(request).can("view")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return rights(request).can("view")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.addable and rights(request).can(self.edit_right)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return rights(request).can("view")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- no lookups through relations from a query string (CVE-2010-4534, CVE-2014-0483) ---
    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        named = {getattr(spec, "parameter_name", "") for spec in self.list_filter}
        return lookup in named or lookup in self.open_lookups

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return bool(to_field == self.opts.pk.name)

    # --- values of relations, in the few model forms there are ---
    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self.related_rows(db_field, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self.related_rows(db_field, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def related_rows(self, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """The rows that a relation may point to: those of the related model's own scoped admin, else none."""
        related = db_field.remote_field.model
        admin = self.admin_site._registry.get(related)
        if isinstance(admin, ScopedAdmin):
            return admin.get_queryset(request)
        nothing: QuerySet[Any] = related._default_manager.none()
        return nothing

    # --- views: the list, and the pages that are named ---
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if account_of(request) is None:
            return to_home(request)
        context = {
            "rights": rights(request),
            "crumbs": [],
            "title": self.opts.verbose_name_plural,
            "empty_text": self.empty_text,
            "add_address": self.add_address(request),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def add_address(self, request: HttpRequest) -> str:
        """Where the page for adding is, or "" for who may not."""
        if not self.has_add_permission(request):
            return ""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_add")

    def get_urls(self) -> list[URLPattern]:
        base = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        urls = [path("", wrap(self.changelist_view), name=f"{base}_changelist")]
        for route, name, page in self.pages:
            urls.append(path(route, wrap(page.as_view(model_admin=self)), name=f"{base}_{name}"))
        return urls
