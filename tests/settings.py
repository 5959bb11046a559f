"""Settings of the test runs: the product's own, fed by environment defaults that a test machine needs."""

import atexit
import os
import re
import shutil
import tempfile

# Every process of a parallel run has a folder and a broker of its own, which the processes that it starts share.
XDIST_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if "CYBERADMIN_DATA" not in os.environ or not os.environ["CYBERADMIN_DATA"].endswith(XDIST_WORKER):
    os.environ["CYBERADMIN_DATA"] = tempfile.mkdtemp(prefix="cyberadmin-tests-", suffix=XDIST_WORKER)
    atexit.register(shutil.rmtree, os.environ["CYBERADMIN_DATA"], ignore_errors=True)
if XDIST_WORKER and os.environ.get("CELERY_BROKER_URL", "").startswith("redis"):
    number = 1 + int(XDIST_WORKER.removeprefix("gw"))
    os.environ["CELERY_BROKER_URL"] = re.sub(r"/\d+$", f"/{number}", os.environ["CELERY_BROKER_URL"])
os.environ.setdefault("CYBERADMIN_DEVELOPMENT", "1")
os.environ.setdefault("DJANGO_SECRET_KEY", "tests-only-secret-key-tests-only-secret-key-0123456789")
os.environ.setdefault("CYBERADMIN_KEYS", "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")

from cyberadmin.settings import *  # noqa: E402, F403
from cyberadmin.settings import DATA_DIR, DATABASES  # noqa: E402

# A file, so that workers and the live server of the flow tests meet in one real database.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The static files come from the apps; whitenoise only wants the folder to be there.
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
