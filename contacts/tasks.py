"""Celery tasks of contacts: thin, ids in, nothing out. Each calls one function that tests call directly."""

from celery import shared_task

from .consent import reading
from .imports import purging


@shared_task
def read_consents() -> None:
    """Every minute: read consents for some seconds, where nothing more urgent waits."""
    reading.run()


@shared_task
def purge_import_files() -> None:
    """Every hour: delete the files of imports that are over."""
    purging.run()
