"""Forms about contacts. What a value may be is decided in services.py alone; the forms only carry what was typed."""

import json
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.forms import PageForm, SeenForm
from cyberadmin.accounts.models import Account
from cyberadmin.sync import registry
from groups.models import Group

from .countries import COUNTRIES
from .models import Contact, CustomField

PLAIN = (
    "email",
    "first_name",
    "last_name",
    "company",
    "language",
    "gender",
    "birth_date",
    "postal_code",
    "country",
    "note",
)


def typed(value: Any) -> str:
    """A value as its input would send it back."""
    return "" if value is None else str(value).replace("\r\n", "\n")


def _text(label: Any, **attrs: str) -> forms.CharField:
    return forms.CharField(label=label, required=False, strip=False, widget=forms.TextInput(attrs=attrs))


def _choice(label: Any, choices: list[Any]) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=forms.Select(choices=[("", "—"), *choices]))


class ContactForm(PageForm):
    """The fields of a contact, the client's custom fields among them."""

    email = forms.CharField(
        label=_("E-mail address"), strip=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    first_name = _text(_("First name"), autocomplete="off")
    last_name = _text(_("Last name"), autocomplete="off")
    company = _text(_("Company"), autocomplete="off")
    language = _choice(_("Language"), list(Contact.Language.choices))
    gender = _choice(_("Gender"), list(Contact.Gender.choices))
    birth_date = _text(_("Birth date"), type="date")
    postal_code = _text(_("Postal code"), autocomplete="off")
    country = _choice(_("Country"), [])
    note = forms.CharField(label=_("Note"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country: Any = self.fields["country"]
        # The browser writes the countries' names in the reader's language over these codes (console.js).
        country.widget.choices = [("", "—"), *((code, code) for code in sorted(COUNTRIES))]
        country.widget.attrs["data-regions"] = ""
        self.custom_names = []
        for field in CustomField.objects.filter(account=account, gone_at=None):
            name = f"custom:{field.remote_id}"
            self.custom_names.append(name)
            self.fields[name] = _custom_input(field)

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        """The fields that every contact has."""
        return [self[name] for name in PLAIN]

    @property
    def custom_fields(self) -> list[forms.BoundField]:
        """The fields that the client defined."""
        return [self[name] for name in self.custom_names]

    def typed_values(self) -> dict[str, str]:
        """Everything as it was typed."""
        return {name: typed(self.cleaned_data.get(name)) for name in (*PLAIN, *self.custom_names)}


def _custom_input(field: CustomField) -> forms.CharField:
    attrs = {
        CustomField.Type.DATE: {"type": "date"},
        CustomField.Type.INTEGER: {"inputmode": "numeric"},
        CustomField.Type.DECIMAL: {"inputmode": "decimal"},
    }.get(CustomField.Type(field.type), {})
    made = _text(field.name, autocomplete="off", **attrs)
    if field.type in (CustomField.Type.INTEGER, CustomField.Type.DECIMAL):
        made.help_text = field.get_type_display()
    return made


class ContactEditForm(ContactForm, SeenForm):
    """An existing contact."""

    def changed_values(self) -> dict[str, str]:
        """What the person really changed."""
        shown = self.cleaned_data["shown"]
        return {name: value for name, value in self.typed_values().items() if value != typed(shown.get(name))}


def edit_initial(contact: Contact) -> dict[str, Any]:
    """The first values of a `ContactEditForm`."""
    values = registry.get("contact").values(contact)
    return {**values, "edit_version": contact.edit_version, "shown": json.dumps(values)}


class DayField(forms.CharField):
    """A day that may be left out, as a date; what cannot be read is shown again as it was typed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.TextInput(attrs={"type": "date"}), **kwargs)

    def clean(self, value: Any) -> Any:
        """The date, or None when nothing was typed."""
        typed = str(super().clean(value)).strip()
        if not typed:
            return None
        try:
            return date.fromisoformat(typed)
        except ValueError:
            raise forms.ValidationError(_("Write a date as year-month-day, such as 2026-06-17.")) from None


class GroupChoiceField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Static groups of one client, as check boxes."""

    def __init__(self, *, account: Account, **kwargs: Any) -> None:
        rows = Group.objects.filter(account=account, is_dynamic=False, gone_at=None, deleted_at=None)
        super().__init__(queryset=rows, widget=forms.CheckboxSelectMultiple, **kwargs)


class ContactAddForm(ContactForm):
    """A new contact, with the groups to put it in."""

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, account=account, **kwargs)
        self.fields["groups"] = GroupChoiceField(account=account, label=_("Groups"), required=False)


class GroupPickForm(PageForm):
    """Groups to add a contact to, or to take it out of."""

    def __init__(self, *args: Any, account: Account, allowed: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = GroupChoiceField(account=account, label=_("Groups"))
        choices: Any = field.queryset
        field.queryset = choices.filter(pk__in=allowed)
        field.error_messages["required"] = _("Choose at least one group.")
        self.fields["groups"] = field


class DeleteContactForm(PageForm):
    """Deleting takes the address, typed again."""

    typed_email = forms.CharField(
        label=_("Type the e-mail address to confirm"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    why = forms.CharField(label=_("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contact = contact

    def clean_typed_email(self) -> str:
        """The very address, capital letters aside."""
        value = str(self.cleaned_data["typed_email"]).strip()
        if value.casefold() != self.contact.email.casefold():
            raise forms.ValidationError(_("This is not this contact's address, so nothing was deleted."))
        return value
