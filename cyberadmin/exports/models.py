"""Exports: who asked for which list, as what, and where the sealed file lies."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account


class ExportJob(models.Model):
    """One list as a file. The list is asked for anew, with the rights of who wants it, when a worker runs.

    `account` is the client whose list it is. None is a list over several clients: it belongs to who asked for it alone,
    and `covers` names the clients that it holds (None = everything there is, which is for administrators).
    """

    class Form(models.TextChoices):
        CSV = "csv", _("CSV, for any spreadsheet")
        XLSX = "xlsx", _("XLSX, for Excel")
        JSON = "json", _("JSON, for programs")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        MAKING = "making", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("not made")
        GONE = "gone", _("deleted")

    class Reason(models.TextChoices):
        RIGHT = "right", _("The person who asked for it may not export from this client any more.")
        LIST = "list", _("This list is no longer there. Open it again and export from there.")
        ROOM = "room", _("The disk of this server is full. Tell your administrator, then export again.")
        CRASH = "crash", _("It could not be made. Tell your administrator when it happened.")

    #: A worker has something to do for it.
    OPEN = ("waiting", "making")

    account = models.ForeignKey(Account, models.CASCADE, related_name="exports", editable=False, null=True)
    covers = models.JSONField(null=True, editable=False)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(_("by"), max_length=150)
    #: Name of the list (sources.py), and what its screen's address asked for, as a query string.
    source = models.CharField(_("list"), max_length=20)
    query = models.TextField(blank=True)
    form = models.CharField(_("format"), max_length=5, choices=Form.choices)
    language = models.CharField(max_length=5)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=8, choices=Reason.choices, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    stored_name = models.CharField(max_length=80, blank=True)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("asked for"))
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(_("kept until"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "-id"], name="export_latest"),
            models.Index(fields=["state"], condition=Q(state__in=["waiting", "making"]), name="export_open"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.pk}"
