"""Seal every stored token and second factor with the newest key of CYBERADMIN_KEYS; safe while workers run."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from cyberadmin.accounts import sealed, secrets
from cyberadmin.accounts.models import Credential


class Command(BaseCommand):
    help = "Seal every stored token and second factor with the newest key. Afterwards the older keys can be taken off CYBERADMIN_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises SecretUnreadable at the first token that no key opens; nothing is overwritten then."""
        rotated = 0
        for pk in Credential.objects.exclude(secret="").values_list("pk", flat=True):
            with transaction.atomic():
                credential = Credential.objects.select_for_update().get(pk=pk)
                if secrets.is_current(credential.secret):
                    continue
                secret = credential.reveal()
                credential.seal(secret)
                credential.fingerprint = secrets.fingerprints(secret)[0]
                credential.save(update_fields=["secret", "fingerprint"])
                rotated += 1
        self.stdout.write(f"{rotated} token(s) and {sealed.rotate()} other secret(s) sealed with the newest key.")
