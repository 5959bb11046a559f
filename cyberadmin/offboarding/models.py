"""An off-boarding, what was done in each of its steps, and the work of machines for it: the file and the purge."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account


class OffBoarding(models.Model):
    """One client who leaves. It stays for good: what became of their data is evidence (product.md 3b, L14)."""

    class State(models.TextChoices):
        OPEN = "open", _("going on")
        STOPPED = "stopped", _("given up: the client stays")
        PURGING = "purging", _("being purged")
        ENDED = "ended", _("ended")

    account = models.ForeignKey(Account, models.PROTECT, related_name="off_boardings")
    #: As it was when the off-boarding began; the account itself gives its name free at the end.
    client_name = models.CharField(_("client"), max_length=120)
    vendor_name = models.CharField(_("name at Cyberimpact"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    reason = models.TextField(_("reason"))
    mandate_ends_on = models.DateField(_("mandate ends on"), null=True)
    asked_by = models.CharField(_("asked for by"), max_length=200)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    begun_by_name = models.CharField(max_length=150)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("off-boarding")
        verbose_name_plural = _("off-boardings")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state__in=["open", "purging"]), name="one_off_boarding_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.client_name

    @property
    def is_open(self) -> bool:
        """Whether its steps may still be taken."""
        return self.state == self.State.OPEN


class Step(models.Model):
    """That one step was decided: by whom, when, why. `detail` holds counts and numbers, never names or addresses."""

    class Name(models.TextChoices):
        EXPORT = "export", _("The file for the client")
        SCHEDULES = "schedules", _("Scheduled mailings")
        CHANGES = "changes", _("Waiting changes")
        REVOKE = "revoke", _("The token")
        PURGE = "purge", _("The purge")

    off_boarding = models.ForeignKey(OffBoarding, models.CASCADE, related_name="steps")
    name = models.CharField(max_length=10, choices=Name.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField()
    why = models.TextField(blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["off_boarding", "name"], name="one_row_per_step")]

    def __str__(self) -> str:
        return f"{self.off_boarding_id} · {self.name}"


class Work(models.Model):
    """What a worker does for an off-boarding, claimed under a lease, so that a killed one is taken over."""

    class Kind(models.TextChoices):
        FILE = "file", _("file for the client")
        PURGE = "purge", _("purge")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DOING = "doing", _("being made")
        DONE = "done", _("ready")
        FAILED = "failed", _("not made")
        GONE = "gone", _("deleted")

    #: A worker has something to do for it.
    OPEN = ("waiting", "doing")

    off_boarding = models.ForeignKey(OffBoarding, models.CASCADE, related_name="works")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_by_name = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    #: Of a file: its format, the language of its headings, and where it lies. Of both: rows by what they were.
    form = models.CharField(max_length=5, blank=True)
    language = models.CharField(max_length=5, blank=True)
    stored_name = models.CharField(max_length=80, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state"], condition=Q(state__in=["waiting", "doing"]), name="offboarding_open_work")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether a worker has something to do for it."""
        return self.state in self.OPEN
