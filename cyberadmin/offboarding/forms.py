"""What staff type in the steps of an off-boarding."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.forms import PageForm, ReasonForm
from cyberadmin.exports.fields import CountField
from cyberadmin.exports.models import ExportJob


class BeginForm(ReasonForm):
    """Why the client leaves, when, and who said so."""

    asked_by = forms.CharField(
        label=_("Who asked for it"), max_length=200, help_text=_("The contact at the client, and how they told you.")
    )
    mandate_ends_on = forms.DateField(
        label=_("Mandate ends on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class FileForm(PageForm):
    """As what the lists are written, and the number of people where it must be typed."""

    form = forms.ChoiceField(
        label=_("Format of the lists"), choices=ExportJob.Form.choices, widget=forms.RadioSelect, initial="csv"
    )
    typed_count = CountField(label=_("Number of people, typed"), required=False, min_value=0, widget=forms.TextInput)

    def __init__(self, *args: Any, people: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        typed: Any = self.fields["typed_count"]
        # The service, not the form, refuses a missing number.
        typed.needed = True
        typed.widget.attrs.update(inputmode="numeric", autocomplete="off")
        if not people:
            del self.fields["typed_count"]


class PurgeForm(ReasonForm):
    """The client's name, typed, and why."""

    name = forms.CharField(
        label=_("Name of the client"),
        max_length=120,
        help_text=_("Type it exactly as it stands above, so that no other client is meant."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order: Any = ("name", "why")
