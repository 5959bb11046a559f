"""Addresses that were erased: remembered as keyed hashes only, so that nobody brings them back (product.md N2, 3d-11)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account


class ErasureKey(models.Model):
    """A key of the hashes, derived from one of CYBERADMIN_KEYS and sealed like a token.

    A hash cannot be made anew without the address, so its key must outlive the key it was derived from: sealed here, it
    is only sealed once more when keys are rotated (`rotate_keys`), and the older entry of CYBERADMIN_KEYS can go.
    """

    name = models.CharField(max_length=60, unique=True)
    sealed = models.TextField()


class ErasedAddress(models.Model):
    """One erased address of one client; the digest covers the client too, so that two clients' lists cannot be compared."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    key = models.ForeignKey(ErasureKey, models.RESTRICT, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    erased_at = models.DateTimeField()

    class Meta:
        verbose_name = _("erased address")
        verbose_name_plural = _("erased addresses")
        constraints = [models.UniqueConstraint(fields=["account", "key", "digest"], name="erased_once_per_account")]
