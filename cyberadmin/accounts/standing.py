"""How a credential stands, in a word and a colour: in use, being checked, to be deleted at the vendor, dead; and its end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .localtime import day_text
from .models import Credential

#: A token lasts ten years (api/README.md 2); its end is warned of from one year before and red from sixty days before.
WARNED, URGENT = timedelta(days=365), timedelta(days=60)
#: A replaced token that still works after so many days is red.
LEFT_ALIVE = timedelta(days=7)


@dataclass(frozen=True)
class Standing:
    """`tone`: good, warn, bad, info or quiet."""

    tone: str
    text: Any


def standing(credential: Credential, moment: datetime) -> Standing:
    """Where the credential is on its way from being pasted to being dead."""
    state = credential.state
    if state == Credential.State.ACTIVE:
        return Standing("warn" if credential.is_legacy else "good", credential.get_state_display())
    if state == Credential.State.CANDIDATE and credential.proved_at is not None:
        return Standing("info", _("proved; waiting for your confirmation"))
    if state in (Credential.State.ASKED, Credential.State.MAKING, Credential.State.CANDIDATE):
        return Standing("info", credential.get_state_display())
    if state == Credential.State.REFUSED:
        return Standing("bad", credential.get_state_display())
    return _replaced(credential, moment)


def _replaced(credential: Credential, moment: datetime) -> Standing:
    if credential.account.is_leaving:
        return _retired(credential)
    if credential.dead_at is not None:
        return Standing("quiet", _("replaced, and dead at Cyberimpact"))
    if not credential.secret:
        return Standing("quiet", _("replaced, and forgotten here"))
    since = moment - (credential.retired_at or moment)
    if since < timedelta(days=1):
        return Standing("warn", _("replaced today: delete it at Cyberimpact"))
    text = ngettext(
        "still alive %(number)d day after its replacement: delete it at Cyberimpact",
        "still alive %(number)d days after its replacement: delete it at Cyberimpact",
        since.days,
    )
    return Standing("bad" if since >= LEFT_ALIVE else "warn", text % {"number": since.days})


def _retired(credential: Credential) -> Standing:
    """One that nothing replaces, since the client leaves."""
    if credential.dead_at is not None:
        return Standing("quiet", _("retired, and dead at Cyberimpact"))
    if not credential.secret:
        return Standing("quiet", _("retired, and forgotten here"))
    return Standing("bad", _("retired, and still alive: delete it at Cyberimpact"))


def expiry(credential: Credential, moment: datetime) -> Standing:
    """When it ends by itself, as far as its own claims tell (product.md S16, S20); an unknown end is called unknown."""
    if credential.is_legacy:
        return Standing("warn", _("with its user or password"))
    if credential.expires_at is None:
        return Standing("quiet", _("unknown"))
    day = day_text(credential.expires_at, credential.account)
    left = credential.expires_at - moment
    if left <= timedelta(0):
        return Standing("bad", _("expired on %(day)s") % {"day": day})
    if left <= URGENT:
        text = ngettext("in %(number)d day, on %(day)s", "in %(number)d days, on %(day)s", left.days)
        return Standing("bad", text % {"number": left.days, "day": day})
    return Standing("warn" if left <= WARNED else "quiet", day)
