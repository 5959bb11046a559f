"""The first page by e-mail, for who wants it: every Monday morning, or every working morning when something needs them.

It says what the page says, to the same person, about the clients that they may see at the moment of sending, in their
language. It names clients and counts and no contact. A row is written before a digest is sent: whatever breaks in
between, nobody gets two on one day; a mail server that refuses costs that day's digest, which the page shows anyway.
"""

import logging
import smtplib
from collections.abc import Iterator
from datetime import datetime, time
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cyberadmin.accounts import policy
from cyberadmin.accounts.scoping import place
from cyberadmin.figures.models import DigestChoice, DigestSent
from cyberadmin.people import mail
from cyberadmin.people.models import Profile
from cyberadmin.sync.clock import now

from . import needs
from .monday import Overview, overview

logger = logging.getLogger(__name__)

#: Sent between these times of the installation's zone (America/Toronto unless set otherwise); never in the afternoon.
FROM, UNTIL = time(7), time(11)
MONDAY, SATURDAY = 0, 5
Rhythm, Outcome = DigestChoice.Rhythm, DigestSent.Outcome


def is_configured() -> bool:
    """Whether digests can be sent: by e-mail, and with the console's address for their links."""
    return mail.is_configured() and bool(settings.CONSOLE_URL)


def send_due() -> int:
    """Send what is due now, once to each person and day; how many were taken up."""
    moment = timezone.localtime(now())
    if not is_configured() or not FROM <= moment.time() < UNTIL or moment.weekday() >= SATURDAY:
        return 0
    return sum(_send_once(user, moment) for user in _wanting(moment))


def _wanting(moment: datetime) -> Iterator[User]:
    """Active staff with an address whose digest of this day was not taken up yet."""
    wanted = Q(digest_choice__rhythm=Rhythm.DAILY)
    if moment.weekday() == MONDAY:
        wanted |= Q(digest_choice__rhythm=Rhythm.WEEKLY)
    done = DigestSent.objects.filter(on=moment.date()).values("user")
    people = User.objects.filter(wanted, is_active=True, is_staff=True).exclude(email="").exclude(pk__in=done)
    yield from people.select_related("digest_choice").order_by("pk")


def _send_once(user: User, moment: datetime) -> bool:
    """Take up the digest of one person and day, unless another worker was quicker."""
    row, made = DigestSent.objects.get_or_create(user=user, on=moment.date(), defaults={"at": moment})
    if made:
        DigestSent.objects.filter(pk=row.pk).update(outcome=_send(user))
    return made


def _send(user: User) -> str:
    """Write and send one digest. Never raises for what a mail server does."""
    profile = Profile.objects.filter(user=user).first()
    with translation.override((profile.language if profile else "") or settings.LANGUAGE_CODE):
        message = compose(user)
        if message is None:
            return Outcome.NOTHING
        try:
            message.send()
        except (smtplib.SMTPException, OSError) as error:
            logger.warning("A digest could not be sent by e-mail: %s", type(error).__name__)
            return Outcome.FAILED
    return Outcome.SENT


def compose(user: User) -> EmailMultiAlternatives | None:
    """The digest of one person now, in the active language; None when a daily one would say nothing."""
    accounts = list(policy.accounts_for(user))
    address = urlsplit(settings.CONSOLE_URL)
    root = address.path.rstrip("/") + "/"
    shown = overview(needs.of(user, accounts), root)
    if not accounts or (user.digest_choice.rhythm == Rhythm.DAILY and not shown.urgent):
        return None
    context = {
        "overview": shown,
        "site": f"{address.scheme}://{address.netloc}",
        "home": place(root, "admin:index"),
        "choice": place(root, "admin:digest"),
    }
    text = render_to_string("console/digest.txt", context)
    html = render_to_string("console/digest.html", context)
    message = EmailMultiAlternatives(_subject(shown), text, settings.DEFAULT_FROM_EMAIL, [user.email])
    message.attach_alternative(html, "text/html")
    return message


def _subject(shown: Overview) -> str:
    number = sum(len(part.lines) for part in shown.urgent)
    if not number:
        return f"cyberadmin · {_('Nothing needs you')}"
    said = ngettext("%(number)d thing needs you", "%(number)d things need you", number) % {"number": number}
    return f"cyberadmin · {said}"
