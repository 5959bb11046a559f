"""`manage.py compile_catalogues`: build the binary translation catalogues, with Python alone."""

from typing import Any

from django.core.management.base import BaseCommand

from cyberadmin.console import catalogues


class Command(BaseCommand):
    """Writes each `.mo` file that is older than its `.po` file."""

    help = "Compile the translation catalogues."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for source in catalogues.sources():
            target = source.with_suffix(".mo")
            if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
                catalogues.compile_po(source)
                self.stdout.write(f"compiled {source}")
