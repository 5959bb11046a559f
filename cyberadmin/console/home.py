"""The list of clients, one client's own page, and the small status that a page asks for while something moves."""

from typing import Any

from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy

from contacts.models import Contact
from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.accounts.my_clients import MyClientsPage
from cyberadmin.accounts.scoping import ScopedPage, address
from cyberadmin.sync import reasons
from cyberadmin.sync.models import Change, PullRun
from groups.models import Group

from . import colour
from .context import PROBLEMS, WAITING, Shell
from .steps import unfinished

#: A summary counts so far and then says "more than".
COUNT_LIMIT = 100_000


class ClientsPage(MyClientsPage):
    """Cards of the clients this person works on."""

    template_name = "console/clients.html"
    title = gettext_lazy("Clients")

    def get(self, request: HttpRequest) -> HttpResponse:
        accounts = list(policy.accounts_for(request.user))
        return self.render(cards=cards(request, accounts))


def cards(request: HttpRequest, accounts: list[Account]) -> list[dict[str, Any]]:
    """One card for each account, from four queries whatever their number; those that need somebody come first."""
    counts: dict[int, dict[str, int]] = {}
    open_changes = Change.objects.filter(account__in=accounts, state__in=Change.OPEN).order_by()
    for row in open_changes.values("account", "state").annotate(number=Count("pk")):
        counts.setdefault(row["account"], {})[row["state"]] = row["number"]
    complete = PullRun.objects.filter(account__in=accounts, state=PullRun.State.COMPLETE).order_by()
    fresh = dict(complete.values_list("account").annotate(at=Max("started_at")))
    open_runs = PullRun.objects.filter(account__in=accounts, state__in=[PullRun.State.QUEUED, PullRun.State.RUNNING])
    runs = {run.account_id: run for run in open_runs}
    older = Credential.objects.filter(account__in=accounts, state="active", kind=Credential.Kind.LEGACY)
    legacy = set(older.order_by().values_list("account", flat=True))
    made = []
    for account in accounts:
        states = counts.get(account.pk, {})
        made.append(
            {
                "account": account,
                "ink": colour.ink(account.colour),
                "url": address(request, "admin:index", account=account),
                "complete_as_of": fresh.get(account.pk),
                "run": runs.get(account.pk),
                "legacy": account.pk in legacy,
                "waiting": sum(states.get(state, 0) for state in WAITING),
                "conflicts": states.get(Change.State.CONFLICT, 0),
                "failed": states.get(Change.State.FAILED, 0) + states.get(Change.State.PARKED, 0),
            }
        )
    return sorted(made, key=lambda card: (not (card["account"].paused_reason or card["conflicts"] or card["failed"]),))


def bounded_count(rows: QuerySet[Any]) -> tuple[int, bool]:
    """How many rows, and whether there are more than were counted."""
    number = rows.order_by()[: COUNT_LIMIT + 1].count()
    return min(number, COUNT_LIMIT), number > COUNT_LIMIT


class ClientPage(ScopedPage):
    """A client's own page: what is mirrored, what moves, what needs somebody, and its token without its secret."""

    template_name = "console/client.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        account = self.account
        if account.state != Account.State.CONNECTED:
            return HttpResponseRedirect(reverse("admin:account_start"))
        self.title = account.name
        troubled = Change.objects.filter(account=account, state__in=PROBLEMS).order_by("-id")[:5]
        last_run = PullRun.objects.filter(account=account).order_by("-id").first()
        return self.render(
            contacts=self.contact_counts(),
            groups=Group.objects.filter(account=account, gone_at=None).count(),
            problems=[(change, reasons.explain(change)) for change in troubled],
            run=last_run,
            run_explained=reasons.explain_run(last_run) if last_run else None,
            credentials=Credential.objects.filter(account=account).select_related("account", "created_by")[:20],
            steps=unfinished(account),
        )

    def contact_counts(self) -> list[dict[str, Any]]:
        """Contacts by state, each with the way to its list."""
        rows = Contact.objects.filter(account=self.account, gone_at=None)
        listed = reverse("admin:contacts_contact_changelist")
        found = []
        for state in Contact.State:
            number, more = bounded_count(rows.filter(state=state))
            found.append({"label": state.label, "number": number, "more": more, "url": f"{listed}?state={state.value}"})
        return found


class LiveStatus(ScopedPage):
    """What a page shows anew while something moves: the client's bar, the running pull, the badges of its changes."""

    #: Badges asked for at once: a page of a list, and a little more.
    MOST = 120

    def get(self, request: HttpRequest) -> JsonResponse:
        shell = Shell(request)
        wanted = [int(text) for text in request.GET.get("changes", "").split(",") if text.isdecimal()][: self.MOST]
        changes = Change.objects.filter(account=self.account, pk__in=wanted)
        run = PullRun.objects.filter(account=self.account).order_by("-id").first()
        moving = run is not None and run.state in (PullRun.State.QUEUED, PullRun.State.RUNNING)
        bar = render_to_string("console/parts/bar_facts.html", {"shell": shell}, request)
        progress = render_to_string("console/parts/progress.html", {"run": run}, request)
        return JsonResponse(
            {
                "bar": bar,
                "progress": progress,
                "pulling": moving,
                "moving": moving or shell.waiting > 0,
                "changes": {
                    change.pk: render_to_string("console/parts/change_badge.html", {"change": change}, request)
                    for change in changes
                },
            }
        )
