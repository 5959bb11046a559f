"""What time takes away from the tables of the log-ins."""

from django.contrib.sessions.models import Session
from django.utils import timezone

from cyberadmin.celery import app

from . import links, sessions, throttle


@app.task(name="cyberadmin.people.tasks.keep_house", ignore_result=True)
def keep_house() -> None:
    """Forget what expired: paid-back tries, ended sessions, closed links. Run twice, it does nothing more."""
    throttle.prune()
    sessions.prune()
    links.prune()
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
