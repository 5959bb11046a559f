"""Celery tasks of the console: thin, ids in, nothing out. Each calls one function that tests call directly."""

from celery import shared_task

from . import digest


@shared_task
def send_digests() -> None:
    """Every ten minutes: send the digests that are due and were not sent."""
    digest.send_due()
