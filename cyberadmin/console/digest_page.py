"""Where one says whether, and how often, one wants the first page by e-mail."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import audit
from cyberadmin.accounts.forms import PageForm
from cyberadmin.figures.models import DigestChoice
from cyberadmin.people.pages.base import PersonalPage
from cyberadmin.sync.pages import FormPage

from . import digest


class DigestForm(PageForm):
    """How often."""

    rhythm = forms.ChoiceField(
        label=gettext_lazy("Send it to me"), choices=DigestChoice.Rhythm.choices, widget=forms.RadioSelect
    )


class DigestPage(PersonalPage, FormPage):
    """The choice, the address it goes to, and what stands in the way."""

    form_class = DigestForm
    template_name = "console/digest_choice.html"
    title = gettext_lazy("What needs you, by e-mail")
    submit_label = gettext_lazy("Save")

    def initial(self) -> dict[str, Any]:
        choice = DigestChoice.objects.filter(user=self.user).first()
        return {"rhythm": choice.rhythm if choice else DigestChoice.Rhythm.NEVER}

    def perform(self, form: Any) -> str | None:
        wanted, before = form.cleaned_data["rhythm"], self.initial()["rhythm"]
        if wanted == before:
            return None
        if wanted != DigestChoice.Rhythm.NEVER and not self.user.email:
            raise ValidationError({"rhythm": _("Your log-in has no e-mail address. Ask an administrator to add it.")})
        DigestChoice.objects.update_or_create(user=self.user, defaults={"rhythm": wanted})
        if wanted == DigestChoice.Rhythm.NEVER:
            audit.record("digest.stopped", actor=self.user, before=before)
        else:
            audit.record("digest.asked", actor=self.user, before=before, after=wanted)
        return "chosen"

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:digest")

    def announce(self, outcome: Any) -> None:
        # Nothing is on its way to the vendor here, so the sentence for "nothing changed" of other forms would puzzle.
        super().announce(outcome or "unchanged")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        facts = {"configured": digest.is_configured(), "address": self.user.email, "zone": settings.TIME_ZONE}
        return super().show(form, cancel_url=reverse("admin:me"), **facts, **context)


PAGES = (("me/digest/", "digest", DigestPage),)
