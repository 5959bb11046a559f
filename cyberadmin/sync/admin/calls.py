"""Every exchange with the vendor: the list, one call in plain words, and the bundle for the vendor's support."""

from typing import Any

from django import forms
from django.contrib.admin import SimpleListFilter, display
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.downloads import as_file
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import ScopedAdmin, ScopedPage, rights
from cyberadmin.sync import endpoints, exchanges, support
from cyberadmin.sync.listing import BoundedPaginator
from cyberadmin.sync.models import ApiCall, Change
from cyberadmin.sync.pages import FormPage


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


class ObjectFilter(SimpleListFilter):
    """The calls about one object, as `?object=contact-12`: linked from the object's page, offered nowhere else."""

    title = _("About")
    parameter_name = "object"

    def has_output(self) -> bool:
        """Shown only while it is in use."""
        return bool(self.value())

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(self.value(), self.value())] if self.value() else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        kind, _dash, number = (self.value() or "").partition("-")
        if not number.isdecimal() or len(number) > 18:
            return queryset.none() if self.value() else queryset
        return queryset.filter(change__kind=kind, change__object_id=int(number))


class CallPage(ScopedPage):
    """One exchange in plain words, with what was said both ways: masked and short."""

    template_name = "sync/call.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        call: ApiCall = self.obj
        self.title = f"{call.method} {call.path}"
        failed = bool(call.error) or call.status is None or call.status >= 400
        return self.render(
            call=call,
            meaning=endpoints.meaning(call.method, call.path),
            failure=endpoints.failure(call.error) if failed else "",
            failed=failed,
            bundled=failed and rights(request).edit,
        )


class SupportForm(PageForm):
    """A note for the vendor's support, and the acceptance of what goes out."""

    note = forms.CharField(
        label=_("What you were doing"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=1_000,
        help_text=_("It goes into the file and the letter, so name nobody."),
    )
    accepted = forms.BooleanField(
        label=_(
            "I have read the file below and accept that the personal data in it goes to the support of Cyberimpact."
        ),
    )


class SupportPage(RecentPassword, FormPage):
    """What would go to the vendor's support, shown whole before it leaves; then the file, and the letter to copy."""

    form_class = SupportForm
    template_name = "sync/support.html"
    title = _("For the support of Cyberimpact")
    submit_label = _("Download the file")

    def crumbs(self) -> list[tuple[Any, str]]:
        call: ApiCall = self.obj
        return [*super().crumbs(), (f"{call.method} {call.path}", self.call_url())]

    def call_url(self) -> str:
        """The page of the call."""
        return reverse("admin:sync_apicall_change", args=[self.obj.pk])

    def show(self, form: Any, **context: Any) -> HttpResponse:
        call: ApiCall = self.obj
        exchange = exchanges.read(call)
        if exchange is None:
            return super().show(form, call=call, not_offered=True, cancel_url=self.call_url(), **context)
        return super().show(
            form,
            call=call,
            file_name=support.file_name(call),
            file_text=support.text(call, exchange),
            letters=support.letters(call),
            cancel_url=self.call_url(),
            **context,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.make_form(request.POST)
        if not form.is_valid():
            return self.show(form)
        try:
            bundle = support.bundle(self.user, self.obj, form.cleaned_data["note"])
        except ValidationError:
            return HttpResponseRedirect(request.path)
        return as_file(HttpResponse(bundle.text, content_type="text/plain; charset=utf-8"), bundle.name)


class ApiCallAdmin(ScopedAdmin):
    """The latest calls of one client."""

    list_display = ("at_shown", "what", "outcome", "duration", "about", "by")
    list_filter = (OutcomeFilter, ObjectFilter)
    list_display_links = ("at_shown",)
    many = _("calls")
    list_select_related = ("change", "change__actor", "pull_run", "account")
    paginator = BoundedPaginator
    search_fields = ("path",)
    search_help_text = _("Address of a person, number of an answer, or part of a call")
    sortable_by = ()
    ordering = ("-id",)
    pages = (
        ("<int:object_id>/", "change", CallPage),
        ("<int:object_id>/support/", "support", SupportPage),
    )
    empty_text = _("Cyberimpact was not called for this client yet.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the address of who it was about, by the number of the answer, or by a part of the path."""
        term = search_term.strip()[:254]
        if "@" in term:
            about = Change.objects.filter(account=request.account, object_label__iexact=term)  # type: ignore[attr-defined]
            return queryset.filter(change__in=about.values("pk")), False
        if term.isdecimal() and len(term) == 3:
            return queryset.filter(status=int(term)), False
        return (queryset.filter(Q(path__contains=term) | Q(error__iexact=term)) if term else queryset), False

    @display(description=_("When"))
    def at_shown(self, obj: ApiCall) -> str:
        return moment_text(obj.at, obj.account)

    @display(description=_("Call"))
    def what(self, obj: ApiCall) -> str:
        said = endpoints.meaning(obj.method, obj.path)
        return format_html('<span>{}<br><code class="ca-help">{} {}</code></span>', said, obj.method, obj.path)

    @display(description=_("Answer"))
    def outcome(self, obj: ApiCall) -> str:
        good = obj.status is not None and obj.status < 400 and not obj.error
        said = f"{obj.status or ''} {obj.error}".strip() or "–"
        return format_html('<span class="ca-badge {}">{}</span>', "good" if good else "bad", said)

    @display(description=_("Time taken"))
    def duration(self, obj: ApiCall) -> str:
        return f"{obj.duration_ms} ms"

    @display(description=_("Change"), empty_value="–")
    def about(self, obj: ApiCall) -> Change | None:
        return obj.change

    @display(description=_("by"))
    def by(self, obj: ApiCall) -> str:
        return str(obj.change.actor) if obj.change and obj.change.actor else "cyberadmin"
