"""Forms about templates. What titles and bodies may be is decided in services.py alone."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.models import Account

from .models import EmailTemplate


class NeededField(forms.CharField):
    """Not called optional on the page, although the service and not the form refuses an empty one."""

    needed = True


class TemplateForm(PageForm):
    """A title and two bodies."""

    title = NeededField(
        label=_("Title"), required=False, strip=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    body_html = NeededField(
        label=_("HTML version"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "class": "et-code", "data-body": "html"}),
        help_text=_("Pasted whole, as your tool exports it. Scripts and forms do nothing in mail programs."),
    )
    body_text = forms.CharField(
        label=_("Text version"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "et-code", "data-body": "text"}),
        help_text=_("For people who read without HTML. It can be made from the HTML version, then edited."),
    )

    @property
    def values(self) -> dict[str, str]:
        """What the service takes."""
        return {name: self.cleaned_data[name] for name in ("title", "body_html", "body_text")}


class ReplaceForm(TemplateForm):
    """A whole replacement, with the version and the values (as a kept version of the template) that the page showed."""

    edit_version = forms.IntegerField(widget=forms.HiddenInput)
    shown_version = forms.IntegerField(widget=forms.HiddenInput)


def replace_initial(template: EmailTemplate, values: dict[str, str]) -> dict[str, Any]:
    """The first values of a `ReplaceForm`; `values` may be those of an older version that is to come back."""
    latest = template.versions.order_by("-pk").values_list("pk", flat=True).first()
    return {**values, "edit_version": template.edit_version, "shown_version": latest}


class WhyForm(PageForm):
    """A reason that may be left out."""

    why = forms.CharField(label=_("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ChooseForm(PageForm):
    """The clients that a copy goes to."""

    clients = forms.MultipleChoiceField(
        label=_("Clients"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one client.")},
    )

    def __init__(self, *args: Any, accounts: list[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients: Any = self.fields["clients"]
        clients.choices = [(str(account.pk), account.name) for account in accounts]


class ApplyForm(PageForm):
    """The plan that was shown, and the clients where replacing was ticked."""

    agreed = forms.CharField(widget=forms.HiddenInput)
    replace = forms.TypedMultipleChoiceField(coerce=int, required=False, choices=())

    def __init__(self, *args: Any, accounts: list[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        replace: Any = self.fields["replace"]
        replace.choices = [(account.pk, account.name) for account in accounts]

    def clean_agreed(self) -> list[list[Any]]:
        """Keys of the plan's lines."""
        try:
            agreed = json.loads(self.cleaned_data["agreed"])
        except ValueError:
            agreed = None
        if not isinstance(agreed, list) or not all(isinstance(key, list) for key in agreed):
            raise forms.ValidationError(_("Reload the page: this form is damaged."))
        return agreed
