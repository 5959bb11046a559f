"""Words and colours of mailings for templates."""

from datetime import timedelta

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Mailing
from cyberadmin.accounts.numbers import grouped

register = template.Library()
TONES = {"new": "quiet", "scheduled": "info", "sending": "warn", "sent": "good", "stopped": "bad", "archived": "quiet"}


@register.filter
def stage_tone(mailing: Mailing) -> str:
    """The colour family of a mailing's state."""
    return "quiet" if not mailing.is_live else TONES.get(mailing.stage, "quiet")


@register.filter
def stage_words(mailing: Mailing) -> str:
    """Where a mailing is, in words; cancelled ones say so."""
    if mailing.gone_at is not None:
        return _("cancelled") if mailing.stage in ("new", "scheduled") else _("not at Cyberimpact any more")
    if mailing.deleted_at is not None:
        return _("being cancelled")
    return str(mailing.get_stage_display())


@register.filter
def duration(left: timedelta | None) -> str:
    """How long it is, in the two largest units."""
    if left is None:
        return ""
    minutes = int(left.total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        ngettext("%(n)s day", "%(n)s days", days) % {"n": days} if days else "",
        ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours} if hours else "",
        ngettext("%(n)s minute", "%(n)s minutes", rest) % {"n": rest},
    ]
    return " ".join([part for part in parts if part][:2])


@register.filter
def rate(share: float | None) -> str:
    """A fraction of 1 as a percentage with one decimal; a dash for none."""
    if share is None:
        return "–"
    return _("%(number)s %%") % {"number": number_format(round(share * 100, 1), 1)}


@register.filter
def amount(count: int | None) -> str:
    """A number with its thousands apart; a dash for none."""
    return grouped(count)
