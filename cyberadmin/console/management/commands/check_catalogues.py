"""`manage.py check_catalogues`: fail when something a person sees has no translation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cyberadmin.console import catalogues

#: Packages whose texts people see. The sandbox speaks the vendor's English.
PACKAGES = ("cyberadmin/accounts", "cyberadmin/console", "cyberadmin/sync", "contacts", "groups")
FILES = ("cyberadmin/settings.py", "cyberadmin/admin_site.py")


def marked() -> set[catalogues.Message]:
    """Every message that the project marks for translation."""
    base = Path(settings.BASE_DIR)
    found = catalogues.extract(base / package for package in PACKAGES)
    for name in FILES:
        found.update(catalogues.from_python((base / name).read_text(encoding="utf-8")))
    return found


class Command(BaseCommand):
    """Compares the catalogues with what the code and the templates mark."""

    help = "Check that every catalogue is complete."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help="append empty entries for what is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        messages = marked()
        said: list[str] = []
        for source in sorted(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/django.po")):
            entries = catalogues.read(source)
            said += [f"{source.parent.parent.name}: {problem}" for problem in catalogues.problems(messages, entries)]
            if options["write"]:
                missing = sorted(messages - {entry.message for entry in entries}, key=lambda message: message.text)
                with source.open("a", encoding="utf-8") as file:
                    file.writelines("\n" + catalogues.quoted(message) for message in missing)
        if said:
            raise CommandError("\n".join(said))
        self.stdout.write(f"{len(messages)} messages, all translated")
