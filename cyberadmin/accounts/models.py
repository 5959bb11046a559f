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
        SETUP = "setup", _("being taken on")
        WAITING = "waiting", _("waiting for the API")
        PROVING = "proving", _("checking the token")
        PROVED = "proved", _("waiting for your confirmation")
        REFUSED = "refused", _("token refused")
        CONNECTED = "connected", _("connected")
        #: Off-boarded: a shell without contacts or secrets, which `policy` gives to nobody.
        ENDED = "ended", _("ended")

    class Paused(models.TextChoices):
        TOKEN = "token", _("Cyberimpact refuses the token")
        LOGIN = "login", _("Cyberimpact refuses the user name and password: the user or the password was changed")
        FORBIDDEN = "forbidden", _("Cyberimpact forbids the calls of this token")
        PAYMENT = "payment", _("Cyberimpact asks for a payment on this account")
        TLS = "tls", _("the secure connection to Cyberimpact cannot be trusted")
        REDIRECT = "redirect", _("Cyberimpact's address answers with a redirection")
        SECRET = "secret", _("the stored token cannot be decrypted")
        PERSON = "person", _("paused by a colleague")
        LEAVING = "leaving", _("the client is leaving and its token is retired")

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(_("short name in addresses"), max_length=60, unique=True, editable=False)
    vendor_name = models.CharField(_("name at Cyberimpact"), max_length=200, blank=True, editable=False)
    #: What the client says their account is called there: it stands in the letter and is compared with the ping's answer.
    expected_name = models.CharField(_("name of the account at Cyberimpact"), max_length=200, blank=True)
    colour = models.CharField(
        _("colour"), max_length=7, default="#0f766e", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    language = models.CharField(_("main language"), max_length=2, choices=Language.choices)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    host = models.CharField(_("host"), max_length=120)
    #: The agency acts for the client under a written mandate (product.md 3b).
    mandate_reference = models.CharField(_("mandate"), max_length=200, blank=True)
    mandate_ends_on = models.DateField(_("mandate ends on"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PROVING, editable=False)
    paused_reason = models.CharField(
        _("paused because"), max_length=12, choices=Paused.choices, blank=True, editable=False
    )
    paused_detail = models.CharField(max_length=500, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    connected_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: When the letter that asks for the API was made, and when somebody said that the taking on is finished.
    letter_made_at = models.DateTimeField(null=True, blank=True, editable=False)
    taken_on_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: Days for which data is kept where this client wants less than the usual, by kind (retention.py).
    kept_days = models.JSONField(default=dict, editable=False)
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
    def is_leaving(self) -> bool:
        """Whether its token was retired for good: nothing is read or sent any more, and no other token is taken."""
        return self.paused_reason == self.Paused.LEAVING

    @property
    def needs_secret(self) -> bool:
        """Whether it is paused until another token, or the right password, is given."""
        return self.paused_reason in (self.Paused.TOKEN, self.Paused.LOGIN, self.Paused.SECRET)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The account's time zone."""
        return zoneinfo.ZoneInfo(self.time_zone)


class Credential(models.Model):
    """A secret that opens an account at the vendor. Write-only: only fingerprint and last four characters are shown.

    `secret` is sealed for this very row (see `secrets.py`), so a credential is saved once without it to get its id; it
    is emptied as soon as nothing needs it any more, while the row stays in the register.
    """

    class Kind(models.TextChoices):
        TOKEN = "token", _("API token")
        LEGACY = "legacy", _("user name and password (older method)")

    class Origin(models.TextChoices):
        PASTED = "pasted", _("pasted")
        API = "api", _("asked for through the API")

    class State(models.TextChoices):
        ASKED = "asked", _("asked for")
        MAKING = "making", _("being made")
        CANDIDATE = "candidate", _("being checked")
        REFUSED = "refused", _("refused")
        ACTIVE = "active", _("in use")
        RETIRED = "retired", _("replaced")

    class Refusal(models.TextChoices):
        INVALID = "invalid", _("Cyberimpact does not accept this token: it is mistyped, expired or deleted there.")
        LOGIN = (
            "login",
            _("Cyberimpact does not accept this user name and password: one is mistyped, or the user was changed."),
        )
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
        NOT_MADE = (
            "not_made",
            _("Cyberimpact made no new token. Make one in the application and paste it instead."),
        )
        DOUBTFUL = (
            "doubtful",
            _(
                "Cyberimpact may have made a token whose answer never arrived. Open the list of API tokens there, delete "
                "the one made at this moment, then ask again or paste one."
            ),
        )

    #: What a second check of the same secret may still turn into a proof.
    MAY_BE_CHECKED_AGAIN = (Refusal.FORBIDDEN, Refusal.UNREACHABLE, Refusal.UNEXPECTED)

    account = models.ForeignKey(Account, models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.TOKEN)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.PASTED, editable=False)
    username = models.CharField(max_length=200, blank=True)
    secret = models.TextField(editable=False)
    fingerprint = models.CharField(max_length=16, editable=False, db_index=True)
    last_four = models.CharField(max_length=4, editable=False)
    token_id = models.CharField(max_length=100, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CANDIDATE, editable=False)
    refusal = models.CharField(max_length=20, choices=Refusal.choices, blank=True, editable=False)
    proved_as = models.CharField(max_length=200, blank=True, editable=False)
    #: The last answer to a ping; the last use by the engine, to about ten minutes; the last look whether it is alive.
    proved_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    replaced_by = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replaces", editable=False)
    #: When Cyberimpact refused it after its replacement, and when it was given up here without that.
    dead_at = models.DateTimeField(null=True, blank=True, editable=False)
    forgotten_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(state="active"), name="one_active_credential"),
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.LEGACY:
            return self.username
        return f"…{self.last_four}" if self.last_four else "–"

    def __repr__(self) -> str:
        return f"<Credential {self.pk} …{self.last_four}>"

    @property
    def context(self) -> str:
        """What the secret is sealed to: this account and this row."""
        return f"account:{self.account_id}:credential:{self.pk}"

    @property
    def is_legacy(self) -> bool:
        """Whether it is a user name and password, which the vendor advises against (product.md S19)."""
        return self.kind == self.Kind.LEGACY

    @property
    def is_watched(self) -> bool:
        """Whether it was replaced and Cyberimpact has not refused it yet: somebody has to delete it there."""
        return self.state == self.State.RETIRED and bool(self.secret) and self.dead_at is None

    @property
    def may_be_checked_again(self) -> bool:
        """Whether the same secret may still turn out well (the vendor was away, the API was not active yet)."""
        return self.state == self.State.REFUSED and self.refusal in self.MAY_BE_CHECKED_AGAIN and bool(self.secret)

    @property
    def is_open(self) -> bool:
        """Whether its proof is still being waited for."""
        return self.state in (self.State.ASKED, self.State.MAKING) or (
            self.state == self.State.CANDIDATE and self.proved_at is None
        )

    def seal(self, secret: str) -> None:
        """Store `secret` encrypted for this row, which must have been saved."""
        self.secret = secrets.encrypt(secret, self.context)

    def reveal(self) -> str:
        """The secret in clear, for the API client alone. Raises secrets.SecretUnreadable."""
        return secrets.decrypt(self.secret, self.context)


class Sender(models.Model):
    """An address that Cyberimpact has validated for an account, as staff typed it (the API cannot list them)."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="senders")
    address = models.EmailField(_("sender's address"), max_length=254)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("validated sender")
        verbose_name_plural = _("validated senders")
        ordering = ["address"]
        constraints = [models.UniqueConstraint(fields=["account", "address"], name="one_row_per_sender")]

    def __str__(self) -> str:
        return self.address


class Purged(models.Model):
    """How many rows or files of one kind age took away from a client on one day (UTC): counts, and nothing else."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="purged")
    day = models.DateField()
    kind = models.CharField(max_length=12)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day", "kind"]
        constraints = [models.UniqueConstraint(fields=["account", "day", "kind"], name="one_count_per_day_and_kind")]

    def __str__(self) -> str:
        return f"{self.day} · {self.kind}: {self.number}"


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


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """Refuses to change or delete entries many at a time as well."""

    def update(self, **values: Any) -> int:
        """Never."""
        raise TypeError("History entries are never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Never."""
        raise TypeError("History entries are never deleted.")


class AuditEvent(models.Model):
    """Who did what, when and why, where no Change row says so already (accounts, tokens, access, decisions).

    Append-only: rows are written by `audit.record` and can be neither changed nor deleted, here, by a page, or in the
    database itself (history_guard.py).
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="audit_events")
    account_name = models.CharField(max_length=120, blank=True)
    action = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)
    why = models.TextField(blank=True)

    objects = AuditQuerySet.as_manager()

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
