"""Accounts, credentials, staff access and the append-only audit trail."""

import zoneinfo
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from . import secrets


def validate_time_zone(value: str) -> None:
    """Refuse a name that is not a zone of the tz database, and fixed abbreviations such as EST (product.md 3d-14)."""
    if "/" not in value or value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(zone)s” is not a time zone. Choose one such as America/Toronto."), params={"zone": value}
        )


class Account(models.Model):
    """One client's account at the vendor. `slug` stands in every address of the console, so it never changes."""

    class Language(models.TextChoices):
        FRENCH = "fr", _("French")
        ENGLISH = "en", _("English")

    class State(models.TextChoices):
        PROVING = "proving", _("checking the token")
        PROVED = "proved", _("waiting for your confirmation")
        REFUSED = "refused", _("token refused")
        CONNECTED = "connected", _("connected")

    class Paused(models.TextChoices):
        TOKEN = "token", _("Cyberimpact refuses the token")
        FORBIDDEN = "forbidden", _("Cyberimpact forbids the calls of this token")
        PAYMENT = "payment", _("Cyberimpact asks for a payment on this account")
        TLS = "tls", _("the secure connection to Cyberimpact cannot be trusted")
        REDIRECT = "redirect", _("Cyberimpact's address answers with a redirection")
        SECRET = "secret", _("the stored token cannot be decrypted")
        PERSON = "person", _("paused by a colleague")

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(_("short name in addresses"), max_length=60, unique=True, editable=False)
    vendor_name = models.CharField(_("name at Cyberimpact"), max_length=200, blank=True, editable=False)
    colour = models.CharField(
        _("colour"), max_length=7, default="#0f766e", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    language = models.CharField(_("main language"), max_length=2, choices=Language.choices)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    host = models.CharField(_("host"), max_length=120)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PROVING, editable=False)
    paused_reason = models.CharField(
        _("paused because"), max_length=12, choices=Paused.choices, blank=True, editable=False
    )
    paused_detail = models.CharField(max_length=500, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    connected_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("client account")
        verbose_name_plural = _("client accounts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_working(self) -> bool:
        """Whether calls may be made for this account now."""
        return self.state == self.State.CONNECTED and not self.paused_reason

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The account's time zone."""
        return zoneinfo.ZoneInfo(self.time_zone)


class Credential(models.Model):
    """A secret that opens an account at the vendor. Write-only: only fingerprint and last four characters are shown.

    `secret` is sealed for this very row (see `secrets.py`), so a credential is saved once without it to get its id.
    """

    class Kind(models.TextChoices):
        TOKEN = "token", _("API token")
        LEGACY = "legacy", _("user name and password (older method)")

    class State(models.TextChoices):
        CANDIDATE = "candidate", _("being checked")
        REFUSED = "refused", _("refused")
        ACTIVE = "active", _("in use")
        RETIRED = "retired", _("replaced")

    class Refusal(models.TextChoices):
        INVALID = "invalid", _("Cyberimpact does not accept this token: it is mistyped, expired or deleted there.")
        FORBIDDEN = (
            "forbidden",
            _("Cyberimpact knows this token but forbids the call: the API may not be active on this account."),
        )
        OTHER_ACCOUNT = "other_account", _("This token belongs to another Cyberimpact account than this client's.")
        ALREADY_CONNECTED = "already_connected", _("This Cyberimpact account is already connected to another client.")
        UNREACHABLE = (
            "unreachable",
            _("Cyberimpact could not be reached. Nothing was saved as proved; try again in a few minutes."),
        )
        UNEXPECTED = (
            "unexpected",
            _("Cyberimpact answered something this product does not understand. Try again; if it lasts, call support."),
        )

    account = models.ForeignKey(Account, models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.TOKEN)
    username = models.CharField(max_length=200, blank=True)
    secret = models.TextField(editable=False)
    fingerprint = models.CharField(max_length=16, editable=False, db_index=True)
    last_four = models.CharField(max_length=4, editable=False)
    token_id = models.CharField(max_length=100, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CANDIDATE, editable=False)
    refusal = models.CharField(max_length=20, choices=Refusal.choices, blank=True, editable=False)
    proved_as = models.CharField(max_length=200, blank=True, editable=False)
    proved_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(state="active"), name="one_active_credential"),
        ]

    def __str__(self) -> str:
        return f"…{self.last_four}"

    def __repr__(self) -> str:
        return f"<Credential {self.pk} …{self.last_four}>"

    @property
    def context(self) -> str:
        """What the secret is sealed to: this account and this row."""
        return f"account:{self.account_id}:credential:{self.pk}"

    def seal(self, secret: str) -> None:
        """Store `secret` encrypted for this row, which must have been saved."""
        self.secret = secrets.encrypt(secret, self.context)

    def reveal(self) -> str:
        """The secret in clear, for the API client alone. Raises secrets.SecretUnreadable."""
        return secrets.decrypt(self.secret, self.context)


class AccountAccess(models.Model):
    """What one member of staff may do on one account. Without a row: nothing, not even know that it exists."""

    class Role(models.TextChoices):
        READ = "read", _("read")
        EDIT = "edit", _("edit")
        SEND = "send", _("edit and send")
        MANAGE = "manage", _("manage")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="account_accesses", verbose_name=_("user")
    )
    account = models.ForeignKey(Account, models.CASCADE, related_name="accesses", verbose_name=_("client account"))
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)

    class Meta:
        verbose_name = _("staff access")
        verbose_name_plural = _("staff access")
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="one_role_per_user_and_account")]

    def __str__(self) -> str:
        return f"{self.user} · {self.account} · {self.get_role_display()}"


class AuditEvent(models.Model):
    """Who did what, when and why, where no Change row says so already (accounts, tokens, access, decisions).

    Append-only: rows are written by `audit.record` and can be neither changed nor deleted, here or in the admin.
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="audit_events")
    account_name = models.CharField(max_length=120, blank=True)
    action = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)
    why = models.TextField(blank=True)

    class Meta:
        verbose_name = _("history entry")
        verbose_name_plural = _("history")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} · {self.account_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only."""
        if self.pk is not None:
            raise TypeError("History entries are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """History entries are never deleted one by one."""
        raise TypeError("History entries are never deleted.")
