"""What the benches share: a database of their own, a sandbox, and connected accounts.

Import this before anything of the product: it sets the environment that the settings read.
"""

import argparse
import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(tempfile.mkdtemp(prefix="cyberadmin-bench-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def arguments(
    description: str, choices: Mapping[str, Sequence[str]] = MappingProxyType({}), **sizes: int
) -> argparse.Namespace:
    """Parse the options every bench has: its choices (the first one is meant), its sizes, and --database.

    The database is sqlite, or the URL of an empty PostgreSQL one.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--database", default="sqlite", help="sqlite, or postgres://user:password@host:port/name")
    for name, words in choices.items():
        parser.add_argument(f"--{name}", choices=words, default=words[0])
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["CYBERADMIN_DATA"] = str(FOLDER)
    if options.database != "sqlite":
        os.environ["DATABASE_URL"] = options.database
    return options


@contextmanager
def running(options: argparse.Namespace) -> Iterator[None]:
    """Django set up on a migrated database, with tables emptied."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    if options.database == "sqlite":
        settings.DATABASES["default"]["NAME"] = str(FOLDER / "bench.sqlite3")
    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    yield


def note(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)
