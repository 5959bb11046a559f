"""What the engine keeps of a person beside its changes, erased with them (`contacts.consent.erasure.register`)."""

from cyberadmin.accounts import secrets
from cyberadmin.accounts.models import Account
from cyberadmin.sync.models import ApiCall, KeptExchange


def exchanges(account: Account, key: str) -> int:
    """Failed calls kept whole that name the address, with the excerpts of these calls; how many went."""
    found = [
        (kept.pk, kept.call_id)
        for kept in KeptExchange.objects.filter(account=account).iterator(chunk_size=200)
        if _names(secrets.decrypt(kept.sealed, kept.context), key)
    ]
    KeptExchange.objects.filter(pk__in=[pk for pk, _call in found]).delete()
    ApiCall.objects.filter(pk__in=[call for _pk, call in found]).update(request="", response="")
    return len(found)


def _names(text: str, key: str) -> bool:
    """Whether a text holds the address, as it is or as a path or a query carries it."""
    text = text.casefold()
    return key in text or key.replace("@", "%40").replace("+", "%2b") in text
