"""Times of sending: stored in UTC, typed and shown as wall time in the account's zone (docs/engine.md, product.md 3d-14).

The clock change makes one hour of the year absent and doubles another. An absent time is refused; for a doubled one the
person says which, and it is refused where the vendor's own way of taking times (wall time, api/README.md 3) cannot say it.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cyberadmin.api.types.wall_time import wall_time

#: The zone in which the vendor takes `sendAt` (api/README.md 6, row 29).
WIRE_ZONE = ZoneInfo("America/Toronto")
Which = Literal["first", "second"]


def instant(local: datetime, zone: ZoneInfo, which: Which | None = None) -> datetime:
    """The UTC moment of a wall time typed in `zone`.

    Raises ValidationError with code "seconds", "skipped" (no such time), "doubled" (say which) or "unsayable".
    """
    if local.tzinfo is not None or local.second or local.microsecond:
        raise ValidationError(_("Give the time in whole minutes."), code="seconds")
    try:
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError:
        raise ValidationError(_("There is no such date."), code="skipped") from None
    said = {"when": f"{local:%Y-%m-%d %H:%M}", "zone": zone.key}
    if first.astimezone(zone).replace(tzinfo=None) != local:
        raise ValidationError(
            _("%(when)s does not exist in %(zone)s: the clocks are put forward over it. Choose another time.") % said,
            code="skipped",
        )
    if first != second and which is None:
        raise ValidationError(
            _("%(when)s exists twice in %(zone)s: the clocks are put back over it. Say which one is meant.") % said,
            code="doubled",
        )
    moment = second if which == "second" else first
    if not is_sayable(moment):
        raise ValidationError(
            _("Cyberimpact cannot be told which of the two %(when)s is meant. Choose another hour.") % said,
            code="unsayable",
        )
    return moment


def is_sayable(moment: datetime) -> bool:
    """Whether the vendor's way of taking times can say this moment."""
    try:
        wall_time(moment, WIRE_ZONE)
    except ValueError:
        return False
    return True


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """A moment as the people of the account read it."""
    return moment.astimezone(zone)


def until(moment: datetime, now: datetime) -> timedelta:
    """How long it is until then; negative when it has passed."""
    return moment - now
