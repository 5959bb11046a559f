"""What time takes away from the history."""

from datetime import timedelta

from django.conf import settings

from cyberadmin.accounts import audit
from cyberadmin.celery import app
from cyberadmin.sync.clock import now


@app.task(name="cyberadmin.history.tasks.keep_house", ignore_result=True)
def keep_house() -> None:
    """Forget entries older than HISTORY_KEPT_DAYS. Run twice, it does nothing more."""
    audit.purge(now() - timedelta(days=settings.HISTORY_KEPT_DAYS))
