"""The Celery application.

Celery only wakes workers: the database holds the queue (docs/engine.md), so a lost message costs one sweep and a
doubled one costs nothing. Messages carry ids only, as JSON; nothing is retried, delayed or returned by Celery.
"""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES["embedded"] = "cyberadmin.broker.sqlite:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cyberadmin.settings")

app = Celery("cyberadmin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "cyberadmin.sync",
        "cyberadmin.accounts",
        "cyberadmin.people",
        "contacts",
        "campaigns",
        "cyberadmin.cases",
        "cyberadmin.figures",
        "cyberadmin.history",
        "cyberadmin.exports",
        "cyberadmin.offboarding",
        "cyberadmin.console",
    ]
)
