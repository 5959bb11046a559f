"""The form base of every page, and the forms about a client's account."""

import uuid
import zoneinfo
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from . import hosts
from .models import Account, AccountAccess, Credential, validate_time_zone

#: Zones offered first; any other of the tz database may be typed.
COMMON_ZONES = (
    "America/Toronto",
    "America/Halifax",
    "America/St_Johns",
    "America/Winnipeg",
    "America/Regina",
    "America/Edmonton",
    "America/Vancouver",
    "Europe/Paris",
)


class PageForm(forms.Form):
    """A form with a one-time id, so that a double click or a second submit is recognised as the same one."""

    form_token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    required_css_class = "required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class TokenField(forms.CharField):
    """A pasted API token: shown to nobody, sent back by no page. Refusals are the service's, in words of their own."""

    #: Not called optional on the page, although the service and not the form refuses an empty one.
    needed = True

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.PasswordInput(
            render_value=False,
            attrs={"autocomplete": "off", "spellcheck": "false", "data-1p-ignore": "", "data-no-draft": ""},
        )
        super().__init__(required=False, strip=False, widget=widget, **kwargs)


class AccountForm(PageForm):
    """What staff decide about a client: name, colour, language, time zone."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("As your team calls this client."))
    colour = forms.RegexField(
        label=_("Colour"),
        regex=r"^#[0-9a-fA-F]{6}$",
        initial="#0f766e",
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_("Shown on every page of this client, so that nobody edits the wrong one."),
    )
    language = forms.ChoiceField(label=_("Main language"), choices=[("", "—"), *Account.Language.choices])
    time_zone = forms.CharField(
        label=_("Time zone"),
        validators=[validate_time_zone],
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
        help_text=_("Never guessed. Choose one such as America/Toronto."),
    )

    @property
    def zones(self) -> list[str]:
        """Suggestions for the time zone: the common ones first."""
        others = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        return [*COMMON_ZONES, *(zone for zone in others if zone not in COMMON_ZONES)]

    def clean_name(self) -> str:
        """The name, when no other client has it."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        others = Account.objects.filter(name__iexact=name)
        if self.initial.get("pk"):
            others = others.exclude(pk=self.initial["pk"])
        if others.exists():
            raise forms.ValidationError(_("Another client already has this name."))
        return name


class ConnectForm(AccountForm):
    """A new client with its token."""

    host = forms.ChoiceField(label=_("Cyberimpact host"))
    token = TokenField(
        label=_("API token"),
        help_text=_(
            "Made in Cyberimpact by the client: menu Developers, then API tokens. It is stored encrypted and never shown again."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = hosts.choices()
        host: Any = self.fields["host"]
        host.choices = choices
        host.initial = choices[0][0]
        if len(choices) == 1:
            host.widget = forms.HiddenInput()


class TokenForm(PageForm):
    """A new token, or the older method's user name and password, for a client that is connected already."""

    kind = forms.ChoiceField(
        label=_("Method"), choices=Credential.Kind.choices, initial=Credential.Kind.TOKEN, widget=forms.RadioSelect
    )
    username = forms.CharField(
        label=_("User name at Cyberimpact"),
        required=False,
        max_length=200,
        help_text=_("For the older method only."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    token = TokenField(
        label=_("New API token"),
        help_text=_(
            "Pasted once, stored encrypted, never shown again. It is checked before it replaces the one in use."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """The older method needs a user name."""
        values = super().clean() or {}
        if values.get("kind") == Credential.Kind.LEGACY and not values.get("username"):
            self.add_error("username", _("The older method needs the user name as well."))
        return values


class AccessForm(PageForm):
    """Give, change or take away a colleague's role on one client."""

    user = forms.ModelChoiceField(label=_("Colleague"), queryset=User.objects.none(), empty_label="—")
    role = forms.ChoiceField(
        label=_("Role"), choices=[("", _("no access")), *AccountAccess.Role.choices], required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user: Any = self.fields["user"]
        user.queryset = User.objects.filter(is_staff=True, is_active=True, is_superuser=False).order_by("username")


class ReasonForm(PageForm):
    """A form that asks why, and nothing else."""

    why = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the history with your name."),
    )


class ConfirmForm(PageForm):
    """A form that only confirms."""
