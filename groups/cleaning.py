"""Checking what staff type about a group."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def clean_title(title: str) -> str:
    """The title with its white space folded. Raises ValidationError on `title`."""
    title = " ".join(str(title or "").split())
    if not title or "\x00" in title:
        raise ValidationError({"title": _("A group needs a title.")})
    if len(title) > 250:
        raise ValidationError({"title": _("This title is too long: 250 characters at most.")})
    return title
