"""The Outbox: every change, where it is, why, and what a person can do about it. Nothing is edited here; people decide."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import SimpleListFilter, display
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.forms import ConfirmForm
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.scoping import ScopedAdmin, ScopedPage, rights
from cyberadmin.sync import reasons, services
from cyberadmin.sync.listing import BoundedPaginator, change_badge
from cyberadmin.sync.models import Change
from cyberadmin.sync.pages import FormPage
from cyberadmin.sync.resource import Values

#: Pages of mirrored objects, by kind of change.
OBJECT_PAGES = {
    "contact": "admin:contacts_contact_change",
    "group": "admin:groups_group_change",
    "template": "admin:emailtemplates_emailtemplate_change",
    "mailing": "admin:campaigns_mailing_change",
}


def object_url(change: Change) -> str:
    """The page of what a change is about, or "" for a kind without one."""
    page = OBJECT_PAGES.get(change.kind)
    return reverse(page, args=[change.object_id]) if page else ""


class ShowFilter(SimpleListFilter):
    """What still moves, what needs somebody, what is over."""

    title = gettext_lazy("Show")
    parameter_name = "show"
    STATES = {
        "attention": ("conflict", "failed", "parked"),
        "waiting": ("queued", "sending", "unknown"),
        "done": ("done",),
        "dropped": ("superseded", "cancelled"),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("attention", gettext_lazy("needs attention")),
            ("waiting", gettext_lazy("on its way")),
            ("done", gettext_lazy("done")),
            ("dropped", gettext_lazy("replaced or cancelled")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        states = self.STATES.get(self.value() or "")
        return queryset.filter(state__in=states) if states else queryset


class KindFilter(SimpleListFilter):
    """Changes of one kind of object."""

    title = gettext_lazy("What")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("contact", gettext_lazy("contacts")),
            ("group", gettext_lazy("groups")),
            ("template", gettext_lazy("templates")),
            ("mailing", gettext_lazy("mailings")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class VerbFilter(SimpleListFilter):
    """One action."""

    title = gettext_lazy("Action")
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(value), label) for value, label in Change.Verb.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(verb=self.value()) if self.value() else queryset


class ChangePage(ScopedPage):
    """One change: what, who, why, each edit, each call, what happened, what is next, and the buttons for it."""

    template_name = "sync/change.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change: Change = self.obj
        explained = reasons.explain(change)
        self.title = str(change)
        return self.render(
            change=change,
            explained=explained,
            object_url=object_url(change),
            edits=change.edits.all(),
            calls=change.calls.order_by("id")[:50],
            waits_for=change.waits_for.filter(state__in=Change.OPEN),
            actions=explained.actions if rights(request).edit else (),
            candidates=change.reason_detail.get("candidates", []),
            conflicts=conflicts_of(change),
        )


def conflicts_of(change: Change) -> list[Values]:
    """The fields that need a decision: was, here, there."""
    return [{"name": name, **value} for name, value in change.fields.items() if "theirs" in value]


class DecidePage(FormPage):
    """The conflict, field by field: what it was, what stands here, what stands there; keep one or type another."""

    form_class = ConfirmForm
    template_name = "sync/decide.html"
    title = gettext_lazy("Decide for each field")
    submit_label = gettext_lazy("Use these values")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (str(self.obj), self.done_url(None))]

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:sync_change_detail", args=[self.obj.pk])

    def show(self, form: Any, **context: Any) -> HttpResponse:
        rows = conflicts_of(self.obj)
        if not rows:
            return HttpResponseRedirect(self.done_url(None))
        for row in rows:
            row["keep"] = self.request.POST.get(f"keep-{row['name']}", "")
            row["typed"] = self.request.POST.get(f"value-{row['name']}", row["want"])
        last_edit = self.obj.edits.last()
        return super().show(form, change=self.obj, rows=rows, edit=last_edit, cancel_url=self.done_url(None), **context)

    def make_form(self, data: Any = None) -> ConfirmForm:
        """The choices are read by `perform`; the names of their inputs are the change's own."""
        return ConfirmForm(data, initial=self.initial())

    def perform(self, form: Any) -> str:
        posted = self.request.POST
        choices: dict[str, Values] = {}
        for row in conflicts_of(self.obj):
            name = row["name"]
            keep = posted.get(f"keep-{name}")
            if keep in ("ours", "theirs"):
                choices[name] = {"keep": keep}
            elif keep == "value":
                choices[name] = {"keep": "value", "value": posted.get(f"value-{name}", "")}
        services.resolve(self.user, self.obj, choices)
        return "decided"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Decided. It goes on to Cyberimpact with these values."))


class ActPage(ScopedPage):
    """The buttons of a change: each posts here with its own name."""

    right = "edit"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change: Change = self.obj
        action = kwargs["action"]
        back = reverse("admin:sync_change_detail", args=[change.pk])
        if action not in ACTIONS:
            raise Http404
        if action not in reasons.explain(change).actions:
            messages.error(request, _("This change has moved on meanwhile. Here is where it is now."))
            return HttpResponseRedirect(back)
        form = ActForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Nothing was chosen, so nothing was done."))
            return HttpResponseRedirect(back)
        try:
            said = ACTIONS[action](self.user, change, form.cleaned_data)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, said)
        return HttpResponseRedirect(back)


class ActForm(ConfirmForm):
    """What a button of a change may carry."""

    remote_id = forms.IntegerField(required=False)


def _retry(actor: Any, change: Change, values: Values) -> str:
    services.retry(actor, change)
    return _("It is tried again.")


def _discard(actor: Any, change: Change, values: Values) -> str:
    services.discard(actor, change)
    return _("Discarded. You see again what Cyberimpact holds.")


def _again(actor: Any, change: Change, values: Values) -> str:
    services.send_again(actor, change)
    return _("It is sent again.")


def _adopt(actor: Any, change: Change, values: Values) -> str:
    services.adopt(actor, change, values["remote_id"] or 0)
    return _("Linked with the one at Cyberimpact.")


def _recreate(actor: Any, change: Change, values: Values) -> str:
    services.recreate(actor, change)
    return _("It is made again at Cyberimpact.")


def _let_go(actor: Any, change: Change, values: Values) -> str:
    services.let_go(actor, change)
    return _("Let go. It is no longer shown.")


ACTIONS = {
    "retry": _retry,
    "discard": _discard,
    "again": _again,
    "adopt": _adopt,
    "recreate": _recreate,
    "let_go": _let_go,
}


class ChangeAdmin(ScopedAdmin):
    """The changes of one client, newest first."""

    list_display = ("object_label", "verb", "what", "state_shown", "by", "made")
    list_filter = (ShowFilter, KindFilter, VerbFilter)
    list_display_links = ("object_label",)
    list_select_related = ("actor", "account")
    many = gettext_lazy("changes")
    paginator = BoundedPaginator
    sortable_by = ()
    ordering = ("-id",)
    pages = (
        ("<int:object_id>/", "change", ChangePage),
        ("<int:object_id>/", "detail", ChangePage),
        ("<int:object_id>/decide/", "decide", DecidePage),
        ("<int:object_id>/<slug:action>/", "act", ActPage),
    )
    empty_text = gettext_lazy(
        "No change here. What you edit appears here until Cyberimpact has it, and stays as history."
    )

    @display(description=gettext_lazy("What"))
    def what(self, obj: Change) -> str:
        return {"contact": _("contact"), "group": _("group")}.get(obj.kind, obj.kind)

    @display(description=gettext_lazy("State"))
    def state_shown(self, obj: Change) -> str:
        return change_badge(obj)

    @display(description=gettext_lazy("By"))
    def by(self, obj: Change) -> str:
        return obj.actor.get_username() if obj.actor else "cyberadmin"

    @display(description=gettext_lazy("Made"))
    def made(self, obj: Change) -> str:
        return moment_text(obj.created_at, obj.account)
