"""Moments as people here write them, in the client's own time zone (product.md 2, "Time zones")."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

from .models import Account

#: Day and time. Django's French is France's: "14:32" where Quebec writes "14 h 32".
FORMATS = {"fr": ("j F Y", "G\u00a0\\h\u00a0i"), "en": ("F j, Y", "H:i")}


def _local(moment: datetime, account: Account | None) -> datetime:
    return timezone.localtime(moment, account.zone if account else timezone.get_current_timezone())


def _formats() -> tuple[str, str]:
    return FORMATS["fr" if (get_language() or "").startswith("fr") else "en"]


def moment_text(moment: datetime | None, account: Account | None, *, short: bool = False) -> str:
    """Day and time; with `short` the time alone for a moment of today. A dash for none."""
    if moment is None:
        return "–"
    local = _local(moment, account)
    day, time = _formats()
    today = local.date() == _local(timezone.now(), account).date()
    return date_format(local, time if short and today else f"{day}, {time}")


def day_text(moment: datetime | None, account: Account | None) -> str:
    """The day alone. A dash for none."""
    return "–" if moment is None else date_format(_local(moment, account), _formats()[0])
