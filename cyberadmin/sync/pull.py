"""Pulling: from what the vendor holds to the mirror (docs/engine.md 2.10).

A run is a row. It is claimed with one guarded UPDATE, renewed with every page, and judged at its end. Bodies are not
staged: each page is checked and merged in its own transaction, which is idempotent, and leaves behind only *which* rows
it contained. So an unchanged pull writes next to nothing, a killed run is simply started again, and only a run whose
lists were whole may look for what is gone.
"""

import logging
import uuid
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q

from cyberadmin.accounts.models import Account
from cyberadmin.api import errors

from . import connection, outcomes, pace, registry, sweep
from .clock import now
from .doorbell import ring
from .models import Pace, PullPage, PullRun
from .pull_context import EASTERN, AccountStopped, LeaseLost, PullContext

__all__ = ["PullContext", "request", "run_due"]

logger = logging.getLogger(__name__)

#: Incremental pulls look this much further back: the vendor's filters know days only (fault 68).
OVERLAP = timedelta(days=2)
MOST_RESTARTS = 3
_OPEN = (PullRun.State.QUEUED, PullRun.State.RUNNING)


def request(account: Account, scope: str, requested_by: User | None = None) -> PullRun:
    """The account's open run, or a new one. A waiting incremental run becomes full when a full one is asked for."""
    run = _open_run(account, scope, requested_by)
    ring(account.pk)
    return run


def _open_run(account: Account, scope: str, requested_by: User | None) -> PullRun:
    try:
        with transaction.atomic():
            return PullRun.objects.create(account=account, scope=scope, requested_by=requested_by)
    except IntegrityError:
        pass
    open_runs = PullRun.objects.filter(account=account, state__in=_OPEN)
    if scope == PullRun.Scope.FULL:
        open_runs.filter(state=PullRun.State.QUEUED).update(scope=scope)
        # One that runs already goes on as it is; the next one due is then full.
        open_runs = open_runs.all()
        if open_runs.filter(scope=PullRun.Scope.INCREMENTAL).exists():
            Pace.objects.filter(account=account).update(full_pull_at=None)
    run = open_runs.first()
    # It ended between the two statements: its successor can be made now.
    return run or _open_run(account, scope, requested_by)


def request_from_now(account: Account) -> None:
    """Have a run begin from now on: one that runs already may have read past what has just arrived there."""
    run = request(account, PullRun.Scope.INCREMENTAL)
    if run.state == PullRun.State.RUNNING:
        Pace.objects.filter(account=account).update(pull_wanted_at=now())


def is_wanted(account_id: int) -> bool:
    """Whether a run was asked for that none has begun after."""
    wanted = Pace.objects.filter(account=account_id).values_list("pull_wanted_at", flat=True).first()
    return wanted is not None and not PullRun.objects.filter(account=account_id, started_at__gte=wanted).exists()


def run_due(account_id: int) -> PullRun | None:
    """Do the account's run that waits, or whose worker was lost; None when there is nothing to do now."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None or not account.is_working:
        return None
    _abandon_lost(account_id)
    run = _claim(account_id)
    if run is None:
        return None
    log = connection.CallLog(account_id, run=run)
    try:
        with connection.client_for(account, log) as client:
            context = PullContext(run, account, client, log, _since(run))
            _attempt(context)
    except connection.AccountPaused:
        _put_back(run, "account", now() + timedelta(seconds=settings.SYNC_BACKOFF_SECONDS))
    except pace.HoldOff as held:
        _hold_off(run, held)
    except LeaseLost:
        logger.warning("Pull %s was taken over by another worker; nothing more was written.", run.pk)
    finally:
        connection.flush_alone(log)
    if is_wanted(account_id):
        full = Pace.objects.filter(account=account, full_pull_at=None).exists()
        request(account, PullRun.Scope.FULL if full else PullRun.Scope.INCREMENTAL)
    run.refresh_from_db()
    return run


def _abandon_lost(account_id: int) -> None:
    """Replace a run whose worker is gone by a new one: pages are merged idempotently, so nothing needs undoing."""
    lost = PullRun.objects.filter(account_id=account_id, state=PullRun.State.RUNNING, lease_until__lt=now()).first()
    if lost is None:
        return
    restarts = int(lost.counts.get("restarts", 0)) + 1
    with transaction.atomic():
        mine = PullRun.objects.filter(pk=lost.pk, state=PullRun.State.RUNNING, claim_token=lost.claim_token)
        ended = {"claim_token": None, "lease_until": None, "finished_at": now()}
        if restarts > MOST_RESTARTS:
            mine.filter(lease_until__lt=now()).update(state=PullRun.State.FAILED, reason="program_error", **ended)
            return
        if mine.filter(lease_until__lt=now()).update(state=PullRun.State.ABANDONED, reason="worker_lost", **ended):
            PullPage.objects.filter(run=lost).delete()
            PullRun.objects.create(
                account_id=account_id,
                scope=lost.scope,
                requested_by=lost.requested_by,
                counts={"restarts": restarts},
            )


def _claim(account_id: int) -> PullRun | None:
    token, moment = uuid.uuid4(), now()
    due = PullRun.objects.filter(Q(not_before=None) | Q(not_before__lte=moment), account_id=account_id)
    claimed = due.filter(state=PullRun.State.QUEUED).update(
        state=PullRun.State.RUNNING,
        claim_token=token,
        lease_until=moment + timedelta(seconds=settings.SYNC_LEASE_SECONDS),
        started_at=moment,
        reason="",
    )
    return PullRun.objects.select_related("account").get(account_id=account_id, claim_token=token) if claimed else None


def _since(run: PullRun) -> date | None:
    """The Eastern day from which an incremental run asks; None = everything, also when nothing was applied yet."""
    if run.scope == PullRun.Scope.FULL:
        return None
    through = Pace.objects.filter(account_id=run.account_id).values_list("pulled_through", flat=True).first()
    if through is None:
        PullRun.objects.filter(pk=run.pk).update(scope=PullRun.Scope.FULL)
        run.scope = PullRun.Scope.FULL
        return None
    return through.astimezone(EASTERN).date() - OVERLAP


def _attempt(context: PullContext) -> None:
    """Do the run and turn whatever stops it into a state of the run."""
    run = context.run
    restarts, attempts = int(run.counts.get("restarts", 0)), int(run.counts.get("attempts", 0))
    context.counts = {name: number for name, number in (("restarts", restarts), ("attempts", attempts)) if number}
    context.write(progress_done=0, progress_total=0)
    PullPage.objects.filter(run=run).delete()
    try:
        _pull(context)
        _finish(context)
    except pace.HoldOff as held:
        _hold_off(run, held)
    except AccountStopped:
        _stopped(context)
    except errors.ApiError as error:
        _try_later(context, error)
    except LeaseLost:
        raise
    except OperationalError:
        # The database was locked for too long or went away: nothing of this page was kept, the run starts again.
        logger.warning("Pull %s met a busy database and starts again.", run.pk)
        _put_back(run, "database_busy", now() + timedelta(seconds=settings.SYNC_BACKOFF_SECONDS))
    except Exception:
        context.write(state=PullRun.State.FAILED, reason="program_error", finished_at=now(), lease_until=None)
        raise


def _pull(context: PullContext) -> None:
    for resource in registry.in_pull_order():
        for _page in resource.pull(context):
            pass


def _finish(context: PullContext) -> None:
    run = context.run
    vetoed = [reading.name for reading in context.readings.values() if not reading.whole]
    context.step("checking")
    if context.full:
        sweep.sweep(context)
    sweep.go_on(context)
    context.step("")
    with transaction.atomic():
        context.write(
            state=PullRun.State.INCOMPLETE if vetoed else PullRun.State.COMPLETE,
            reason="odd_answer" if vetoed else "",
            vendor_started_at=run.vendor_started_at or run.started_at,
            finished_at=now(),
            lease_until=None,
        )
        if not vetoed:
            _move_cursor(context)


def _move_cursor(context: PullContext) -> None:
    """The next incremental run may start where this one did, now that everything it read is applied."""
    values: dict[str, datetime | None] = {"pulled_through": context.run.vendor_started_at}
    if context.full:
        values["full_pull_at"] = context.run.started_at
    Pace.objects.update_or_create(
        account=context.account,
        defaults=values,
        create_defaults={"rate": settings.SYNC_REQUESTS_PER_SECOND, **values},
    )


def _stopped(context: PullContext) -> None:
    """The vendor refuses this account: paused ends the run, a wait puts it back."""
    account = context.account
    account.refresh_from_db()
    if not account.is_working:
        context.write(state=PullRun.State.FAILED, reason="account", finished_at=now(), lease_until=None)
        return
    blocked = pace.until_allowed(account.pk)
    _put_back(context.run, "rate_limited", blocked[0] if blocked else now())


def _try_later(context: PullContext, error: errors.ApiError) -> None:
    attempts = int(context.counts.get("attempts", 0)) + 1
    reason = "not_reached" if isinstance(error, errors.NotSent) else "vendor_trouble"
    counts = {**context.counts, "attempts": attempts}
    if attempts >= outcomes.MOST_ATTEMPTS:
        context.write(state=PullRun.State.FAILED, reason=reason, counts=counts, finished_at=now(), lease_until=None)
        return
    _put_back(context.run, reason, now() + timedelta(seconds=outcomes.backoff(attempts)), counts)


def _hold_off(run: PullRun, held: pace.HoldOff) -> None:
    _put_back(run, "rate_limited" if held.why == "rate" else "breaker", held.until)


def _put_back(run: PullRun, reason: str, until: datetime, counts: dict[str, int] | None = None) -> None:
    """Let the run wait and start again; it keeps why."""
    mine = PullRun.objects.filter(pk=run.pk, state=PullRun.State.RUNNING, claim_token=run.claim_token)
    values = {"counts": counts} if counts is not None else {}
    mine.update(
        state=PullRun.State.QUEUED,
        reason=reason,
        not_before=until,
        claim_token=None,
        lease_until=None,
        step="",
        **values,
    )
