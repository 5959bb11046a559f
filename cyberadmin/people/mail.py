"""Sending a one-time link by e-mail, where the installation can send any (EMAIL_URL); the link to copy always works."""

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation
from django.utils.translation import gettext as _

from .models import OneTimeLink

logger = logging.getLogger(__name__)


def is_configured() -> bool:
    """Whether this installation can send e-mail."""
    return bool(settings.EMAIL_CONFIGURED)


def send_link(link: OneTimeLink, url: str, language: str) -> bool:
    """Send a link to the person it is for; whether the mail server took it. Never raises."""
    if not is_configured() or not link.email:
        return False
    with translation.override(language or settings.LANGUAGE_CODE):
        subject, text = _words(link, url)
    try:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [link.email])
    except (smtplib.SMTPException, OSError) as error:
        # Neither address nor link: both are in the e-mail alone.
        logger.warning("A one-time link could not be sent by e-mail: %s", type(error).__name__)
        return False
    return True


def _words(link: OneTimeLink, url: str) -> tuple[str, str]:
    if link.kind == OneTimeLink.Kind.INVITATION:
        text = _(
            "You are invited to work in cyberadmin, the console of your agency.\n\n"
            "Open this address to choose your name and your password. It opens once, and expires in 7 days:\n\n"
            "%(url)s\n\n"
            "If you expected no invitation, do nothing."
        )
        return _("Your invitation to cyberadmin"), text % {"url": url}
    text = _(
        "Open this address to choose a new password for cyberadmin. It opens once, and expires in 24 hours:\n\n"
        "%(url)s\n\n"
        "If you did not ask for it, do nothing: your password stays as it is."
    )
    return _("A new password for cyberadmin"), text % {"url": url}
