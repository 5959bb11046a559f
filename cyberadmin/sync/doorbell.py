"""Waking a worker after a commit. The message is only a doorbell: losing it costs one sweep, never an edit."""

import logging

from django.db import transaction

from cyberadmin.celery import app

logger = logging.getLogger(__name__)

WAKE = "cyberadmin.sync.tasks.wake"


def ring(account_id: int) -> None:
    """Wake a worker for this account once the current transaction has committed; a broker that is away is only logged."""
    transaction.on_commit(lambda: ring_now(WAKE, account_id), robust=True)


def ring_now(task: str, *ids: int) -> None:
    """Send a task by name now. Ids only; failures are logged and forgotten, since the sweep finds the work."""
    try:
        app.send_task(task, args=ids, ignore_result=True)
    except Exception:  # noqa: BLE001 - whatever is wrong with the broker, the work is safe in the database
        logger.warning("The broker is away; the sweep will find the work of %s %s.", task, ids)
