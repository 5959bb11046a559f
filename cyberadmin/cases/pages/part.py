"""One client's part of a case: the decision, the files, the letters, the certificate."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from contacts.consent import proofs
from cyberadmin.accounts import audit
from cyberadmin.accounts.downloads import as_file
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.cases import again, certificate, details, files, finding, letters, services
from cyberadmin.cases.forms import DecisionForm, SentForm
from cyberadmin.cases.models import CasePart
from cyberadmin.sync.models import Change
from cyberadmin.sync.uploads import UploadError

from .base import CaseFormPage, CasePage, PartMixin, case_url


class PartFormPage(PartMixin, CaseFormPage):
    """A form about one client's part, for who may edit there."""

    def check(self) -> None:
        # A part that is not this person's is missing rather than forbidden: asking for the right looks it up.
        if not self.may_edit:
            raise PermissionDenied

    def show(self, form: Any, **context: Any) -> Any:
        return super().show(form, part=self.part, **context)


class DecidePage(RecentPassword, PartFormPage):
    """What this client decides. What it would meet is said before."""

    form_class = DecisionForm
    template_name = "cases/decide.html"
    submit_label = gettext_lazy("Decide")

    @property
    def title(self) -> Any:
        return _("Decide for %(client)s") % {"client": self.part.account.name}

    def form_kwargs(self) -> dict[str, Any]:
        return {"part": self.part, "user": self.user}

    def show(self, form: Any, **context: Any) -> Any:
        part = self.part
        known = details.read(part.case)
        people = [(email, finding.of_client(part.account, email, True)) for email in known.addresses]
        facts = [_facts(email, one) for email, one in people]
        context |= {"not_offered": not again.is_offered(self.user, part), "by_hand": again.may_end_by_hand(part)}
        return super().show(form, facts=facts, **context)

    def perform(self, form: Any) -> CasePart:
        given = form.cleaned_data
        return again.decide(self.user, self.part, given["decision"], given["why"], given.get("ground", ""))

    def announce(self, outcome: Any) -> None:
        done = services.work_done(outcome)
        messages.success(
            self.request, _("Noted.") if done else _("Decided. What has to be done at Cyberimpact begins at once.")
        )


def _facts(email: str, one: finding.PerClient) -> dict[str, Any]:
    """What a decision about this address would meet. A wish to leave that waits is never taken back."""
    opened = [change for change, _said in one.changes if change.is_open]
    waiting = [change for change in opened if change.verb != Change.Verb.UNSUBSCRIBE]
    return {
        "email": email,
        "contact": one.contact if one.contact and one.contact.gone_at is None else None,
        "waiting": waiting,
        "unsubscribing": len(waiting) < len(opened),
        "in_flight": any(change.state in Change.IN_FLIGHT for change in opened),
    }


class FilePage(RecentPassword, PartMixin, CasePage):
    """The file of the person in this client, made at this moment by a POST: making it is kept in the history."""

    form: str = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Back from the question for the password: to the page with the button."""
        return HttpResponseRedirect(case_url(self.part.case))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        part = self.part
        if part.case.forgotten_at is not None or part.case.needs_identity or not part.is_open:
            raise Http404
        services.note_given(self.user, part, self.form)
        known = details.read(part.case)
        with override(part.case.language):
            whole = files.content(part, known.addresses)
        body = files.as_json(whole) if self.form == "json" else files.as_csv(whole, part.case.language)
        return _download(body, files.TYPES[self.form], f"case-{part.case_id}-{part.account.slug}.{self.form}")


class JsonPage(FilePage):
    """For machines."""

    form = "json"


class CsvPage(FilePage):
    """For people."""

    form = "csv"


class ProofPage(PartMixin, CasePage):
    """The request as it came, as a download that no browser runs."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        part = self.part
        if part.proof_file is None or not services.may_know_who(self.user, part.case, [part]):
            raise Http404
        try:
            response = proofs.download(part.proof_file)
        except UploadError as error:
            raise Http404 from error
        audit.record("case.proof_opened", actor=self.user, account=part.account, case=part.case_id)
        return response


class LettersPage(PartFormPage):
    """The acknowledgement and the answer in both languages, and when they were sent."""

    form_class = SentForm
    template_name = "cases/letters.html"
    which = "acknowledgement"
    submit_label = gettext_lazy("It was sent")
    success_text = gettext_lazy("Noted.")

    @property
    def title(self) -> Any:
        named = {"client": self.part.account.name}
        if self.which == "answer":
            return _("Answer of %(client)s") % named
        return _("Acknowledgement of %(client)s") % named

    def show(self, form: Any, **context: Any) -> Any:
        part = self.part
        open_still = part.is_open and part.case.forgotten_at is None
        shown = letters.letters(part, self.which) if open_still else []
        return super().show(form, letters=shown, which=self.which, not_offered=not open_still, **context)

    def perform(self, form: Any) -> str:
        services.note_sent(self.user, self.part, self.which, form.cleaned_data["on"])
        return "sent"


class AnswerPage(LettersPage):
    """The answer."""

    which = "answer"


class CertificatePage(PartMixin, CasePage):
    """What was erased in this client; as text with ?language=."""

    template_name = "cases/certificate.html"
    title = gettext_lazy("Certificate of erasure")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (_("Case %(number)s") % {"number": self.case.pk}, case_url(self.case))]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        part = self.part
        if not certificate.is_offered(part):
            raise Http404
        language = request.GET.get("language", "")
        if language in Account.Language.values:
            audit.record("case.certificate", actor=self.user, account=part.account, case=part.case_id)
            text = "\ufeff" + certificate.text(part, language).replace("\n", "\r\n")
            name = f"case-{part.case_id}-{part.account.slug}-{language}.txt"
            return _download(text.encode(), "text/plain; charset=utf-8", name)
        texts = [(code, label, certificate.text(part, code)) for code, label in Account.Language.choices]
        return self.render(part=part, texts=texts)


def _download(body: bytes, media_type: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=media_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return as_file(response, name)
