"""The form base of every page, and the forms about a client's account."""

import json
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


class SeenForm(PageForm):
    """The edit of something that is there, with the version and the values that the page showed: nobody is overwritten unseen."""

    edit_version = forms.IntegerField(widget=forms.HiddenInput)
    shown = forms.CharField(widget=forms.HiddenInput)

    def clean_shown(self) -> dict[str, Any]:
        """The values that the page showed, by the name of the field."""
        try:
            shown = json.loads(self.cleaned_data["shown"])
        except ValueError:
            shown = None
        if not isinstance(shown, dict):
            raise forms.ValidationError(_("Reload the page: this form is damaged."))
        return shown


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
    """What staff decide about a client: how it is called and shown, and for how long the agency acts for it."""

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
    expected_name = forms.CharField(
        label=_("Name of the account at Cyberimpact"),
        required=False,
        max_length=200,
        help_text=_("As the client says it. It is compared with what Cyberimpact answers, and stands in the letter."),
    )
    mandate_reference = forms.CharField(
        label=_("Mandate"),
        required=False,
        max_length=200,
        help_text=_("Where the written mandate of this client is kept: a file number or a link."),
    )
    mandate_ends_on = forms.DateField(
        label=_("Mandate ends on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
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


class HostField(forms.ChoiceField):
    """One of the hosts that settings allow; hidden where there is no choice."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=hosts.choices, initial=lambda: hosts.choices()[0][0], **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> "HostField":
        """The copy that one form gets."""
        field: HostField = super().__deepcopy__(memo)
        if len(hosts.choices()) == 1:
            field.widget = forms.HiddenInput()
        return field


class ConnectForm(AccountForm):
    """A new client, with its token where that is at hand."""

    host = HostField(label=_("Cyberimpact host"))
    token = TokenField(
        label=_("API token"),
        help_text=_(
            "Made in Cyberimpact by the client: menu Developers, then API tokens. It is stored encrypted and never shown "
            "again. You do not have it yet? Leave this empty: the next step says how to get it."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["token"].needed = False  # type: ignore[attr-defined]


class TokenForm(PageForm):
    """A new token, or the older method's user name and password. What may be pasted is the service's to say."""

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
        label=_("New API token, or the password"),
        help_text=_(
            "Pasted once, stored encrypted, never shown again. It is checked before it replaces the one in use."
        ),
    )
    why = forms.CharField(
        label=_("Reason"), required=False, max_length=500, help_text=_("Kept in the history with your name.")
    )


class LetterForm(PageForm):
    """What the letter that asks for the API must name."""

    expected_name = forms.CharField(
        label=_("Name of the account at Cyberimpact"),
        max_length=200,
        help_text=_("The account's or the business's name, as Cyberimpact knows it."),
    )


class HostForm(PageForm):
    """Another host for a client that is connected, and why."""

    host = HostField(label=_("Cyberimpact host"))
    why = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the history with your name."),
    )


class SenderForm(PageForm):
    """One address that Cyberimpact has validated for this client."""

    address = forms.EmailField(
        label=_("Sender's address"), help_text=_("Validated in Cyberimpact by the client; the API does not list them.")
    )


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
