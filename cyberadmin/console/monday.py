"""The first page after the log-in: all one's clients by what needs somebody, worst first (product.md N6, W17)."""

from collections import Counter
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.my_clients import MyClientsPage
from cyberadmin.accounts.scoping import place

from . import needs
from .needs import Need, Severity

#: How each severity looks.
TONES = {Severity.BROKEN: "bad", Severity.LATE: "warn", Severity.SOON: "info", Severity.NOTE: "quiet"}
ICONS = {
    Severity.BROKEN: "error",
    Severity.LATE: "front_hand",
    Severity.SOON: "schedule",
    Severity.NOTE: "forward_to_inbox",
}


@dataclass(frozen=True)
class Line:
    """A need with the address that repairs it ("" = none) and how it looks."""

    need: Need
    url: str

    @property
    def tone(self) -> str:
        """Its colour family."""
        return TONES[self.need.severity]

    @property
    def icon(self) -> str:
        """Its symbol."""
        return ICONS[self.need.severity]


@dataclass(frozen=True)
class Part:
    """The lines of one client, or of the installation (`account` None), worst first. `url`: the client's own page."""

    account: Account | None
    url: str
    lines: list[Line]

    @property
    def worst(self) -> Severity:
        """The most urgent of its lines."""
        return self.lines[0].need.severity


@dataclass(frozen=True)
class Overview:
    """Everything that needs somebody by client, worst clients first; and what is only good to know, by date."""

    urgent: list[Part]
    notes: list[Line]


def overview(found: list[Need], root: str) -> Overview:
    """The needs by client; `root` is where the console begins, "/" at its end."""
    lines = [Line(need, url_of(need, root)) for need in found]
    parts: dict[int, Part] = {}
    for line in lines:
        if line.need.severity != Severity.NOTE:
            account = line.need.account
            url = place(root, "admin:index", account=account)
            parts.setdefault(account.pk if account else 0, Part(account, url, [])).lines.append(line)
    ordered = sorted(parts.values(), key=lambda part: (part.account is not None, part.worst, -_weight(part)))
    return Overview(ordered, [line for line in lines if line.need.severity == Severity.NOTE])


def _weight(part: Part) -> int:
    """How many lines a client has of its worst kind."""
    return sum(line.need.severity == part.worst for line in part.lines)


def url_of(need: Need, root: str) -> str:
    """The address of the page that repairs it, or ""."""
    if not need.page:
        return ""
    url = place(root, need.page, *need.args, account=need.account if need.inside else None)
    return f"{url}?{need.query}" if need.query else url


class MondayPage(MyClientsPage):
    """What needs this person over all their clients; each line leads to the repair. `?show=` narrows it to one kind."""

    template_name = "console/monday.html"
    title = gettext_lazy("What needs you")

    def get(self, request: HttpRequest) -> HttpResponse:
        accounts = list(policy.accounts_for(self.user))
        found = needs.of(self.user, accounts)
        wanted = request.GET.get("show", "")[:40]
        kinds = [(kind, needs.label(kind), number) for kind, number in Counter(need.kind for need in found).items()]
        if wanted not in {kind for kind, _label, _number in kinds}:
            wanted = ""
        root = (request.META.get("SCRIPT_NAME") or "").rstrip("/") + "/"
        shown = [need for need in found if not wanted or need.kind == wanted]
        return self.render(overview=overview(shown, root), kinds=kinds, wanted=wanted, accounts=accounts)
