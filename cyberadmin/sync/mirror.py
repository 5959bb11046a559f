"""What every mirrored model has, and the guard that keeps its rows behind the engine's doors.

The columns of a mirror row hold the *effective* value: what staff see. `snapshot` is null while that is also what the
vendor was last seen to hold; as soon as an edit makes them differ it holds the vendor's values, and it is null again
once they agree. So "effective differs from remote" is one indexed test, and promise P12 (docs/engine.md) is one query.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account

_door_open: ContextVar[bool] = ContextVar("mirror_door_open", default=False)


class MirrorWriteRefused(Exception):
    """A mirror row was about to be written past the engine: the edit would never reach the vendor."""


@contextmanager
def writing() -> Iterator[None]:
    """Open the door to mirror rows for the engine (record, settle, pull). Nothing else may use it."""
    token = _door_open.set(True)
    try:
        yield
    finally:
        _door_open.reset(token)


def _check_door() -> None:
    if not _door_open.get():
        raise MirrorWriteRefused("Mirror rows are written by cyberadmin.sync only; use the app's services.")


class MirrorQuerySet(models.QuerySet[Any]):
    """A query set whose bulk writes work only inside `writing()`."""

    def update(self, **kwargs: Any) -> int:
        _check_door()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        _check_door()
        return super().delete()

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[Any]:
        _check_door()
        return super().bulk_create(*args, **kwargs)

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        _check_door()
        return super().bulk_update(*args, **kwargs)


class MirrorModel(models.Model):
    """A row that mirrors one object of the vendor.

    `edit_version` grows whenever the effective values change, by staff or by a merge, and guards both against each
    other. `deleted_at` = staff deleted it here; `gone_at` = it is gone at the vendor (or never got there) and the row is a tombstone.
    """

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="+", db_index=False, verbose_name=_("client account"), editable=False
    )
    remote_id = models.BigIntegerField(_("number at Cyberimpact"), null=True, blank=True, editable=False)
    snapshot = models.JSONField(null=True, blank=True, editable=False)
    content_hash = models.CharField(max_length=32, blank=True, editable=False)
    edit_version = models.PositiveIntegerField(default=0, editable=False)
    pulled_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    gone_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = MirrorQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Works only inside `writing()`."""
        _check_door()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Works only inside `writing()`."""
        _check_door()
        return super().delete(*args, **kwargs)
