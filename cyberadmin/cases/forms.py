"""Forms about cases. The day of receipt and the clients are never filled in by us."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from contacts.consent.proofs import ACCEPTED
from cyberadmin.accounts import policy
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.models import Account

from . import again, services
from .details import Details
from .models import Case, CasePart


def _day(**kwargs: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


class ClientsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Clients on which the person may edit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Account.objects.none(), widget=forms.CheckboxSelectMultiple, **kwargs)


class OpenForm(PageForm):
    """A request as it came in."""

    kind = forms.ChoiceField(label=_("What does the person ask?"), choices=Case.Kind.choices, widget=forms.RadioSelect)
    received_on = _day(
        label=_("Received on"),
        help_text=_("The day on which the request came, not the day of writing it down. The clock starts here."),
    )
    channel = forms.ChoiceField(label=_("How did it come?"), choices=[("", "—"), *Case.Channel.choices])
    who = forms.CharField(label=_("Who asks?"), max_length=200, help_text=_("The name, as the letters will say it."))
    addresses = forms.CharField(
        label=_("E-mail addresses of this person"),
        max_length=1500,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("One a line. Only addresses that the person named or proved."),
    )
    language = forms.ChoiceField(label=_("Language of the person"), choices=[("", "—"), *Account.Language.choices])
    accounts = ClientsField(
        label=_("Clients concerned"),
        help_text=_("Those that the person named. Each client decides for itself; more can be added later."),
    )
    identity = forms.CharField(
        label=_("How did you make sure that it is this person?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "For example: wrote from this address; called back at the number on file. Law 25 requests wait for it."
        ),
    )
    proof = forms.FileField(
        label=_("The request as a file"),
        required=False,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        help_text=_(
            "PDF, JPEG, PNG or text, kept encrypted. Everybody who works on one of the clients chosen can open it: leave "
            "out what concerns others."
        ),
    )
    note = forms.CharField(
        label=_("In the person’s words"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients: Any = self.fields["accounts"]
        clients.queryset = policy.accounts_for(user, "edit")

    def request(self) -> services.Request:
        """What came in."""
        given = self.cleaned_data
        return services.Request(given["kind"], given["channel"], given["received_on"], given["language"])

    def details(self) -> Details:
        """Who it is."""
        given = self.cleaned_data
        addresses = tuple(given["addresses"].replace(",", "\n").replace(";", "\n").split("\n"))
        return Details(given["who"].strip(), addresses, given["note"].strip(), given["identity"].strip())


class IdentityForm(PageForm):
    """How somebody made sure that it is this person."""

    how = forms.CharField(
        label=_("How did you make sure that it is this person?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Write what you compared, and keep no copy of an identity card."),
    )


class ClientsForm(PageForm):
    """Further clients of a case."""

    accounts = ClientsField(label=_("Clients to add"))

    def __init__(self, *args: Any, user: User, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients: Any = self.fields["accounts"]
        inside = services.parts_for(user, case).values("account")
        clients.queryset = policy.accounts_for(user, "edit").exclude(pk__in=inside)


class DecisionForm(PageForm):
    """What one client decides."""

    decision = forms.ChoiceField(label=_("Decision for this client"), widget=forms.RadioSelect)
    ground = forms.ChoiceField(
        label=_("Legal reason"),
        required=False,
        choices=[("", "—"), *CasePart.Ground.choices],
        help_text=_("Only for a refusal; the answer names it."),
    )
    why = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept with your name after the person is forgotten: leave names and addresses out."),
    )

    def __init__(self, *args: Any, part: CasePart, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        decision: Any = self.fields["decision"]
        decision.choices = again.choices(user, part)
        if CasePart.Decision.REFUSE not in services.decisions_for(part):
            del self.fields["ground"]


class SentForm(PageForm):
    """A letter that went out."""

    on = _day(label=_("Sent on"))
