"""Celery tasks: thin, ids in, nothing out."""

from cyberadmin.celery import app

from . import leases, making, purging
from .models import Work


@app.task(name="cyberadmin.offboarding.tasks.make", ignore_result=True, time_limit=7_200, soft_time_limit=7_100)
def make(work_id: int) -> None:
    """Somebody asked for the file of a client who leaves."""
    making.make(work_id)


@app.task(name="cyberadmin.offboarding.tasks.purge", ignore_result=True, time_limit=7_200, soft_time_limit=7_100)
def purge(work_id: int) -> None:
    """An administrator had a client purged."""
    purging.run(work_id)


@app.task(name="cyberadmin.offboarding.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Find the work that nobody was woken for, or whose worker died."""
    for pk, kind in leases.open_works():
        (purge if kind == Work.Kind.PURGE else make).delay(pk)


@app.task(name="cyberadmin.offboarding.tasks.keep_house", ignore_result=True)
def keep_house() -> None:
    """Delete files that were left lying, and what workers wrote late about clients that ended."""
    making.keep_house()
    purging.look_again()
