"""What a worker process of a fault test does: the same sweep and pump as the Celery tasks, in a loop of its own.

Loaded in a fresh process by the nursery, after its environment was set.
"""

from __future__ import annotations

import logging
import os
import signal
import threading

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import OperationalError, close_old_connections, transaction  # noqa: E402

from contacts import services as contacts  # noqa: E402
from contacts.models import Contact  # noqa: E402
from cyberadmin.offboarding import purging  # noqa: E402
from cyberadmin.sync import clock, push, sweeper  # noqa: E402
from cyberadmin.sync.bulk import applying, planning  # noqa: E402
from cyberadmin.sync.models import Change, ChangeSet  # noqa: E402
from tests.faults.quiet import MOVING, seconds_to_next  # noqa: E402
from tests.sync.bulk import kind as _registers_the_kind  # noqa: E402, F401

logger = logging.getLogger(__name__)
LOOK_AGAIN_SECONDS = 0.02


def work(accounts: list[int], ahead: float = 0.0, hurry: bool = False, until_idle: bool = True) -> None:
    """Sweep and pump these accounts. `ahead`: seconds by which this process's clock is ahead.

    `hurry`: let the clock jump to whatever is due next; only for a worker that is alone. `until_idle`: end when nothing
    can move any more.
    """
    clock.advance(ahead)
    idle = 0
    while not until_idle or idle < 3:
        try:
            for account_id in sweeper.accounts_with_work():
                if account_id in accounts:
                    push.pump(account_id)
            due = [seconds for account in accounts if (seconds := seconds_to_next(account)) is not None]
            moving = Change.objects.filter(account__in=accounts, state__in=MOVING).exists()
        except OperationalError:
            # The database went away in the middle, as a restarted server does.
            logger.exception("The database is away")
            close_old_connections()
            continue
        idle = 0 if moving and due else idle + 1
        if hurry and due:
            clock.advance(min(due))
        else:
            threading.Event().wait(LOOK_AGAIN_SECONDS)


def save(contact: int, actor: int, note: str, die: str = "") -> None:
    """Save an edit as a page does; `die`: be killed "before" the commit or "after" it, before any worker is woken."""
    with transaction.atomic():
        if die == "after":
            transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
        row = Contact.objects.get(pk=contact)
        contacts.edit_contact(User.objects.get(pk=actor), row, {"note": note}, row.edit_version)
        if die == "before":
            os.kill(os.getpid(), signal.SIGKILL)


def plan(change_set: int, ahead: float = 0.0) -> None:
    """Make a plan."""
    clock.advance(ahead)
    planning.plan(change_set)


def apply(account: int, ahead: float = 0.0, budget: float = 0.0) -> None:
    """Apply the account's sets and send what they record, until they have ended or wait for a person."""
    clock.advance(ahead)
    while ChangeSet.objects.filter(account=account, state="applying").exists():
        wait = applying.work(account, budget)
        for account_id in sweeper.accounts_with_work():
            push.pump(account_id)
        if wait is None:
            clock.advance(5)
        elif wait:
            threading.Event().wait(min(wait, LOOK_AGAIN_SECONDS))


def purge(work: int) -> None:
    """Purge a client who has left."""
    purging.run(work)
