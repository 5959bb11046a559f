"""Celery tasks of the figures."""

from celery import shared_task

from . import counting


@shared_task
def count() -> None:
    """Count every client whose day has begun."""
    counting.count_due()
