"""Celery tasks of the exports: thin, ids in, nothing out."""

from cyberadmin.celery import app

from . import making

MAKE = "cyberadmin.exports.tasks.make"


@app.task(name=MAKE, ignore_result=True, time_limit=7_200, soft_time_limit=7_100)
def make(job_id: int) -> None:
    """Somebody asked for an export."""
    making.make(job_id)


@app.task(name="cyberadmin.exports.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Find the exports that nobody was woken for, or whose worker died."""
    for pk in making.open_jobs():
        make.delay(pk)


@app.task(name="cyberadmin.exports.tasks.keep_house", ignore_result=True)
def keep_house() -> None:
    """Delete what was kept for a week."""
    making.keep_house()
