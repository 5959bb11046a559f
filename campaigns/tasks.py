"""Celery tasks of campaigns: thin, ids in, nothing out. Each calls one function that tests call directly."""

from celery import shared_task

from cyberadmin.sync import details

from . import confirming, received, recipients
from . import watch as watching


@shared_task
def read_confirmation(confirmation_id: int) -> None:
    """Somebody is about to approve or send: what are the groups at the vendor now?"""
    confirming.read(confirmation_id)


@shared_task
def read_mailing(account_id: int, mailing_id: int) -> None:
    """Somebody looks at a mailing: read its counters and links."""
    details.read("mailing", account_id, mailing_id)


@shared_task
def read_recipients(list_id: int) -> None:
    """Somebody wants to see who received, opened or clicked."""
    recipients.read(list_id)


@shared_task
def read_person(account_id: int, contact_id: int) -> None:
    """Somebody looks at a contact: what did this person receive?"""
    received.read(account_id, contact_id)


@shared_task
def watch() -> None:
    """Look after mailings that leave soon, and at readings that lost their worker."""
    watching.request_due()
    for list_id in recipients.due():
        read_recipients.delay(list_id)
    for confirmation_id in confirming.due():
        read_confirmation.delay(confirmation_id)
