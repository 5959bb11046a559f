"""Celery tasks: thin, ids in, nothing out."""

from celery import shared_task

from . import carrying


@shared_task
def advance(part_id: int) -> None:
    """Something was decided about one client of a case."""
    carrying.advance(part_id)


@shared_task
def advance_all() -> None:
    """Look where everything that is being carried out stands."""
    carrying.advance_all()
