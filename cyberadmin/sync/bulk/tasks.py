"""Celery tasks of bulk changes: thin, ids in, nothing out."""

from celery import shared_task

from cyberadmin.sync.doorbell import ring_now

from . import applying, planning
from .doorbell import APPLY, PLAN

#: A plan of a million rows is one piece of work: it starts again from nothing when it is interrupted.
PLAN_LIMIT = 3_600


@shared_task(soft_time_limit=PLAN_LIMIT, time_limit=PLAN_LIMIT + 60)
def plan_set(change_set_id: int) -> None:
    """A plan was asked for."""
    planning.plan(change_set_id)


@shared_task
def apply_sets(account_id: int) -> None:
    """A plan is to be applied, or something of it followed to its end: one slice, then whoever waits has a turn."""
    wait = applying.work(account_id)
    if wait is not None and wait <= applying.LONGEST_NAP:
        ring_now(APPLY, account_id)


def wake_plans(account_id: int | None = None) -> None:
    """Wake workers for the plans that nobody is making, of one account or of all."""
    for change_set_id in planning.waiting(account_id):
        ring_now(PLAN, change_set_id)


def sweep_sets() -> None:
    """Find the sets that nobody was woken for."""
    wake_plans()
    for account_id in applying.accounts_due():
        ring_now(APPLY, account_id)
