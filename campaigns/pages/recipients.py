"""Who received, opened, clicked, bounced or left: the eight lists of a mailing, on demand, and as a file."""

import csv
from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import results
from campaigns.models import Mailing, RecipientList
from cyberadmin.accounts import audit
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.sync.pages import FormPage
from cyberadmin.sync.spreadsheet import safe

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
            export_url=self.here_url("recipients_export"),
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


class _Line:
    """A file of which each written line comes straight back."""

    def write(self, text: str) -> str:
        """The line itself."""
        return text


class RecipientsExport(OfList):
    """The list as it was read last, for a spreadsheet: UTF-8 that Excel recognises, nothing that it would compute."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        audit.record(
            "mailing.exported", actor=self.user, account=self.account, mailing=self.obj.pk, outcome=str(self.outcome)
        )
        response = StreamingHttpResponse(self._lines(), content_type="text/csv; charset=utf-8")
        name = slugify(f"{self.obj.pk}-{self.outcome}")
        response["Content-Disposition"] = f'attachment; filename="recipients-{name}.csv"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response

    def _lines(self) -> Iterator[str]:
        writer: Any = csv.writer(_Line())
        yield "\ufeff" + writer.writerow([_("E-mail address"), _("Name"), _("When"), _("Number at Cyberimpact")])
        rows = results.recipients(self.obj, self.outcome).values_list("email", "name", "happened_at", "member_id")
        for email, name, when, member in rows.iterator(chunk_size=2_000):
            moment = moment_text(when, self.account) if when else ""
            yield writer.writerow([safe(email), safe(name), moment, member or ""])
