"""Settings of the test runs: the product's own, fed by environment defaults that a test machine needs."""

import os
import tempfile

os.environ.setdefault("CYBERADMIN_DEVELOPMENT", "1")
os.environ.setdefault("CYBERADMIN_DATA", tempfile.mkdtemp(prefix="cyberadmin-tests-"))
os.environ.setdefault("DJANGO_SECRET_KEY", "tests-only-secret-key-tests-only-secret-key-0123456789")
os.environ.setdefault("CYBERADMIN_KEYS", "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")

from cyberadmin.settings import *  # noqa: E402, F403
from cyberadmin.settings import DATA_DIR, DATABASES  # noqa: E402

# A file, so that workers and the live server of the flow tests meet in one real database.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
