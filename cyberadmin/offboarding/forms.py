"""What staff type in the steps of an off-boarding."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.forms import PageForm, ReasonForm
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
    """As what the lists are written."""

    form = forms.ChoiceField(
        label=_("Format of the lists"), choices=ExportJob.Form.choices, widget=forms.RadioSelect, initial="csv"
    )


class PurgeForm(ReasonForm):
    """The client's name, typed, and why."""

    name = forms.CharField(
        label=_("Name of the client"),
        max_length=120,
        help_text=_("Type it exactly as it stands above, so that no other client is meant."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order: Any = ("name", "why")
