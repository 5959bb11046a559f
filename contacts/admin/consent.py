"""The consent of one contact: what is known of it, setting it, and correcting an address that bounced."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.consent import ledger, proofs, setting, typos, words
from contacts.consent.correcting import correct
from contacts.consent.forms import ConsentForm, CorrectForm
from contacts.models import Contact, ProofFile
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.scoping import ScopedPage
from cyberadmin.sync.models import Change

from .pages import back_to
from .verbs import VerbPage

#: So many records are shown of one address; all of them are in its file.
MOST = 200


def consent_url(contact: Contact) -> str:
    """The page about a contact's consent."""
    return reverse("admin:contacts_contact_consent", args=[contact.pk])


class ConsentPage(ScopedPage):
    """What Cyberimpact holds, what is on its way, and everything that was ever written down for this address."""

    template_name = "contacts/consent_page.html"
    title = gettext_lazy("Consent")

    def crumbs(self) -> list[tuple[Any, str]]:
        return back_to(self.obj)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        export = f"{reverse('admin:contacts_consentrecord_export')}?email={self.obj.email}"
        return self.render(
            contact=self.obj,
            records=ledger.of_address(self.account, self.obj.email)[:MOST],
            export_url=export,
            is_open=self.obj.state == Contact.State.SUBSCRIBED and self.obj.deleted_at is None,
        )


class SetConsentPage(VerbPage):
    """Stating what a person consented to. Nothing is preset, nothing is presumed."""

    form_class = ConsentForm
    template_name = "contacts/consent_set.html"
    title = gettext_lazy("Set the consent")
    submit_label = gettext_lazy("Set this consent")

    def make_form(self, data: QueryDict | None = None) -> PageForm:
        return ConsentForm(data, self.request.FILES if data is not None else None)

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*back_to(self.obj), (_("Consent"), consent_url(self.obj))]

    def show(self, form: PageForm, **context: Any) -> HttpResponse:
        return super().show(form, relations=words.table(), **context)

    def perform(self, form: Any) -> Change:
        kept = self._keep(form)
        try:
            facts = form.facts(kept.pk if kept else None)
            return setting.set_consent(self.user, self.obj, facts, form.cleaned_data["why"])
        except BaseException:
            if kept is not None:
                proofs.STORE.delete(self.account.pk, kept.stored_name)
            raise

    def _keep(self, form: ConsentForm) -> ProofFile | None:
        """Seal the chosen file, once everything else that was stated is in order."""
        if form.upload is None:
            return None
        if found := setting.problems(self.user, self.account, form.facts(0)):
            raise ValidationError(found)
        return proofs.keep(self.account, str(form.upload.name), form.upload, self.user)

    def done_url(self, outcome: Any) -> str:
        return consent_url(self.obj)


class CorrectPage(VerbPage):
    """The right address of somebody whose address bounced, as a contact of its own."""

    form_class = CorrectForm
    template_name = "contacts/consent_correct.html"
    title = gettext_lazy("Correct the address")
    submit_label = gettext_lazy("Add the right address")
    offered_to = (Contact.State.BOUNCED,)

    def show(self, form: PageForm, **context: Any) -> HttpResponse:
        return super().show(form, suggestion=typos.suggestion(self.obj.email), **context)

    def initial(self) -> dict[str, Any]:
        # The suggestion stands in the form only after somebody clicked it.
        return {"email": self.request.GET.get("email", "")[:254]}

    def perform(self, form: Any) -> Contact:
        return correct(self.user, self.obj, form.cleaned_data["email"], form.cleaned_data["why"])

    @property
    def success_text(self) -> str:
        return _("Added with implied consent. Now say what this address consented to; the old contact stays as it is.")

    def done_url(self, outcome: Any) -> str:
        if isinstance(outcome, Contact):
            return reverse("admin:contacts_contact_setconsent", args=[outcome.pk])
        return super().done_url(outcome)
