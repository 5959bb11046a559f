"""What is known of a log-in besides Django's user: second factor, sessions, one-time links, and used-up tries.

Nothing here holds a password, a code or a link in clear: recovery codes and links are kept as digests, the secret of
the second factor is sealed with CYBERADMIN_KEYS (docs/adr/0008-log-in.md).
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account, AccountAccess


class Demand(models.TextChoices):
    """Who must have a second factor, from nobody to everybody."""

    NOBODY = "nobody", _("nobody has to")
    ADMINISTRATORS = "administrators", _("agency administrators")
    EVERYBODY = "everybody", _("everybody")


class Profile(models.Model):
    """What one person chose, and what was decided about their log-in."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="profile", verbose_name=_("user")
    )
    language = models.CharField(_("language"), max_length=2, choices=Account.Language.choices, blank=True)
    second_factor_required = models.BooleanField(_("second factor required"), default=False)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")


class FactorPolicy(models.Model):
    """Who must have a second factor, as an administrator decided; never less than the installation's setting. One row."""

    ONLY = 1
    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    who = models.CharField(max_length=16, choices=Demand.choices, default=Demand.NOBODY)

    class Meta:
        verbose_name = _("second factor policy")
        verbose_name_plural = _("second factor policy")


class SecondFactor(models.Model):
    """The shared secret of one person's authenticator app, and the last time step that was used up."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="factor")
    secret = models.TextField(editable=False)
    last_step = models.BigIntegerField()
    #: Salt of this set of recovery codes, as hexadecimal digits.
    salt = models.CharField(max_length=32)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")


class RecoveryCode(models.Model):
    """The digest of one recovery code."""

    factor = models.ForeignKey(SecondFactor, models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")


class StaffSession(models.Model):
    """One log-in in one browser. Django's session carries its handle; a session whose row ended is worth nothing."""

    class End(models.TextChoices):
        LOGGED_OUT = "logged_out", _("logged out")
        IDLE = "idle", _("nothing was done for an hour")
        OLD = "old", _("12 hours are over")
        ELSEWHERE = "elsewhere", _("ended from another session")
        PASSWORD = "password", _("the password changed")
        DISABLED = "disabled", _("the log-in was disabled")
        FACTOR = "factor", _("the second factor was reset")

    handle = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="staff_sessions")
    address = models.CharField(max_length=45)
    browser = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    #: When the password was last typed, and when the second factor was shown in this session.
    password_at = models.DateTimeField()
    factor_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=12, choices=End.choices, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-seen_at"]
        indexes = [models.Index(fields=["user", "ended_at"], name="session_of_user")]


class OneTimeLink(models.Model):
    """An invitation, or a way to a new password: opens once, until it expires or is taken back. Only a digest is kept."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", _("invitation")
        PASSWORD = "password", _("new password")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    email = models.EmailField(_("e-mail"), blank=True)
    #: What an invitation gives: a role on one client, or the whole agency.
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="invitations")
    role = models.CharField(_("role"), max_length=8, choices=AccountAccess.Role.choices, blank=True)
    is_administrator = models.BooleanField(default=False)
    second_factor_required = models.BooleanField(default=False)
    #: Whose password it changes; for an invitation, who came of it.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="one_time_links")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("one-time link")
        verbose_name_plural = _("one-time links")
        ordering = ["-id"]


class Allowance(models.Model):
    """How much of a limit on tries is used up. `key` is a keyed digest: names and addresses typed are not kept."""

    key = models.CharField(max_length=64, primary_key=True)
    #: When everything charged so far will have been paid back.
    empty_at = models.DateTimeField(db_index=True)
    #: Whether its overstepping is in the history already.
    noted = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("allowance of tries")
        verbose_name_plural = _("allowances of tries")
