"""Settings of the console that a browser walks: the product's own, looking after its work every few seconds."""

from cyberadmin.settings import *  # noqa: F403
from cyberadmin.settings import CELERY_BEAT_SCHEDULE, DATABASES

#: At most so long, in seconds, until a walk sees what the beat brings about.
_SOON = 3.0
for _name in ("cases-advance", "read-consents", "campaigns-watch", "exports-sweep", "offboarding-sweep", "pull-due"):
    CELERY_BEAT_SCHEDULE[_name]["schedule"] = _SOON
CONSENT_READING_SECONDS = 2.0
# The vendor is the sandbox on this machine, and no power cut is survived here: processes are killed, the machine is not.
SYNC_REQUESTS_PER_SECOND = 10_000.0
DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
