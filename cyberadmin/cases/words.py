"""Days and pairs as letters and certificates write them."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cyberadmin.accounts.localtime import FORMATS


def day_words(day: date | None) -> str:
    """A day, with the name of its month in full. A dash for none."""
    if day is None:
        return "–"
    return date_format(day, FORMATS["fr" if (get_language() or "").startswith("fr") else "en"][0])


def pair(name: str, value: object) -> str:
    """A name and its value on one line, with the colon of the language."""
    return _("%(name)s: %(value)s") % {"name": name, "value": value}
