"""The forms of the log-in, of one's own settings, and of administrators about colleagues."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.functional import lazy
from django.utils.html import format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts import policy
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.models import Account, AccountAccess

from .models import Demand

#: Longer passwords are refused before they are hashed: that would cost more than it is worth.
LONGEST_PASSWORD = 512


def password_field(label: Any, autocomplete: str, **kwargs: Any) -> forms.CharField:
    """A password as typed: neither trimmed nor shown again."""
    widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=LONGEST_PASSWORD, widget=widget, **kwargs)


def _rules() -> str:
    return format_html_join(" ", "{}", ((text,) for text in password_validators_help_texts()))


password_rules = lazy(_rules, str)


class DoorForm(forms.Form):
    """A form at the door, where nobody is logged in yet."""

    required_css_class = "required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class LogInForm(DoorForm):
    """Log-in name and password."""

    username = forms.CharField(
        label=_("Log-in name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = password_field(_("Password"), "current-password")


class CodeForm(DoorForm):
    """A code of the second factor."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class AppCodeForm(DoorForm):
    """The first code of an app that was just set up."""

    code = forms.CharField(
        label=_("Code that the app shows now"),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class ConfirmPasswordForm(DoorForm):
    """The password again."""

    password = password_field(_("Your password"), "current-password")


class ForgottenForm(DoorForm):
    """Who wants a link to a new password."""

    username = forms.CharField(
        label=_("Log-in name or e-mail"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )


class NewPasswordFields(forms.Form):
    """A new password, typed twice and checked by the validators of the settings."""

    password = password_field(_("New password"), "new-password", help_text=password_rules())
    again = password_field(_("The same password again"), "new-password")

    def owner(self) -> User | None:
        """Whose password it will be: it must not resemble their name."""
        return None

    def clean(self) -> dict[str, Any]:
        """Both alike, and good enough."""
        values = super().clean() or {}
        password, again = values.get("password"), values.get("again")
        if password and again and password != again:
            self.add_error("again", _now("The two passwords differ. Type both again."))
        elif password:
            try:
                validate_password(password, self.owner())
            except forms.ValidationError as refusal:
                self.add_error("password", refusal)
        return values


class NewPasswordForm(NewPasswordFields, DoorForm):
    """A new password by a link. `user`: whose."""

    def __init__(self, *args: Any, user: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def owner(self) -> User | None:
        return self.user


class OwnPasswordForm(NewPasswordFields, PageForm):
    """One's own new password, with the one in use."""

    current = password_field(_("Password in use"), "current-password")
    field_order = ("current", "password", "again")

    def __init__(self, *args: Any, user: User, check: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.check = check

    def clean_current(self) -> str:
        """The password in use, looked at here: a count of tries inside the page's transaction would be undone with it."""
        self.check(self.cleaned_data["current"])
        return str(self.cleaned_data["current"])

    def owner(self) -> User | None:
        return self.user


class WelcomeForm(NewPasswordFields, DoorForm):
    """What an invited person chooses."""

    first_name = forms.CharField(label=_("First name"), max_length=150)
    last_name = forms.CharField(label=_("Last name"), max_length=150)
    username = forms.CharField(
        label=_("Log-in name"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text=_("Letters, digits and @ . + - _ only. Your colleagues see it in the history."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    field_order = ("first_name", "last_name", "username", "language", "password", "again")

    def owner(self) -> User | None:
        names = ("username", "first_name", "last_name")
        return User(
            **{name: self.cleaned_data.get(name, "") for name in names}, email=str(self.initial.get("email", ""))
        )


ROLE_HELP = _("With “edit” a person writes and asks for approval, and cannot send; “edit and send” may send too.")


class InviteForm(PageForm):
    """Invite somebody to the client in the address."""

    email = forms.EmailField(label=_("E-mail of the new colleague"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=[("", "—"), *AccountAccess.Role.choices], help_text=ROLE_HELP)
    second_factor_required = forms.BooleanField(label=_("Must have a second factor"), required=False)


class AgencyInviteForm(PageForm):
    """Invite somebody to any client, or to the whole agency."""

    email = forms.EmailField(label=_("E-mail of the new colleague"), max_length=254)
    account = forms.ModelChoiceField(
        label=_("Client"), queryset=Account.objects.none(), required=False, empty_label="—"
    )
    role = forms.ChoiceField(
        label=_("Role on this client"),
        choices=[("", "—"), *AccountAccess.Role.choices],
        required=False,
        help_text=ROLE_HELP,
    )
    is_administrator = forms.BooleanField(
        label=_("Agency administrator"),
        required=False,
        help_text=_("May do everything on every client, and decides about colleagues. Then no client is chosen."),
    )
    second_factor_required = forms.BooleanField(label=_("Must have a second factor"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account: Any = self.fields["account"]
        account.queryset = policy.living()
        for name in ("account", "role"):
            # Needed by who is no administrator; `clean` says so.
            self.fields[name].needed = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A client with a role, or an administrator: one of both."""
        values = super().clean() or {}
        chosen = bool(values.get("account")) or bool(values.get("role"))
        if values.get("is_administrator") and chosen:
            self.add_error("is_administrator", _now("Choose a client and a role, or agency administrator: not both."))
        elif not values.get("is_administrator"):
            for name in ("account", "role"):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, _now("Choose one, or make this person an agency administrator."))
        return values


class PersonForm(PageForm):
    """Who a colleague is."""

    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, required=False, help_text=_("Links to a new password go there.")
    )
    is_superuser = forms.BooleanField(
        label=_("Agency administrator"),
        required=False,
        help_text=_("May do everything on every client, and decides about colleagues."),
    )
    second_factor_required = forms.BooleanField(label=_("Must have a second factor"), required=False)


class RolesForm(PageForm):
    """One role for each client. `accounts`: all of them."""

    def __init__(self, *args: Any, accounts: Iterable[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("no access")), *AccountAccess.Role.choices]
        for account in accounts:
            field = forms.ChoiceField(label=account.name, choices=choices, required=False)
            field.needed = True  # type: ignore[attr-defined]
            self.fields[f"role-{account.pk}"] = field

    def roles(self) -> dict[int, str]:
        """What was chosen, by the client's primary key."""
        chosen = {name: value for name, value in self.cleaned_data.items() if name.startswith("role-")}
        return {int(name.removeprefix("role-")): value for name, value in chosen.items()}


class PolicyForm(PageForm):
    """Who must have a second factor."""

    who = forms.ChoiceField(label=_("Who must have a second factor"), choices=Demand.choices, widget=forms.RadioSelect)
