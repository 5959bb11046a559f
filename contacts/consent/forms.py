"""Forms about consent. Nothing in them is preset: no relation, no date, no basis (product.md 3d-4)."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from contacts.models import Relation
from cyberadmin.accounts.forms import PageForm

from . import terms
from .asking import Basis
from .ledger import Facts
from .proofs import ACCEPTED
from .setting import LONGEST_PROOF


def relation_choices() -> list[Any]:
    """The relations by type of consent, nothing chosen."""
    express = [choice for choice in Relation.choices if choice[0] in terms.EXPRESS]
    implied = [choice for choice in Relation.choices if choice[0] not in terms.EXPRESS]
    return [("", "—"), (_("Express consent"), express), (_("Implied consent"), implied)]


class ConsentForm(PageForm):
    """A consent as somebody states it; what is needed is the service's to say (contacts/consent/setting.py)."""

    relation = forms.CharField(label=_("What it rests on"), required=False, widget=forms.Select())
    given_on = forms.DateField(
        label=_("Given on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_(
            "The day of the consent itself: of the purchase, the inquiry, the signature. Without it no end is known."
        ),
    )
    how = forms.CharField(
        label=_("How"),
        required=False,
        max_length=200,
        help_text=_("A box that the person ticked, a signed sheet, a call."),
    )
    place = forms.CharField(
        label=_("Where"),
        required=False,
        max_length=200,
        help_text=_("The address of the form, the counter, the event."),
    )
    proof = forms.CharField(
        label=_("Proof"),
        required=False,
        max_length=LONGEST_PROOF,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The words that the person accepted, or a number of an invoice. Cyberimpact keeps this text."),
    )
    proof_file = forms.FileField(
        label=_("Proof as a file"),
        required=False,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        help_text=_("PDF, JPEG, PNG or text. It is kept encrypted here and never sent to Cyberimpact."),
    )
    why = forms.CharField(label=_("Remark"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relation: Any = self.fields["relation"]
        relation.widget.choices = relation_choices()
        relation.needed = True

    @property
    def upload(self) -> "UploadedFile[Any] | None":
        """The chosen file."""
        return self.cleaned_data.get("proof_file")

    def facts(self, proof_file_id: int | None = None) -> Facts:
        """What was stated."""
        given = self.cleaned_data
        return Facts(
            relation=given["relation"],
            given_on=given["given_on"],
            proof=given["proof"].strip(),
            proof_file_id=proof_file_id,
            how=given["how"].strip(),
            place=given["place"].strip(),
        )


class OptinForm(PageForm):
    """What allows us to ask this person."""

    basis = forms.ChoiceField(
        label=_("What allows you to write to this person?"), choices=Basis.choices, widget=forms.RadioSelect
    )
    why = forms.CharField(
        label=_("In your words"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("When and how they asked, or which relation there is. Kept in the consent ledger with your name."),
    )


class CorrectForm(PageForm):
    """The right address of somebody whose address bounced."""

    email = forms.CharField(
        label=_("Right address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    why = forms.CharField(
        label=_("How do you know it?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept in the history with your name."),
    )
