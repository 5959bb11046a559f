"""The file behind an import, and how a client's columns were mapped the last time."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account
from cyberadmin.sync.models import ChangeSet


class ImportFile(models.Model):
    """An uploaded or pasted list. Its bytes lie sealed in the store of uploads under `stored_name`; "" once purged."""

    change_set = models.OneToOneField(ChangeSet, models.CASCADE, related_name="import_file")
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    stored_name = models.CharField(max_length=80, blank=True)
    original_name = models.CharField(_("file"), max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64)
    #: What reading found or the person chose: {"kind", "encoding", "separator", "sheet", "header_row", "columns": [...]}.
    layout = models.JSONField(default=dict)
    header_key = models.CharField(max_length=64, blank=True)
    #: {column index as a string: target of contacts/imports/columns.py}
    mapping = models.JSONField(default=dict)
    #: How 03/04/2025 is to be read: "day" or "month" first, "" = not said.
    date_order = models.CharField(max_length=5, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")


class ColumnMapping(models.Model):
    """How the columns under one header were mapped the last time, for one client."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    header_key = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    date_order = models.CharField(max_length=5, blank=True)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    used_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("remembered columns")
        verbose_name_plural = _("remembered columns")
        constraints = [
            models.UniqueConstraint(fields=["account", "header_key"], name="one_mapping_per_account_and_header")
        ]
