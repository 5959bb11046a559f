"""Celery tasks: thin, ids in, nothing out. Each calls one function that tests call directly."""

import socket
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from cyberadmin import logs

from . import custody, details, housekeeping, proving, pull, push, restored, sweeper
from .bulk import tasks as bulk_tasks


@worker_ready.connect
def say_hello(**kwargs: Any) -> None:
    """A worker that has just started is alive before the first sweep says so; whether it may write is asked first."""
    restored.tick()
    sweeper.beat(socket.gethostname())


@shared_task
def wake(account_id: int) -> None:
    """Somebody recorded something for this account, or a pull is due."""
    with logs.context(account=account_id):
        if push.pump(account_id):
            wake.delay(account_id)
        if pull.run_due(account_id) is not None:
            # A plan may have waited for what was read.
            bulk_tasks.wake_plans(account_id)


@shared_task
def sweep() -> None:
    """Find what nobody was woken for: the broker is disposable, this is not."""
    restored.tick()
    sweeper.beat(socket.gethostname())
    for account_id in sweeper.accounts_with_work():
        wake.delay(account_id)
    bulk_tasks.sweep_sets()


@shared_task
def prove(credential_id: int) -> None:
    """A token was pasted: whose account does it open?"""
    proving.prove(credential_id)


@shared_task
def make_token(credential_id: int) -> None:
    """A token was asked for: have the vendor make it with the credential in use."""
    custody.make(credential_id)


@shared_task
def check_token(credential_id: int) -> None:
    """Somebody deleted a replaced token at the vendor: is it dead?"""
    custody.check_by_id(credential_id)


@shared_task
def watch_tokens() -> None:
    """Look whether replaced tokens are dead, and prove the ones in use once a day."""
    custody.watch()


@shared_task
def read_details(account_id: int, contact_id: int) -> None:
    """Somebody looks at one object: read what the lists leave out."""
    details.read("contact", account_id, contact_id)


@shared_task
def pull_due() -> None:
    """Start the pulls whose time has come."""
    sweeper.request_due_pulls()


@shared_task
def keep_house() -> None:
    """Prune by age and check promise P12."""
    housekeeping.run()


@shared_task
def check_wall() -> None:
    """Check promise P9 in the rows themselves."""
    housekeeping.check_wall()
