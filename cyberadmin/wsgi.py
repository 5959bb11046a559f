"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

# Read by the settings: a process that answers pages, and no worker or command, limits how long a statement takes.
os.environ["CYBERADMIN_SERVES_PAGES"] = "1"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cyberadmin.settings")
application = get_wsgi_application()
