"""Outside every client, for administrators: the clients who have left, what was destroyed, and the certificate."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import audit, numbers, policy
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.scoping import AgencyPage
from cyberadmin.history import timeline
from cyberadmin.history.pages import Teller
from cyberadmin.offboarding import certificate, standing
from cyberadmin.offboarding.models import OffBoarding

PER_PAGE = 50
#: Entries of the history on the page of one client; all of them are in the history over all clients.
ENTRIES = 100


class ListPage(AgencyPage):
    """The clients who have left, the latest first."""

    template_name = "offboarding/ended_list.html"
    title = gettext_lazy("Clients who have left")

    def get(self, request: HttpRequest) -> HttpResponse:
        gone = (OffBoarding.State.PURGING, OffBoarding.State.ENDED)
        rows = OffBoarding.objects.filter(state__in=gone).select_related("account")
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        return self.render(rows=page.object_list, page=page)


class EndedPage(AgencyPage):
    """A page about one client who has left."""

    @cached_property
    def off_boarding(self) -> OffBoarding:
        """The off-boarding of the client in the address. Raises Http404."""
        gone = (OffBoarding.State.PURGING, OffBoarding.State.ENDED)
        rows = OffBoarding.objects.filter(account__slug=self.kwargs["slug"], state__in=gone)
        found = rows.filter(account__in=policy.ended_for(self.request.user)).select_related("account").first()
        if found is None:
            raise Http404
        return found

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Clients who have left"), reverse("admin:ended_clients"))]


class ShowPage(EndedPage):
    """What became of the client: how far the purge is, what went, and the history that stays."""

    template_name = "offboarding/ended.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        self.title = self.off_boarding.client_name
        work = standing.purge_of(self.off_boarding)
        teller = Teller(request, set(), set())
        here = Account.objects.filter(pk=self.off_boarding.account_id)
        lines, following = timeline.page(here, timeline.Asked(), timeline.Cursor())
        return self.render(
            off_boarding=self.off_boarding,
            steps=self.off_boarding.steps.order_by("at"),
            work=work,
            moving=self.off_boarding.state == OffBoarding.State.PURGING,
            total=numbers.grouped(sum(work.counts.values())) if work is not None else "",
            destroyed=certificate.destroyed(self.off_boarding),
            lines=[teller.tell(line) for line in lines],
            more=bool(following),
        )


class StatusPage(EndedPage):
    """Whether the purge is over, for the page that waits for it."""

    def get(self, request: HttpRequest, slug: str) -> JsonResponse:
        return JsonResponse({"final": self.off_boarding.state == OffBoarding.State.ENDED})


class CertificatePage(EndedPage):
    """The certificate to be printed, in French and English; as a text file with ?language=."""

    template_name = "offboarding/certificate.html"
    title = gettext_lazy("Certificate of destruction")

    def crumbs(self) -> list[tuple[Any, str]]:
        page = reverse("admin:ended_client", args=[self.kwargs["slug"]])
        return [*super().crumbs(), (self.off_boarding.client_name, page)]

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        found = self.off_boarding
        if found.state != OffBoarding.State.ENDED:
            raise Http404
        language = request.GET.get("language", "")
        if language in Account.Language.values:
            return self._file(found, language)
        made = [(label, certificate.certificate(found, code)) for code, label in Account.Language.choices]
        return self.render(off_boarding=found, certificates=made)

    def _file(self, found: OffBoarding, language: str) -> HttpResponse:
        audit.record("offboarding.certificate", actor=self.user, account=found.account, client=found.client_name)
        # With a byte order mark, so that Notepad shows the accents.
        text = "\ufeff" + certificate.text(certificate.certificate(found, language)).replace("\n", "\r\n")
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
        name = f"certificate-{found.account.slug}-{language}.txt"
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
        return response
