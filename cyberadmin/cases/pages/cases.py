"""The list of cases, opening one, and one case with what each client decides."""

import hashlib
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import policy
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.scoping import address
from cyberadmin.cases import again, carrying, clocks, details, services
from cyberadmin.cases.forms import ClientsForm, IdentityForm, OpenForm
from cyberadmin.cases.models import Case, CasePart, CaseStep
from cyberadmin.sync.pages import FormPage

from .base import TONES, CaseFormPage, CasePage, MyPage, case_name, case_url, state_words

PER_PAGE = 50
STATES = ("open", "waiting", "doing", "done", "refused")


class ListPage(MyPage):
    """The cases over the clients of this person, the nearest deadline first."""

    template_name = "cases/list.html"
    title = gettext_lazy("Cases")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = {name: request.GET.get(name, "")[:60] for name in ("state", "kind", "client", "late")}
        asked["state"] = asked["state"] if "state" in request.GET else "unfinished"
        accounts = list(policy.accounts_for(self.user))
        page = Paginator(self._rows(asked, accounts), PER_PAGE).get_page(request.GET.get("page"))
        rows = [_row(self, case) for case in self._with_parts(list(page.object_list))]
        states = [("unfinished", _("not finished")), ("", _("all"))] + [(one, state_words(one)) for one in STATES]
        return self.render(
            rows=rows,
            page=page,
            asked=asked,
            query=urlencode(asked),
            states=states,
            kinds=Case.Kind.choices,
            clients=accounts,
            may_open=policy.accounts_for(self.user, "edit").exists(),
        )

    def _rows(self, asked: dict[str, str], accounts: list[Account]) -> Any:
        rows = services.visible(self.user)
        mine = services.parts_for(self.user)
        if asked["client"]:
            mine = mine.filter(account__slug=asked["client"])
            rows = rows.filter(pk__in=mine.values("case"))
        if asked["state"] == "unfinished":
            rows = rows.filter(pk__in=mine.filter(state__in=CasePart.OPEN).values("case"))
        else:
            rows = services.filtered(self.user, rows, asked["state"])
        if asked["kind"] in Case.Kind.values:
            rows = rows.filter(kind=asked["kind"])
        if asked["late"]:
            late = services.parts_for(self.user).filter(state__in=CasePart.OPEN, case__due_on__lt=clocks.today())
            rows = rows.filter(pk__in=late.values("case"))
        return rows.order_by("due_on", "pk")

    def _with_parts(self, cases: list[Case]) -> list[tuple[Case, list[CasePart]]]:
        """Each case with its parts that may be seen, in one query."""
        parts: dict[int, list[CasePart]] = {case.pk: [] for case in cases}
        for part in services.parts_for(self.user).filter(case__in=cases):
            parts[part.case_id].append(part)
        return [(case, parts[case.pk]) for case in cases]


def _row(page: MyPage, found: tuple[Case, list[CasePart]]) -> dict[str, Any]:
    case, parts = found
    state = services.state_of(case, parts)
    unfinished = any(part.is_open for part in parts)
    return {
        "case": case,
        "url": case_url(case),
        "clients": [part.account for part in parts],
        "state": state_words(state),
        "tone": TONES[state],
        "held": any(part.state == CasePart.State.HELD for part in parts),
        "clock": clocks.clock(case) if unfinished else None,
        "who": details.read(case).who if services.may_know_who(page.user, case, parts) else "",
    }


class OpenPage(MyPage, FormPage):
    """Open a case, from a person's page or by hand."""

    form_class = OpenForm
    template_name = "cases/open.html"
    title = gettext_lazy("Open a case")
    submit_label = gettext_lazy("Open the case")
    success_text = gettext_lazy("The case is open. Each client decides for itself.")

    def make_form(self, data: QueryDict | None = None) -> PageForm:
        files = self.request.FILES if data is not None else None
        return OpenForm(data, files, initial=self.initial(), user=self.user)

    def initial(self) -> dict[str, Any]:
        asked = self.request.GET
        wanted = policy.accounts_for(self.user, "edit").filter(slug__in=asked.getlist("client")[:500])
        kind = asked.get("kind", "")
        return {
            "addresses": asked.get("email", "")[:254],
            "accounts": [account.pk for account in wanted],
            "kind": kind if kind in Case.Kind.values else None,
        }

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Cases"), reverse("admin:cases"))]

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, cancel_url=reverse("admin:cases"), **context)

    def perform(self, form: Any) -> Case:
        accounts = list(form.cleaned_data["accounts"])
        return services.open_case(self.user, form.request(), form.details(), accounts, form.cleaned_data.get("proof"))

    def done_url(self, outcome: Any) -> str:
        return case_url(outcome) if isinstance(outcome, Case) else reverse("admin:cases")


class ShowPage(CasePage):
    """One case: who asks, how long there is, and what each client decides and does."""

    template_name = "cases/case.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        case = self.case
        self.title = case_name(case)
        parts = list(services.parts_for(self.user, case).select_related("proof_file"))
        # Before the steps are read: what moves on between the two makes the page show itself anew, not wait for ever.
        waits = _waits(case, parts)
        unfinished = any(part.is_open for part in parts)
        state = services.state_of(case, parts)
        editable = set(policy.accounts_for(self.user, "edit").values_list("pk", flat=True))
        addable = policy.accounts_for(self.user, "edit").exclude(pk__in=[part.account_id for part in parts])
        may_edit = any(part.account_id in editable for part in parts)
        return self.render(
            case=case,
            known=details.read(case) if services.may_know_who(self.user, case, parts) else None,
            clock=clocks.clock(case) if unfinished else None,
            state=state_words(state),
            tone=TONES[state],
            parts=[self._part(part, part.account_id in editable) for part in parts],
            may_edit=may_edit and unfinished,
            addable=may_edit and unfinished and addable.exists(),
            waits=waits,
        )

    def _part(self, part: CasePart, may_edit: bool) -> dict[str, Any]:
        steps = list(services.told_steps(part))
        done = services.work_done(part)
        return {
            "part": part,
            "tone": {"waiting": "warn", "held": "bad", "doing": "info", "done": "good", "refused": "quiet"}[part.state],
            "may_edit": may_edit,
            "may_decide": may_edit and again.is_offered(self.user, part),
            "unsendable": carrying.is_at_a_standstill(part) and not carrying.takes_changes(part.account),
            "shows_proof": part.proof_file is not None and services.may_know_who(self.user, part.case, [part]),
            "gives": part.case.kind in (Case.Kind.ACCESS, Case.Kind.PORTABILITY) and part.is_open,
            "to_answer": part.state == "doing" and done and part.case.kind != Case.Kind.UNSUBSCRIBE,
            "steps": [{"step": step, "change_url": self._change_url(part, step)} for step in steps],
            "certificate": any(step.outcome == "erased" for step in steps),
            "correct": part.decision == CasePart.Decision.CORRECT and part.is_open,
            "client_url": address(self.request, "admin:index", account=part.account),
        }

    def _change_url(self, part: CasePart, step: Any) -> str:
        if step.change_id is None:
            return ""
        return address(self.request, "admin:sync_change_detail", step.change_id, account=part.account)


class StatusPage(CasePage):
    """For the page that waits: whether anything of the parts that may be seen has moved on since it was shown."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        parts = list(services.parts_for(self.user, self.case))
        for part in parts:
            carrying.nudge(part)
        return JsonResponse({"final": _seen(parts) != request.GET.get("seen")})


def _waits(case: Case, parts: list[CasePart]) -> str:
    """Where a page asks whether something has moved on; "" when nothing will by itself."""
    if not any(carrying.is_moving(part) for part in parts):
        return ""
    return f"{reverse('admin:case_status', args=[case.pk])}?{urlencode({'seen': _seen(parts)})}"


def _seen(parts: list[CasePart]) -> str:
    """How the parts stand, short enough for an address."""
    steps = CaseStep.objects.filter(part__in=parts).order_by("pk").values_list("pk", "outcome")
    return hashlib.sha256(repr(([(part.pk, part.state) for part in parts], list(steps))).encode()).hexdigest()[:16]


class IdentityPage(CaseFormPage):
    """How somebody made sure that it is this person."""

    form_class = IdentityForm
    title = gettext_lazy("Make sure who asks")
    submit_label = gettext_lazy("Save")

    def initial(self) -> dict[str, Any]:
        return {"how": details.read(self.case).identity}

    def perform(self, form: Any) -> str:
        services.identify(self.user, self.case, form.cleaned_data["how"])
        return "identified"


class ClientsPage(CaseFormPage):
    """Take further clients into the case."""

    form_class = ClientsForm
    title = gettext_lazy("Add clients to this case")
    submit_label = gettext_lazy("Add them")

    def form_kwargs(self) -> dict[str, Any]:
        return {"user": self.user, "case": self.case}

    def perform(self, form: Any) -> str:
        services.add_clients(self.user, self.case, list(form.cleaned_data["accounts"]))
        return "added"
