"""The mirror of groups."""

import unicodedata

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cyberadmin.sync.mirror import MirrorModel


def title_key(title: str) -> str:
    """How titles are compared: composed Unicode, trimmed, inner white space folded, letter case ignored."""
    return " ".join(unicodedata.normalize("NFC", title).split()).casefold()


class Group(MirrorModel):
    """A static or dynamic set of contacts. Dynamic ones are read-only here: the API cannot edit them (api/README.md 4.6)."""

    title = models.CharField(_("title"), max_length=250)
    title_key = models.CharField(max_length=250, editable=False)
    is_public = models.BooleanField(_("public"), default=False)
    is_dynamic = models.BooleanField(_("dynamic"), default=False, editable=False)
    #: As the vendor last counted them; -1 until it did.
    members_count = models.IntegerField(_("contacts"), default=0, editable=False)
    mailings_count = models.IntegerField(_("mailings"), default=0, editable=False)
    created_on = models.DateTimeField(_("created"), null=True, editable=False)

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        ordering = ["title_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "remote_id"], condition=Q(remote_id__isnull=False), name="group_once_per_account"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "title_key"], condition=Q(gone_at=None), name="group_list"),
            models.Index(fields=["account", "members_count"], condition=Q(gone_at=None), name="group_by_size"),
            models.Index(fields=["account"], condition=Q(snapshot__isnull=False), name="group_differs"),
        ]

    def __str__(self) -> str:
        return self.title
