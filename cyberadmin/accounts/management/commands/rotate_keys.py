"""Seal whatever is sealed with CYBERADMIN_KEYS with the newest of them; safe while workers run."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from cyberadmin.accounts import sealed, secrets
from cyberadmin.accounts.models import Credential
from cyberadmin.accounts.tokens import Secret


class Command(BaseCommand):
    help = "Seal everything with the newest key. Afterwards the older keys can be taken off CYBERADMIN_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError, before anything is written, when some stored token opens with none of the keys."""
        stored = Credential.objects.exclude(secret="")
        lost = [row for row in stored.select_related("account") if not _opens(row)]
        if lost:
            named = ", ".join(sorted({row.account.name for row in lost}))
            missing = ", ".join(sorted({row.secret.partition(":")[0] for row in lost}))
            raise CommandError(
                f"{len(lost)} stored token(s) open with none of CYBERADMIN_KEYS; nothing was changed. Put back the key "
                f"they were sealed with ({missing}), or paste new tokens. Clients: {named}."
            )
        rotated = sum(_rotate(pk) for pk in stored.values_list("pk", flat=True))
        others = sealed.rotate()
        self.stdout.write(f"{rotated} token(s) and {others} other secret(s) sealed with the newest key.")


def _opens(credential: Credential) -> bool:
    try:
        credential.reveal()
    except secrets.SecretUnreadable:
        return False
    return True


def _rotate(pk: int) -> bool:
    """Seal one row anew, under its lock: a worker reads either the old or the new ciphertext, and both open."""
    with transaction.atomic():
        credential = Credential.objects.select_for_update().get(pk=pk)
        if not credential.secret or secrets.is_current(credential.secret):
            return False
        secret = credential.reveal()
        credential.seal(secret)
        credential.fingerprint = Secret(secret, credential.username).fingerprints[0]
        credential.save(update_fields=["secret", "fingerprint"])
        return True
