"""Bulk changes as staff see them: the list, and one page for each that shows the plan, its progress and its results.

Nothing is sent from the plan alone: it is approved, by a second person where the rules ask for one, and then applied
exactly as it is shown (product.md N1). What the page shows of contacts comes from the kind of the change.
"""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.admin import SimpleListFilter, display
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import audit
from cyberadmin.accounts.forms import ConfirmForm
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.recent import ask_again, password_is_recent
from cyberadmin.accounts.scoping import ScopedAdmin, ScopedPage, rights
from cyberadmin.sync import clock
from cyberadmin.sync.bulk import kinds, services
from cyberadmin.sync.listing import BoundedPaginator
from cyberadmin.sync.models import ChangeSet, PlannedRow

from . import bulk_rows, bulk_words
from .bulk_decide import ApplyPage, CancelPage, TakeBackPage, count_to_type, has_right, set_url

State = ChangeSet.State
#: The verdicts in the order in which they are shown.
VERDICTS = ("create", "update", "remove", "same", "duplicate", "refused", "invalid")
#: So many batches are shown, the newest first.
CALLS = 20
#: A larger change shows its results when it is over: counting them each second would slow it down.
COUNTED_WHILE_MOVING = 20_000


def detail_context(request: HttpRequest, change_set: ChangeSet) -> dict[str, Any]:
    """What the moving part of the page shows."""
    waits = change_set.state in ChangeSet.WORKING or (change_set.is_ended and change_set.finished_at is None)
    may_act = has_right(request.user, change_set)
    reversal = kinds.get(change_set.kind).reversal(change_set) if kinds.known(change_set.kind) else None
    return {
        "change_set": change_set,
        "tone": bulk_words.TONES[State(change_set.state)],
        "explained": bulk_words.explain(change_set),
        "moving": waits,
        "progress": progress(change_set),
        "verdicts": verdicts(change_set),
        "results": results(change_set),
        "may_act": may_act,
        "buttons": buttons(change_set, request.user.pk) if may_act else (),
        "second_person": bulk_words.second_person(change_set),
        "typed": count_to_type(change_set),
        "reversal": bulk_words.reversal(reversal),
        "preparing": kinds.get(change_set.kind).preparing(change_set) if kinds.known(change_set.kind) else "",
        "next_steps": _next_steps(change_set),
    }


def _next_steps(change_set: ChangeSet) -> list[tuple[str, str]]:
    done = change_set.state == State.DONE and kinds.known(change_set.kind)
    return kinds.get(change_set.kind).next_steps(change_set) if done else []


def verdicts(change_set: ChangeSet) -> list[tuple[str, str, int]]:
    """(verdict, label, rows) of those that occur."""
    labels = dict(PlannedRow.Verdict.choices)
    counts = change_set.counts
    return [(name, str(labels[name]), counts[name]) for name in VERDICTS if counts.get(name)]


def results(change_set: ChangeSet) -> list[tuple[str, str, int]]:
    """(result, label, rows) of those that occur, once something was sent."""
    if change_set.started_at is None:
        return []
    labels = dict(PlannedRow.State.choices)
    rows = change_set.rows.order_by()
    if change_set.finished_at is None and services.to_do(change_set.counts) > COUNTED_WHILE_MOVING:
        return []
    counted = {name: rows.filter(state=name).count() for name in bulk_rows.RESULTS}
    return [(name, str(labels[name]), number) for name, number in counted.items() if number]


def progress(change_set: ChangeSet) -> dict[str, Any]:
    """How far the plan or its sending is, how fast, and how long it will take."""
    done, total = change_set.progress_done, change_set.progress_total
    begun = change_set.started_at if change_set.state != State.PLANNING else None
    shown = {"done": done, "total": total, "percent": min(99, done * 100 // total) if total else 0}
    if begun is None or not done or not total or done >= total:
        return shown
    seconds = max((clock.now() - begun).total_seconds(), 1.0)
    rate = done / seconds
    return {**shown, "rate": round(rate * 60), "left": bulk_words.lasting(timedelta(seconds=(total - done) / rate))}


def buttons(change_set: ChangeSet, user_id: int | None) -> tuple[str, ...]:
    """What a person who may act can do now; whoever made a plan and asked a colleague waits for the answer."""
    state, sent = change_set.state, change_set.started_at is not None
    if state == State.PLANNED:
        return ("decide", "replan", "cancel")
    if state == State.ASKED:
        return ("cancel",) if user_id in (change_set.actor_id, change_set.asked_by_id) else ("decide", "cancel")
    if state == State.APPLYING:
        return ("pause", "cancel")
    if state == State.PAUSED:
        return ("resume", "cancel")
    if state in (State.OUTDATED, State.FAILED) and not services.sent_something(change_set):
        return ("replan",)
    if state in (State.DRAFT, State.PLANNING):
        return ("cancel",)
    return ("take_back",) if sent and change_set.finished_at is not None else ()


class BulkPage(ScopedPage):
    """One bulk change: plan, progress, results, rows, who decided, and the buttons."""

    template_name = "sync/bulk.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        change_set: ChangeSet = self.obj
        view = bulk_rows.View.of(request.GET)
        if request.GET.get("download"):
            if not rights(request).edit:
                raise Http404
            if not password_is_recent(request):
                return ask_again(request)
            audit.record("bulk.exported", actor=self.user, account=self.account, change_set=change_set.pk)
            return bulk_rows.download(change_set, view)
        self.title = bulk_words.title(change_set)
        page = bulk_rows.page(change_set, view)
        return self.render(
            **detail_context(request, change_set),
            facts=bulk_words.facts(change_set),
            forecast=bulk_words.forecast(change_set),
            rows=page.rows,
            shown=bulk_words.rows(change_set, page.rows),
            page=page,
            view=view,
            result_choices=[(name, dict(PlannedRow.State.choices)[name]) for name in bulk_rows.RESULTS],
            verdict_choices=[("correct", _("to correct")), *PlannedRow.Verdict.choices],
            batches=change_set.batches.order_by("-id")[:CALLS],
            reversals=change_set.reversals.order_by("-id"),
            status_url=reverse("admin:sync_changeset_status", args=[change_set.pk]),
        )


class BulkStatus(ScopedPage):
    """The moving part of the page, for the page that waits for it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        context = detail_context(request, self.obj)
        html = render_to_string("sync/bulk_now.html", context, request)
        return JsonResponse({"html": html, "state": self.obj.state, "moving": context["moving"]})


class BulkAct(ScopedPage):
    """Buttons that need nothing but a click."""

    right = "edit"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change_set: ChangeSet = self.obj
        act = ACTS.get(kwargs["action"])
        if act is None:
            raise Http404
        if not ConfirmForm(request.POST).is_valid():
            messages.error(request, _("Nothing was chosen, so nothing was done."))
            return HttpResponseRedirect(set_url(change_set))
        try:
            act[0](self.user, change_set)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, str(act[1]))
        return HttpResponseRedirect(set_url(change_set))


ACTS: dict[str, tuple[Any, Any]] = {
    "pause": (services.pause, gettext_lazy("Paused. What has left already is still followed to its end.")),
    "resume": (services.resume, gettext_lazy("It goes on.")),
    "replan": (services.replan, gettext_lazy("The plan is made again.")),
}


class ShowFilter(SimpleListFilter):
    """What needs somebody, what runs, what is over."""

    title = gettext_lazy("Show")
    parameter_name = "show"
    STATES = {
        "waiting": (State.DRAFT, State.PLANNED, State.ASKED, State.PAUSED, State.OUTDATED),
        "running": ChangeSet.WORKING,
        "over": (State.DONE, State.CANCELLED, State.FAILED),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("waiting", gettext_lazy("waits for somebody")),
            ("running", gettext_lazy("at work")),
            ("over", gettext_lazy("over")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        states = self.STATES.get(self.value() or "")
        return queryset.filter(state__in=states) if states else queryset


class ChangeSetAdmin(ScopedAdmin):
    """The bulk changes of one client, newest first."""

    list_display = ("what", "state_shown", "rows_shown", "by", "made")
    list_filter = (ShowFilter,)
    list_display_links = ("what",)
    list_select_related = ("actor", "account")
    paginator = BoundedPaginator
    sortable_by = ()
    ordering = ("-id",)
    pages = (
        ("<int:object_id>/", "change", BulkPage),
        ("<int:object_id>/status/", "status", BulkStatus),
        ("<int:object_id>/decide/", "decide", ApplyPage),
        ("<int:object_id>/cancel/", "cancel", CancelPage),
        ("<int:object_id>/take-back/", "take_back", TakeBackPage),
        ("<int:object_id>/<slug:action>/", "act", BulkAct),
    )
    empty_text = gettext_lazy(
        "No bulk change yet. Import a list, or choose contacts in their list and say what to do with them."
    )

    @display(description=gettext_lazy("What"))
    def what(self, obj: ChangeSet) -> str:
        return bulk_words.title(obj)

    @display(description=gettext_lazy("State"))
    def state_shown(self, obj: ChangeSet) -> str:
        return bulk_words.badge(obj)

    @display(description=gettext_lazy("Rows"))
    def rows_shown(self, obj: ChangeSet) -> str:
        return bulk_words.number(obj.counts.get("rows")) if obj.counts else "–"

    @display(description=gettext_lazy("By"))
    def by(self, obj: ChangeSet) -> str:
        return obj.actor.get_username() if obj.actor else "cyberadmin"

    @display(description=gettext_lazy("Made"))
    def made(self, obj: ChangeSet) -> str:
        return moment_text(obj.created_at, obj.account)
