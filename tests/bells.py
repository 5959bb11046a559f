"""What waits in the broker for a worker."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from cyberadmin.celery import app


def rung() -> list[str]:
    """The tasks that the broker holds, by name, taken out of it."""
    names = []
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        while (message := channel.basic_get(settings.CELERY_TASK_DEFAULT_QUEUE, no_ack=True)) is not None:
            names.append(message.headers["task"])
    return names
