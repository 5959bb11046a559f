"""For the machines that watch the console: is it up, can it work, and how is it doing. Numbers only, nobody's data.

`/healthz`: this process answers. `/readyz`: and can work: database reachable and migrated, broker reachable, a worker
alive. `/metrics`: figures in Prometheus' text format, for whoever knows `METRICS_TOKEN`; without one there is no such page.
"""

import hmac
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max, Min
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from prometheus_client.core import CollectorRegistry, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from cyberadmin.accounts.models import Account
from cyberadmin.celery import app
from cyberadmin.sync import services
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import ApiCall, Change, Heartbeat, PullRun

RECENT = timedelta(minutes=5)


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers requests."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when everything needed is there, else 503; which part is missing, without saying why to strangers."""
    database = _holds(_database_ready)
    parts = {
        "database": database,
        "broker": _holds(_broker_ready),
        "worker": database and _holds(services.workers_alive),
    }
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, OperationalError, OSError):
        return False


def _database_ready() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _broker_ready() -> bool:
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=3)
    return True


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for a request with `Authorization: Bearer <METRICS_TOKEN>`; for anybody else there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Figures(Collector):
    """Read from the database at each request, so that every web process tells the same."""

    def collect(self) -> Iterator[Metric]:
        """One family after the other; labels are states and classes, never a client or a person."""
        yield from self._outbox()
        yield from self._accounts()
        yield from self._calls()
        yield _gauge("cyberadmin_worker_silence_seconds", "Since the last sign of life of any worker", _since_beat())

    def _outbox(self) -> Iterator[Metric]:
        open_changes = Change.objects.filter(state__in=Change.OPEN)
        counted = open_changes.values_list("state").annotate(n=Count("id")).order_by()
        yield _by("cyberadmin_changes", "Changes that have not ended", "state", dict(counted))
        waiting = Change.objects.filter(state=Change.State.QUEUED).aggregate(first=Min("created_at"))["first"]
        yield _gauge("cyberadmin_oldest_waiting_seconds", "Age of the oldest change that waits", _age(waiting))

    def _accounts(self) -> Iterator[Metric]:
        working = Account.objects.filter(state=Account.State.CONNECTED)
        paused = working.values_list("paused_reason").annotate(n=Count("id")).order_by()
        by_reason = {reason or "working": count for reason, count in paused}
        yield _by("cyberadmin_accounts", "Connected accounts, by why they are paused", "state", by_reason)
        complete = PullRun.objects.filter(state=PullRun.State.COMPLETE, account__in=working)
        stalest = min(
            (last for _account, last in complete.values_list("account").annotate(last=Max("started_at")).order_by()),
            default=None,
        )
        yield _gauge("cyberadmin_stalest_mirror_seconds", "Age of the oldest latest complete pull", _age(stalest))

    def _calls(self) -> Iterator[Metric]:
        recent = ApiCall.objects.filter(at__gte=now() - RECENT).values_list("status").annotate(n=Count("id")).order_by()
        classes: dict[str, int] = {}
        for status, count in recent:
            name = f"{status // 100}xx" if status else "no_answer"
            classes[name] = classes.get(name, 0) + count
        yield _by("cyberadmin_calls_recent", "Calls to the vendor in the last five minutes", "outcome", classes)


def _since_beat() -> float:
    return _age(Heartbeat.objects.aggregate(last=Max("at"))["last"])


def _age(moment: datetime | None) -> float:
    """Seconds since then; 0 when there is nothing to be old."""
    return max(0.0, (now() - moment).total_seconds()) if moment else 0.0


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)


def _by(name: str, says: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
