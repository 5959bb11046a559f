"""`manage.py check_catalogues`: fail when something a person sees has no translation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cyberadmin.console import catalogues

#: Packages whose texts people see. The sandbox speaks the vendor's English.
PACKAGES = (
    "cyberadmin/accounts",
    "cyberadmin/cases",
    "cyberadmin/console",
    "cyberadmin/figures",
    "cyberadmin/history",
    "cyberadmin/exports",
    "cyberadmin/offboarding",
    "cyberadmin/people",
    "cyberadmin/sync",
    "contacts",
    "groups",
    "templates",
    "campaigns",
)
FILES = ("cyberadmin/settings.py", "cyberadmin/admin_site.py")


def marked() -> set[catalogues.Message]:
    """Every message that the project marks for translation."""
    base = Path(settings.BASE_DIR)
    found = catalogues.extract(base / package for package in PACKAGES)
    for name in FILES:
        found.update(catalogues.from_python((base / name).read_text(encoding="utf-8")))
    return found


class Command(BaseCommand):
    """Compares the catalogues of each language, taken together, with what the code and the templates mark."""

    help = "Check that every catalogue is complete."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help="append empty entries for what is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        messages = marked()
        by_language: dict[str, list[Path]] = {}
        for source in catalogues.sources():
            by_language.setdefault(catalogues.language_of(source), []).append(source)
        said: list[str] = []
        for language, sources in by_language.items():
            entries = [entry for source in sources for entry in catalogues.read(source)]
            said += [f"{language}: {problem}" for problem in catalogues.problems(messages, entries)]
            if options["write"]:
                _append(sources, messages - {entry.message for entry in entries})
        if said:
            raise CommandError("\n".join(said))
        self.stdout.write(f"{len(messages)} messages, all translated")


def _append(sources: list[Path], missing: set[catalogues.Message]) -> None:
    """Add empty entries: those of a package with a catalogue of its own there, the rest to the common one."""
    for source in reversed(sources):
        package = source.parents[3]
        own = missing if package == Path(settings.BASE_DIR) else missing & catalogues.extract([package])
        missing = missing - own
        with source.open("a", encoding="utf-8") as file:
            file.writelines(
                "\n" + catalogues.quoted(message) for message in sorted(own, key=lambda message: message.text)
            )
