"""This installation as a whole: one row that knows how far its database has come."""

import uuid

from django.conf import settings
from django.db import models


class Installation(models.Model):
    """The only row (pk 1). A file beside the installation holds the same count: a database that lags is a restored one."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    ticks = models.PositiveBigIntegerField(default=0)
    #: Set while nothing may be written to the vendor: the database was found to be a restored backup.
    restored_at = models.DateTimeField(null=True, blank=True)
    #: The last sign of life that the restored database knows: about when the backup was made.
    backup_from = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
