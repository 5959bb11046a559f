"""Reading one object afresh, with what the lists leave out, when somebody looks at it."""

from django.db import transaction

from cyberadmin.accounts.models import Account
from cyberadmin.api import errors

from . import connection, merge, pace, record, registry
from .clock import now
from .mirror import writing
from .resource import GoneThere, ProtectedThere


def read(kind: str, account_id: int, object_id: int) -> None:
    """Read one object and merge it; failures leave the row as it is (its "as of" time tells)."""
    resource = registry.get(kind)
    obj = resource.model.objects.select_related("account").filter(pk=object_id, account_id=account_id).first()
    if obj is None or obj.gone_at is not None:
        return
    account: Account = obj.account
    log = connection.CallLog(account_id)
    left = False
    try:
        with connection.client_for(account, log) as client:
            try:
                seen = resource.read_details(client, obj)
            except errors.ApiError as error:
                connection.handle_account_error(account, client, error)
                return
    except ProtectedThere as protected:
        seen, left = protected.seen, True
    except (GoneThere, connection.AccountPaused, pace.HoldOff):
        return
    finally:
        connection.flush_alone(log)
    with transaction.atomic():
        row = record.lock(obj)
        merge.merge(resource, row, seen, merge.pending_fields(kind, row))
        row.pulled_at = now()
        row.content_hash = ""
        with writing():
            if left and seen.values:
                resource.departed(row)
            row.save()
