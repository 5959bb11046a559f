"""Who received, opened, clicked, bounced or left: the eight lists of a mailing, on demand."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy

from campaigns import results
from campaigns.models import Mailing, RecipientList
from cyberadmin.accounts.forms import PageForm
from cyberadmin.sync.pages import FormPage

from .common import mailing_url
from .mailing import OfMailing

PER_PAGE = 100


class OfList(OfMailing):
    """A page about one list of one mailing; everybody unless the address names another."""

    @property
    def outcome(self) -> str:
        """The list in the address."""
        wanted = self.request.GET.get("outcome", "")
        return wanted if wanted in RecipientList.Outcome.values else RecipientList.Outcome.ALL

    @property
    def words(self) -> str:
        """The list in words."""
        return str(RecipientList.Outcome(self.outcome).label)

    @property
    def read(self) -> RecipientList | None:
        """What is known of the list."""
        found: RecipientList | None = RecipientList.objects.filter(mailing=self.obj, outcome=self.outcome).first()
        return found

    def here_url(self, name: str = "recipients") -> str:
        """This list on one of its pages."""
        return f"{mailing_url(self.obj, name)}?outcome={self.outcome}"


class RecipientsPage(OfList, FormPage):
    """One list as it was read last; reading it again is a click."""

    right = "view"
    form_class = PageForm
    template_name = "campaigns/recipients.html"
    title = gettext_lazy("Recipients")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        mailing: Mailing = self.obj
        pages = Paginator(results.recipients(mailing, self.outcome), PER_PAGE)
        read = self.read
        return super().show(
            form,
            mailing=mailing,
            outcome=self.outcome,
            words=self.words,
            outcomes=RecipientList.Outcome.choices,
            read=read,
            waiting=read is not None and read.state in ("waiting", "reading"),
            left=mailing.stage in results.LEFT and mailing.remote_id is not None,
            rows=pages.get_page(self.request.GET.get("p")),
            status_url=self.here_url("recipients_status"),
            cancel_url=mailing_url(mailing),
            **context,
        )

    def perform(self, form: Any) -> Any:
        return results.request_recipients(self.user, self.obj, self.outcome)

    def announce(self, outcome: Any) -> None:
        """The page shows how far the reading is."""

    def done_url(self, outcome: Any) -> str:
        return self.here_url()


class RecipientsStatus(OfList):
    """How far a reading is, for the page that waits for it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        read = self.read
        final = read is None or read.state not in ("waiting", "reading")
        done, total = (read.progress, read.total) if read else (0, 0)
        return JsonResponse({"final": final, "progress": done, "total": total})
