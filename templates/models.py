"""The mirror of e-mail templates, and every version of each that was ever seen or made here."""

import hashlib
import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import MirrorModel

TITLE_WIDTH = 250
#: Gmail shows no more than this of a message and hides the rest, the unsubscribe link with it.
CLIPPED_BYTES = 102 * 1024


def title_key(title: str) -> str:
    """How titles are compared: composed Unicode, trimmed, inner white space folded, letter case ignored."""
    return " ".join(unicodedata.normalize("NFC", title).split()).casefold()[:TITLE_WIDTH]


def normalised(body: str) -> str:
    """A body as it is compared and kept: browsers, mail tools and the vendor end lines in different ways."""
    return body.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def mark(title: str, body_html: str, body_text: str) -> str:
    """The natural mark of a template: its title and what its bodies say (docs/engine.md, "Creates without a key")."""
    content = "\x00".join((title_key(title), normalised(body_html), normalised(body_text)))
    return hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def kilobytes(size: int) -> str:
    """A size for people, in the unit that mail programs limit it in."""
    return gettext("%(number)s KB") % {"number": number_format(max(size, 1) / 1024, 1, force_grouping=True)}


class EmailTemplate(MirrorModel):
    """A template of mailings. The vendor keeps a title and two bodies, and nothing else (api/README.md 4.8)."""

    title = models.CharField(_("title"), max_length=TITLE_WIDTH, blank=True)
    title_key = models.CharField(max_length=TITLE_WIDTH, blank=True, editable=False)
    body_html = models.TextField(_("HTML version"), blank=True)
    body_text = models.TextField(_("text version"), blank=True)
    #: Size of the HTML in bytes, so that lists need not read the bodies.
    html_bytes = models.PositiveIntegerField(default=0, editable=False)
    created_on = models.DateTimeField(_("created"), null=True, editable=False)
    updated_on = models.DateTimeField(_("changed"), null=True, editable=False)

    #: Who is about to write this row; what nobody here wrote came from the vendor.
    author: User | None = None

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ["title_key", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "remote_id"], condition=Q(remote_id__isnull=False), name="template_once_per_account"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "title_key"], condition=Q(gone_at=None), name="template_list"),
            models.Index(fields=["account"], condition=Q(snapshot__isnull=False), name="template_differs"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def size(self) -> str:
        """The size of the HTML, for people."""
        return kilobytes(self.html_bytes)

    @property
    def is_clipped(self) -> bool:
        """Whether Gmail would cut it off."""
        return self.html_bytes > CLIPPED_BYTES

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Works only inside `writing()`; keeps a version whenever title or bodies are not those of the latest one."""
        super().save(*args, **kwargs)
        content = {"title": self.title, "body_html": self.body_html, "body_text": self.body_text}
        latest = self.versions.order_by("-pk").values(*content).first()
        if latest != content:
            TemplateVersion.objects.create(
                template=self,
                **content,
                actor=self.author,
                actor_name=self.author.get_username() if self.author else "",
                at=now(),
            )


class TemplateVersion(models.Model):
    """What a template held from a moment on, and who wrote it: a person here, or Cyberimpact when `actor_name` is empty."""

    template = models.ForeignKey(EmailTemplate, models.CASCADE, related_name="versions")
    title = models.CharField(_("title"), max_length=TITLE_WIDTH, blank=True)
    body_html = models.TextField(_("HTML version"), blank=True)
    body_text = models.TextField(_("text version"), blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("version of a template")
        verbose_name_plural = _("versions of templates")
        ordering = ["-pk"]

    @property
    def values(self) -> dict[str, str]:
        """What staff can edit."""
        return {"title": self.title, "body_html": self.body_html, "body_text": self.body_text}
