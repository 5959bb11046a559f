"""Words of the pages about cases."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.models import Account
from cyberadmin.cases.clocks import Clock

register = template.Library()


@register.filter
def in_words(value: Any, account: Account) -> Any:
    """A value for reading: moments in the client's time zone, days as people write them, a dash for none."""
    if isinstance(value, datetime):
        return moment_text(value, account)
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return "–" if value in ("", None) else value


@register.filter
def left_words(clock: Clock) -> str:
    """How long there is, in business days for an unsubscription."""
    if clock.is_over:
        return _("overdue")
    if clock.left == 0:
        return _("today is the last day")
    if clock.business:
        return ngettext("%(n)s business day left", "%(n)s business days left", clock.left) % {"n": clock.left}
    return ngettext("%(n)s day left", "%(n)s days left", clock.left) % {"n": clock.left}
